# SPDX-License-Identifier: Apache-2.0
"""What nobody should send, on one real broker: every record of bad.py.

CB-21: a wrong announcement is skipped, counted, and does not stop what follows: it lies in the dead
letter topic with its bytes untouched and its reason. PD-2: a null value is refused. CB-20: removing
what is not there is a counted no-op. CB-8: a wrong order leaves the policy as it was.
MR-11: what is read in part is not shown.
"""

import json
import os
import re
import signal
import subprocess
import tempfile
import unittest

import bad
import kafka
import kafka_log
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement, tell

# A record of a schema that nobody has released.
LATER = b"\xc3\x01" + b"\xab" * 8

# What kcat itself may write and read.
LARGE = ["-X", "message.max.bytes=4000000"]


class BadInputTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-bad-"))
        self.processes = self.enterContext(procs.Processes(self.folder))
        print(f"{self.id().rsplit('.', 1)[1]}:", flush=True)

    def send(self, topic, value, options=()):
        """One record with exactly these bytes and the key 'k'; None is a null value."""
        command = ["kcat", "-P", "-b", self.cluster.bootstrap, "-t", topic, *LARGE, *options]
        if value:
            path = os.path.join(self.folder, "record")
            with open(path, "wb") as file:
                file.write(value)
            procs.run(*command, "-k", "k", path)
        else:
            procs.run(*command, *(["-Z"] if value is None else []), "-K:", stdin="k:\n")

    def dead_letters(self, cell):
        """[(key, value, headers)] in order: bytes, None for a null value; headers as kcat shows
        them."""
        command = ["kcat", "-C", "-b", cell.cluster.bootstrap, "-t", f"{cell.prefix}.deadletter"]
        done = subprocess.run(
            command + ["-e", "-q", "-f", "%K %S %h\n%k%s\n"],
            capture_output=True,
            check=True,
            timeout=PATIENCE,
            preexec_fn=procs.die_with_parent,
        )
        return list(split_letters(done.stdout))

    def check_letters(self, letters, sent, topic):
        for (what, value, words), (key, found, headers) in zip(sent, letters):
            with self.subTest(what):
                self.assertEqual((b"k", value), (key, found))
                reason = re.search(r"muster\.reason=(.*?),muster\.topic=", headers, re.DOTALL)
                self.assertTrue(reason and reason[1], headers)
                self.assertIn(words, reason[1])
                self.assertIn(f"muster.topic={topic},muster.partition=0,muster.offset=", headers)
                self.assertIn("origin=test", headers)  # the record's own header
        self.assertEqual(len(sent), len(letters))

    # --- announcements ---

    def test_wrong_announcements_are_dead_letters_and_the_next_is_taken(self):
        cell = Cell(self.cluster, self.processes, "bad")
        cell.coordinator()
        cell.wait_role("leader")
        sent, topic = bad.announcements(cell.prefix), f"{cell.prefix}.control"
        for number, (_, value, _) in enumerate(sent):
            self.send(topic, value, ["-H", "origin=test"])
            good = {"name": f"good{number:03}", "partitions": 1}
            self.send(topic, bad.said(good, agent="good"))
        wanted = {f"good{number:03}" for number in range(len(sent))}
        procs.wait_for(lambda: set(cell.units()) >= wanted, PATIENCE, "the good announcements")
        self.assertEqual(wanted, set(cell.units()))
        self.check_letters(self.dead_letters(cell), sent, topic)
        self.assertEqual(len(sent), cell.metric("muster_refused_total"))
        self.assertEqual(len(sent), cell.metric("muster_announcements_total"))
        self.assertEqual(["good"], [row["id"] for row in cell.items("/api/v1/agents")])
        tell("wrong announcements refused, each followed by one that was taken", len(sent))

    def test_hundred_thousand_topics_in_one_record_are_taken_where_it_is_allowed(self):
        cell = Cell(self.cluster, self.processes, "many", {"agent.topics.max": "200000"})
        cell.coordinator()
        cell.wait_role("leader")
        names = bad.short_names(100000)
        self.send(f"{cell.prefix}.control", bad.avro("many", bad.avro_topics(names)))
        cell.announce([announcement("next", ["next"])])
        procs.wait_for(
            lambda: cell.counts().get("topics") == len(names) + 1, PATIENCE, "all topics to stand"
        )
        self.assertEqual(0, cell.metric("muster_refused_total"))
        cell.process("k1").restart()
        self.wait_whole(cell, len(names) + 1)
        cell.wait_role("leader")
        self.assertEqual(len(names) + 1, cell.counts()["topics"])
        tell("topics of one record that stand, also after a restart", len(names))

    def wait_whole(self, cell, topics):
        """While it reads the state it says nothing of it, rather than what it has read (MR-11)."""

        def is_ready():
            for _ in range(100):
                said = cell.get("/api/v1/pools")
                if said is not None:
                    self.assertEqual([topics], [p["units"] for p in json.loads(said)["items"]])
                    return True
            return False

        procs.wait_for(is_ready, PATIENCE, "the list of pools")

    def test_what_is_strange_but_allowed_changes_nothing(self):
        cell = Cell(self.cluster, self.processes, "strange")
        cell.coordinator()
        cell.wait_role("leader")
        topic = f"{cell.prefix}.control"
        nothing = [
            bad.said({"name": "t"}, mode="remove", agent="nobody"),
            b'{"agent":"nobody","topics":[]}',
        ]
        for value in nothing:
            self.send(topic, value)
        self.send(topic, bad.said({"name": "t", "partitions": 1}, agent="a1", colour="red"))
        procs.wait_for(lambda: "t" in cell.units(), PATIENCE, "the topic")
        self.assertEqual(["a1"], [row["id"] for row in cell.items("/api/v1/agents")])
        self.assertEqual(len(nothing) + 1, cell.metric("muster_ignored_total"))
        self.assertEqual(0, cell.metric("muster_refused_total"))

    # --- orders ---

    def test_wrong_orders_are_dead_letters_and_the_policy_stays(self):
        cell = Cell(self.cluster, self.processes, "orders")
        cell.coordinator()
        cell.wait_role("leader")
        topic = f"{cell.prefix}.orders"
        self.send(topic, b'{"verb":"pool.set","args":{"max_topics_per_collector":"7"}}')
        for _, value, _ in bad.ORDERS:
            self.send(topic, value, ["-H", "origin=test"])
        self.send(topic, b'{"verb":"pool.create","pool":"next"}')

        def pools():
            return {row["name"]: row for row in cell.items("/api/v1/pools")}

        procs.wait_for(lambda: "next" in pools(), PATIENCE, "the order behind the wrong ones")
        self.assertEqual("7", pools()["default"]["policy"]["max_topics_per_collector"])
        self.check_letters(self.dead_letters(cell), bad.ORDERS, topic)
        self.assertEqual(len(bad.ORDERS), cell.metric("muster_refused_total"))
        tell("wrong orders refused", len(bad.ORDERS))


    # --- the topics that are ours alone ---

    def encode(self, kind, record):
        tool = os.path.join(os.path.dirname(procs.MUSTER), "tools", "wire_tool")
        done = procs.run(tool, "encode", kind, stdin=json.dumps(record) + "\n")
        return bytes.fromhex(done.stdout.strip())

    def lies(self, collector):
        """Beats and a death that are not those of the collector, or not true."""
        beat = {
            "role": "collector", "pool": "default", "id": "c1", "state": "active", "seq": 1,
            "lease_ms": 60000, "applied_generation": 10**9, "lineage": "nobodys",
        }  # fmt: skip
        mine = {"incarnation": collector["incarnation"], "lease_ms": collector["lease_ms"]}
        lineage = self.cell.status()["cell"]["lineage"]
        return [
            self.encode("beat", {**beat, "incarnation": "f0" * 16}),
            self.encode("beat", {**beat, "incarnation": "f1" * 16, "state": "leaving"}),
            self.encode("beat", {**beat, "incarnation": "f2" * 16, "replaces": "f0" * 16}),
            self.encode("beat", {**beat, "incarnation": "f3" * 16, "id": "nobody", "pool": "no"}),
            self.encode("beat", {**beat, **mine, "lineage": lineage, "seq": 30}),
            self.encode("death", {"pool": "default", "id": "c1", "incarnation": "f4" * 16}),
            b"\xc3\x01" + b"\xab" * 8 + b"later",
            b"{}",
            b"hello",
            None,
        ]

    def test_strangers_in_our_own_topics_change_nothing(self):
        """What a foreign process writes into members, reports, assignments and state while all
        runs, and what a collector says that lies: nothing is decided from it."""
        cell = self.cell = Cell(self.cluster, self.processes, "strangers", {"lease.ms": "60000"})
        producer, sinks = Producer(self.cluster), Sinks(cell)
        names = cell.names(6)
        self.cluster.create_topics(names)
        cell.coordinator()
        for name in ("c1", "c2"):
            cell.collector(name)
        cell.wait_collectors(2)
        cell.announce([announcement("a1", names)])
        owners = cell.wait_assigned(len(names), ("c1", "c2"))
        producer.write(names, 2)
        sinks.wait_all(producer.account)
        lies = self.lies(cell.collectors()["c1"])
        with producer:
            producer.begin(names)
            for value in lies:
                for topic in ("members", "reports"):
                    self.send(f"strangers.{topic}", value)
            for partition in range(4):
                for key in ("default/c1", "default/c1/3", "default/c1/16", "nobody", ""):
                    self.send_keyed("strangers.assignments", partition, key, b"garbled")
            self.send_keyed("strangers.state", 0, f"unit/default/{names[0]}", b"garbled")
            cell.process("k1").wait_log("which it was never given", PATIENCE)
            cell.process("c1").wait_log("is no head", PATIENCE)
            cell.process("c1").wait_log("is no bucket", PATIENCE)
            self.cluster.create_topics(cell.names(1, "later"))
            cell.announce([announcement("a2", cell.names(1, "later"))])
            after = cell.wait_assigned(len(names) + 1, ("c1", "c2"))
            producer.end()
        self.assertEqual(owners, {unit: after[unit] for unit in owners})
        self.assertEqual(0, cell.counts()["moves_total"])
        self.assertGreater(cell.metric("muster_ignored_total"), 0)
        sinks.wait_all(producer.account)
        self.assertEqual({}, sinks.duplicates())
        tell("records of strangers in our own topics", 2 * len(lies) + 21)

    # --- the state ---

    def newest(self, cell, key):
        """The bytes that stand under a key of the state."""
        records = kafka_log.read(self.cluster.bootstrap, f"{cell.prefix}.state")
        return [record.value for record in records if record.key == key.encode()][-1]

    def spoil(self, cell, key, value=b"garbled"):
        self.send_keyed(f"{cell.prefix}.state", 0, key, value)

    def wait_mended(self, cell, keys, coordinator):
        wanted = (b"garbled", LATER)
        procs.wait_for(
            lambda: not any(self.newest(cell, key) in wanted for key in keys),
            PATIENCE,
            f"'{coordinator}' to write over what a stranger wrote",
        )

    def test_what_a_stranger_writes_into_the_state_decides_nothing(self):
        """The leader writes over it; so does a standby that takes over and knows what stood there.
        Who begins anew does not lead before it is known what stood there (MR-11, CB-42)."""
        timeout = {"leader.timeout.ms": "2000"}
        cell = Cell(self.cluster, self.processes, "spoiled")
        producer, sinks = Producer(self.cluster), Sinks(cell)
        names = cell.names(4, "s")
        keys = [f"unit/default/{name}" for name in names]
        self.cluster.create_topics(names)
        leader, standby = cell.coordinator("k1", timeout), cell.coordinator("k2", timeout)
        for name in ("c1", "c2"):
            cell.collector(name)
        cell.wait_collectors(2)
        cell.announce([announcement("a1", names)])
        owners = cell.wait_assigned(len(names), ("c1", "c2"))
        with producer:
            producer.begin(names)
            spoiled = [keys[0], "cell", "pool/default", "collector/default/c1", "unit/default/none"]
            for key in spoiled:
                self.spoil(cell, key)
            self.spoil(cell, keys[1], LATER)
            self.wait_mended(cell, [*spoiled, keys[1]], "k1")
            self.assertIsNone(self.newest(cell, "unit/default/none"))
            self.assertGreaterEqual(cell.metric("muster_state_foreign_total"), len(spoiled) + 1)
            leader.signal(signal.SIGSTOP)
            self.spoil(cell, keys[2])
            cell.wait_role("leader", "k2")
            self.wait_mended(cell, keys, "k2")
            leader.signal(signal.SIGCONT)
            leader.kill()
            standby.kill()
            self.spoil(cell, keys[3])  # what it was stands before it
            self.spoil(cell, "unit/default/never")
            leader.start()
            leader.wait_log("key 'unit/default/never': what was there is not known here", PATIENCE)
            self.assertEqual("standby", cell.role())
            null = ["-t", f"{cell.prefix}.state", "-Z", "-K:"]
            procs.run("kcat", "-P", "-b", cell.cluster.bootstrap, *null, stdin="unit/default/never:\n")
            cell.wait_role("leader", "k1")
            self.wait_mended(cell, keys, "k1")
            self.assertEqual(owners, cell.wait_assigned(len(names), ("c1", "c2")))
            producer.end()
        self.assertEqual(0, cell.counts()["moves_total"])
        sinks.wait_all(producer.account)
        self.assertEqual({}, sinks.duplicates())

    def test_a_record_of_an_unknown_schema_under_a_heads_key_keeps_nobody_down(self):
        """The newest head that cannot be read ends a collector, who may be too old for the cell;
        once a newer one follows, the record is nothing, to a new life too."""
        cell = Cell(self.cluster, self.processes, "unknown", {"lease.ms": "3000"})
        producer, sinks = Producer(self.cluster), Sinks(cell)
        names = cell.names(2, "u")
        self.cluster.create_topics(names)
        cell.coordinator()
        collector = cell.collector("c1")
        cell.wait_collectors(1)
        cell.announce([announcement("a1", names)])
        cell.wait_assigned(len(names), ("c1",))
        for partition in range(4):
            value = b"\xc3\x01" + b"\xab" * 8
            self.send_keyed("unknown.assignments", partition, "default/c1", value)
        self.assertEqual(1, collector.wait(PATIENCE))
        collector.wait_log("newer record level", PATIENCE)
        # Its death, by the lease, makes the leader write a newer head.
        procs.wait_for(
            lambda: "collector.ended" in [event["kind"] for event in cell.events()],
            PATIENCE,
            "the end of the collector",
        )
        collector.start()
        cell.wait_assigned(len(names), ("c1",))
        producer.write(names, 2)
        sinks.wait_all(producer.account)
        self.assertTrue(collector.is_alive())

    def send_keyed(self, topic, partition, key, value):
        procs.kcat_produce_bytes(self.cluster.bootstrap, topic, partition, key, value)


def split_letters(data):
    """Takes the output of '%K %S %h\\n%k%s\\n' apart by the sizes in it."""
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        key_size, size, headers = data[at:end].split(b" ", 2)
        while headers.count(b"muster.offset=") == 0:  # a reason may hold line ends
            end = data.index(b"\n", end + 1)
            headers = data[at:end].split(b" ", 2)[2]
        key_end = end + 1 + max(0, int(key_size))
        is_null = int(size) < 0
        value_end = key_end + (0 if is_null else int(size))
        value = None if is_null else data[key_end:value_end]
        yield data[end + 1 : key_end], value, headers.decode("utf-8", "replace")
        at = value_end + 1


if __name__ == "__main__":
    unittest.main()
