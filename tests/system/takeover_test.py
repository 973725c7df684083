# SPDX-License-Identifier: Apache-2.0
"""Two coordinators on one real broker, of which the leader is killed or held still.

CB-44: exactly one publishes; killed, the other goes on and nothing moves. MR-22: a leader that was
paused and wakes up can publish nothing. CB-18: an announcement that Kafka has acknowledged survives
the coordinator. MR-20: the standby takes over, and a metric says that there is none any more.
"""

import collections
import glob
import json
import os
import re
import signal
import tempfile
import time
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement, tell

TOPICS = 50
COLLECTORS = ("c1", "c2")
# Short, so that the tests are; data goes on meanwhile, whatever it is.
TIMEOUT = {"leader.timeout.ms": "2000"}


class TakeoverTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-takeover-"))
        self.processes = self.enterContext(procs.Processes(folder))
        print(f"{self.id().rsplit('.', 1)[1]}:", flush=True)

    def begin(self, prefix, settings=None):
        """A leader 'k1', a standby 'k2', two collectors with their share of the topics."""
        self.cell = Cell(self.cluster, self.processes, prefix, settings)
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.names = self.cell.names(TOPICS)
        self.cluster.create_topics(self.names)
        self.cell.coordinator("k1", TIMEOUT)
        self.cell.wait_role("leader", "k1")
        self.cell.coordinator("k2", TIMEOUT)
        for name in COLLECTORS:
            self.cell.collector(name)
        self.cell.wait_collectors(len(COLLECTORS))
        self.cell.announce([announcement("a1", self.names)])
        self.owners = self.cell.wait_assigned(TOPICS, COLLECTORS)
        self.producer.write(self.names, 2)
        self.sinks.wait_all(self.producer.account)
        self.check_agreement("k2")
        self.wait_standbys(1, "k1")
        # Two deployments with one prefix are one cell, and shown as such.
        shown = {row["id"]: row["state"] for row in self.cell.items("/api/v1/coordinators")}
        self.assertEqual({"k1": "leading", "k2": "standby"}, shown)

    def wait_standbys(self, count, coordinator):
        """Waits until the coordinator knows of so many that would take over."""
        procs.wait_for(
            lambda: self.cell.metric("muster_standbys", coordinator) == count,
            PATIENCE,
            f"'{coordinator}' to know of {count} standbys",
        )

    def check_agreement(self, coordinator):
        """The coordinator says the same owners, and no move."""
        procs.wait_for(
            lambda: self.cell.owners(coordinator) == self.owners,
            PATIENCE,
            f"'{coordinator}' to know the same owners",
        )
        self.assertEqual(0, self.cell.counts(coordinator)["moves_total"])

    def announce_another(self, name, coordinator):
        """One topic more, to see that somebody leads."""
        (topic,) = self.cell.names(1, name)
        self.cluster.create_topics([topic])
        self.cell.announce([announcement(name, [topic])])
        procs.wait_for(
            lambda: topic in self.cell.owners(coordinator), PATIENCE, f"'{topic}' to be assigned"
        )
        self.owners[topic] = self.cell.owners(coordinator)[topic]
        self.producer.write([topic], 3)
        self.sinks.wait_all(self.producer.account)

    def check_account(self):
        account = self.producer.account
        self.assertEqual([], self.sinks.refresh().missing(account))
        self.assertEqual({}, self.sinks.duplicates())  # nobody was disturbed

    def check_history(self, topic):
        """What the former leader decided is told, from Kafka."""
        (answer,) = self.answers("topic", "explain", topic)
        decided = f"decided in generation {answer['generation']}: unit.placed"
        self.assertIn(decided, "\n".join(answer["why"]))
        newest = self.answers("events", "list", "--since", "1h", "--subject", topic)[0]
        self.assertEqual(("unit.placed", answer["generation"]), (newest["kind"], newest["generation"]))

    def answers(self, *words):
        done = procs.muster(*words, *self.cell.base, "--timeout", "60s", "--json", seconds=90)
        return json.loads(done.stdout)["items"]

    def check_one_at_a_time(self):
        """No event of an older epoch lies behind one of a newer."""
        epochs = [event["epoch"] for event in self.cell.events()]
        self.assertEqual(sorted(epochs), epochs)
        return epochs[-1]

    def test_standby_takes_over_from_a_killed_leader(self):
        self.begin("killed")
        self.cell.process("k1").kill()
        killed_at = time.monotonic()
        self.cell.wait_role("leader", "k2")
        took = time.monotonic() - killed_at
        tell("leader killed, timeout 2 s: kill -> the other leads", took, "s")
        self.check_agreement("k2")
        self.announce_another("later", "k2")
        self.wait_standbys(0, "k2")
        self.cell.process("k1").start()
        self.cell.wait_ready("k1")
        self.wait_standbys(1, "k2")
        self.check_agreement("k1")
        self.assertEqual("standby", self.cell.role("k1"))
        self.check_account()
        tell("leader killed: moves", 0)
        tell("leader killed: epoch afterwards", self.check_one_at_a_time())

    def test_standby_takes_over_at_once_from_a_leader_that_stops(self):
        self.begin("stopped")
        asked_at = time.monotonic()
        self.assertEqual(0, self.cell.process("k1").stop())
        self.cell.wait_role("leader", "k2")
        tell("leader stopped: SIGTERM -> the other leads", time.monotonic() - asked_at, "s")
        self.check_agreement("k2")
        self.check_history(self.names[0])
        self.announce_another("later", "k2")
        self.check_account()
        self.check_one_at_a_time()

    def tell_c1(self, *verbs):
        """Orders for c1, written in one instant."""
        orders = [{"verb": f"collector.{verb}", "args": {"collector": "c1"}} for verb in verbs]
        procs.kcat_produce(
            self.cluster.bootstrap, f"{self.cell.prefix}.orders", [json.dumps(o) for o in orders]
        )

    def commands(self, kind):
        """The numbers that the events of this kind name, in order."""
        texts = [event["text"] for event in self.cell.events() if event["kind"] == kind]
        return [int(re.match(r"command (\d+) '", text).group(1)) for text in texts]

    def wait_commands(self, kind, count):
        wanted = list(range(1, count + 1))
        procs.wait_for(
            lambda: len(self.commands(kind)) >= count, PATIENCE, f"{count} events {kind}"
        )
        self.assertEqual(wanted, self.commands(kind))

    def test_commands_are_carried_out_once_and_in_order(self):
        """MR-27: two in one instant, to a collector that reads them at once, and to one that stands
        still until another coordinator leads. With this lease it does not die of that."""
        self.begin("commanded", {"lease.ms": "60000"})
        collector, lines = self.cell.process("c1"), self.cell.sink_path("c1")
        self.tell_c1("rotate", "report")
        self.wait_commands("command.done", 2)
        # A file that is empty is not rotated.
        self.producer.write(self.names, 2)
        procs.wait_for(lambda: os.path.getsize(lines) > 0, PATIENCE, "records in the new file")
        collector.signal(signal.SIGSTOP)
        self.tell_c1("report", "rotate")
        self.wait_commands("command.given", 4)
        self.cell.process("k1").kill()
        self.cell.wait_role("leader", "k2")
        self.assertEqual(2, self.cell.collectors("k2")["c1"]["commands"])
        collector.signal(signal.SIGCONT)
        self.wait_commands("command.done", 4)
        (answer,) = self.answers("collector", "report", "c1")
        self.assertEqual(("done", "given to it"), (answer["answer"], answer["text"]))
        self.wait_commands("command.done", 5)
        self.assertEqual([1, 2, 3, 4, 5], self.commands("command.given"))
        begun = re.findall(r"> command (\d+) '(\w+)' -> begun", collector.log())
        verbs = ["rotate", "report", "report", "rotate", "report"]
        self.assertEqual([(str(i + 1), verb) for i, verb in enumerate(verbs)], begun)
        files = sorted(os.path.basename(path) for path in glob.glob(lines + "*"))
        self.assertEqual(["c1.lines", "c1.lines.1", "c1.lines.2"], files)
        self.assertEqual(0, self.cell.collectors("k2")["c1"]["commands"])
        self.check_agreement("k2")
        procs.wait_for(
            lambda: self.account_of_all_files() == [], PATIENCE, "each record once in some file"
        )

    def account_of_all_files(self):
        """What was produced and is not exactly once in the files, also those that were rotated."""
        records = procs.sink_records(self.cell.folder, suffix="*.lines*")
        seen = collections.Counter((record["topic"], record["value"]) for record in records)
        return [key for key in self.producer.account.produced if seen[key] != 1]

    def test_standby_rests_while_nothing_happens(self):
        self.begin("resting")
        before = {name: self.cell.metric("muster_wakeups_total", name) for name in ("k1", "k2")}

        def risen(name):
            return self.cell.metric("muster_wakeups_total", name) - before[name]

        # Beats wake up both, and these questions; who spins wakes up thousands of times in between.
        procs.wait_for(lambda: risen("k1") > 50, PATIENCE, "beats to wake up the leader")
        self.assertLess(risen("k2"), 20 * risen("k1"))
        tell("at rest: wake-ups of the standby", risen("k2"))

    def test_paused_leader_wakes_up_and_publishes_nothing(self):
        self.begin("paused")
        paused = self.cell.process("k1")
        paused.signal(signal.SIGSTOP)
        self.cell.wait_role("leader", "k2")
        self.announce_another("meanwhile", "k2")
        paused.signal(signal.SIGCONT)
        self.cell.wait_role("standby", "k1")
        self.check_agreement("k1")
        self.announce_another("behind", "k2")
        self.check_agreement("k1")
        self.assertEqual("leader", self.cell.role("k2"))
        self.assertEqual(1, self.cell.metric("muster_leader", "k2"))
        self.assertEqual(0, self.cell.metric("muster_leader", "k1"))
        self.check_account()
        tell("leader paused: epoch afterwards", self.check_one_at_a_time())

    def test_acknowledged_announcement_survives_kill_before_the_next_tick(self):
        self.begin("acked")
        self.assertEqual(0, self.cell.process("k2").stop())
        for i in range(3):
            (topic,) = self.cell.names(1, f"acked{i}")
            self.cluster.create_topics([topic])
            # Held still, it can have seen nothing of what Kafka acknowledges now.
            self.cell.process("k1").signal(signal.SIGSTOP)
            self.cell.announce([announcement(f"acked{i}", [topic])])
            self.cell.process("k1").restart()
            self.cell.wait_ready("k1")
            procs.wait_for(
                lambda t=topic: t in self.cell.owners(), PATIENCE, f"'{topic}' to be assigned"
            )
            self.owners[topic] = self.cell.owners()[topic]
        self.check_agreement("k1")
        tell("announcements that survived a kill of the coordinator", 3)


if __name__ == "__main__":
    unittest.main()
