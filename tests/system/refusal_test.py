# SPDX-License-Identifier: Apache-2.0
"""What should not be there, on one real broker: topics with wrong settings, a state that is not
ours, a Kafka that is away, a topic that does not exist, an id that is in use, wrong settings.

Each is refused in words that name it, or waited for. CB-33: Kafka away changes nothing. CB-50:
readiness says so. S5: the same id twice. CB-21: missing topics are visible. MR-11: a state that
cannot be read is no empty one.
"""

import base64
import os
import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement, tell

# From schemas/README.md: a record of the key 'cell', level 1, of another cluster.
STATE_CELL = base64.b64decode(
    "wwHUUzKGh6Xjbgg5ZjBlAgbYDARrMQgwMGZmACw0TDZnM25TaFQtZU1DdEstLVg4NnN3"
    "CA4EphOkE4Cw79m7ZMzkob8ZAAEAAA=="
)
LEVEL_AT = 15  # behind the mark (10 bytes) and the lineage (5)
LEASE = {"lease.ms": "1500", "beat.interval.ms": "300", "sink.start.margin.ms": "100"}
LOGGED = {"message.timestamp.type": "LogAppendTime", "unclean.leader.election.enable": "false"}


class RefusalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-refusal-"))
        self.processes = self.enterContext(procs.Processes(self.folder))
        print(f"{self.id().rsplit('.', 1)[1]}:", flush=True)

    def check_refused(self, cell, *words, settings=None):
        """A coordinator ends with code 1 and says these words."""
        process = cell.coordinator(settings=settings, waits=False)
        self.assertEqual(1, process.wait(PATIENCE))
        for word in words:
            self.assertIn(word, process.log())

    def check_bars(self, cell, words):
        """A coordinator says these words and never leads."""
        process = cell.coordinator(waits=False)
        process.wait_log(words, PATIENCE)
        self.assertNotEqual("leader", cell.role())
        self.assertEqual(0, process.stop())

    def make_cell(self, prefix):
        """A cell with its topics and some state, and nobody there."""
        cell = Cell(self.cluster, self.processes, prefix)
        cell.coordinator()
        cell.wait_role("leader")
        self.assertEqual(0, cell.process("k1").stop())
        return cell

    def write_state(self, cell, key, value):
        path = os.path.join(self.folder, "record")
        with open(path, "wb") as file:
            file.write(value)
        procs.run(
            *("kcat", "-P", "-b", self.cluster.bootstrap, "-t", f"{cell.prefix}.state"),
            *("-k", key, path),
        )

    # --- the cell's topics ---

    def test_state_that_is_not_compacted_is_refused(self):
        cell = Cell(self.cluster, self.processes, "deleted")
        self.cluster.create_topics(["deleted.state"], config={**LOGGED, "cleanup.policy": "delete"})
        self.check_refused(cell, "'deleted.state' has cleanup.policy=delete and must have compact")

    def test_wrong_number_of_partitions_is_refused(self):
        cell = Cell(self.cluster, self.processes, "parted")
        self.cluster.create_topics(["parted.control"], partitions=2, config=LOGGED)
        self.check_refused(cell, "'parted.control' has 2 partitions and must have 1")

    def test_another_number_of_partitions_than_the_state_says_is_refused(self):
        cell = self.make_cell("fewer")
        self.cluster.delete_topics(["fewer.assignments"])
        config = {**LOGGED, "cleanup.policy": "compact"}
        self.cluster.create_topics(["fewer.assignments"], partitions=2, config=config)
        self.check_bars(cell, "another number of partitions than the state says")

    def test_partitions_that_are_added_later_are_refused(self):
        """Nobody would read what lies in them. Whoever reads its topics goes on."""
        for topic, added, words in (
            ("control", 2, "has 2 partitions and must have 1"),
            ("assignments", 8, "has 8 partitions and must have 4"),
        ):
            cell = Cell(self.cluster, self.processes, f"grown-{topic}")
            producer, sinks = Producer(self.cluster), Sinks(cell)
            names = cell.names(3)
            self.cluster.create_topics(names)
            process = cell.coordinator()
            cell.collector("c1")
            cell.wait_collectors(1)
            cell.announce([announcement("a1", names)])
            cell.wait_assigned(3)
            self.cluster.add_partitions(f"{cell.prefix}.{topic}", added)
            self.assertEqual(1, process.wait(PATIENCE))
            self.assertIn(f"'{cell.prefix}.{topic}' {words}", process.log())
            producer.write(names, 3)
            sinks.wait_all(producer.account)
            cell.process("c1").kill()

    def test_missing_topics_are_refused_where_they_must_not_be_created(self):
        cell = Cell(self.cluster, self.processes, "absent")
        settings = {"topics.create": "false"}
        self.check_refused(cell, "8 of the cell's topics are missing", settings=settings)
        self.assertFalse([t for t in self.cluster.topics() if t.startswith("absent.")])

    # --- the state ---

    def test_state_of_a_higher_level_is_refused(self):
        cell = self.make_cell("higher")
        above = STATE_CELL[:LEVEL_AT] + b"\x7e" + STATE_CELL[LEVEL_AT + 1 :]
        self.write_state(cell, "cell", above)
        self.check_refused(cell, "the cell writes records of level 63, this binary knows 1")

    def test_state_of_another_cluster_is_refused(self):
        cell = self.make_cell("foreign")
        self.write_state(cell, "cell", STATE_CELL)
        self.check_bars(cell, "belongs to another Kafka cluster")

    def test_state_that_cannot_be_read_is_refused(self):
        cell = self.make_cell("garbled")
        self.write_state(cell, "unit/default/t1", b"garbled")
        self.check_bars(cell, "what was there is not known here, so this one must not lead")

    def test_state_of_an_unknown_schema_is_refused(self):
        unknown = b"\xc3\x01" + b"\xab" * 8 + b"\x00"
        cell = self.make_cell("unknown")
        self.write_state(cell, "unit/default/t1", unknown)
        self.check_bars(cell, "it may be of a later version, so this one must not lead")
        self.write_state(cell, "cell", unknown)
        self.check_refused(cell, "cannot be read", "must not lead or follow this cell")

    # --- topics that do not exist ---

    def test_missing_topics_are_visible_and_start_when_they_appear(self):
        cell = Cell(self.cluster, self.processes, "missing")
        producer, sinks = Producer(self.cluster), Sinks(cell)
        cell.coordinator()
        cell.collector("c1")
        cell.wait_collectors(1)
        asked, believed, there = cell.names(3)
        self.cluster.create_topics([there])
        topics = [{"name": asked}, {"name": believed, "partitions": 1}, {"name": there}]
        cell.announce([{"agent": "a1", "topics": topics}])
        procs.wait_for(
            lambda: {n for n, item in cell.units().items() if item["state"] == "missing"}
            == {asked, believed},
            PATIENCE,
            "both to be told missing",
        )
        self.assertEqual(2, cell.counts()["missing"])
        self.assertFalse({asked, believed} & set(self.cluster.topics()))
        producer.write([there], 3)
        sinks.wait_all(producer.account)
        self.cluster.create_topics([asked, believed])
        cell.wait_assigned(3)
        producer.write([asked, believed], 3)
        sinks.wait_all(producer.account)
        tell("topics that appeared later and are read", 2)

    # --- Kafka away ---

    def test_kafka_that_is_away_is_waited_for(self):
        with kafka.Cluster(1) as cluster:
            cell = Cell(cluster, self.processes, "away")
            producer, sinks = Producer(cluster), Sinks(cell)
            cluster.kill(1)
            self.begin_without_kafka(cell)
            cluster.restart(1)
            self.go_on_with_kafka(cell, producer, sinks)
            self.lose_kafka(cell, producer, sinks)

    def begin_without_kafka(self, cell):
        coordinator, collector = cell.coordinator(waits=False), cell.collector("c1")
        for process in (coordinator, collector):
            process.wait_log("cannot reach Kafka", PATIENCE)
        self.assertIsNone(cell.get("/readyz"))
        self.assertIsNotNone(cell.get("/livez"))
        done = procs.muster(
            "topic", "announce", "x", *cell.base, "--set", "timeout.ms=1000", codes=(5,)
        )
        self.assertIn("cannot reach Kafka", done.stderr)

    def go_on_with_kafka(self, cell, producer, sinks):
        cell.wait_role("leader")
        cell.wait_collectors(1)
        names = cell.names(3)
        cell.cluster.create_topics(names)
        cell.announce([announcement("a1", names)])
        self.owners = cell.wait_assigned(3)
        producer.write(names, 3)
        sinks.wait_all(producer.account)

    def lose_kafka(self, cell, producer, sinks):
        """Away for longer than it takes to be noticed: nothing changes by it."""
        cell.cluster.kill(1)
        procs.wait_for(lambda: cell.get("/readyz") is None, PATIENCE, "not to be ready")
        cell.cluster.restart(1)
        cell.wait_ready()
        producer.write(cell.names(3), 3)
        sinks.wait_all(producer.account)
        self.assertEqual(0, cell.counts()["moves_total"])
        self.assertEqual({n: o for n, (o, _) in self.owners.items()}, self.owners_now(cell))

    def test_kafka_that_is_frozen_is_not_ready(self):
        """CB-50: connections stay up and nothing is answered."""
        with kafka.Cluster(1) as cluster:
            cell = Cell(cluster, self.processes, "frozen")
            coordinator = cell.coordinator()
            cell.wait_role("leader")
            cluster.pause(1)
            try:
                coordinator.wait_log("its own beats have not come back", PATIENCE)
                self.assertIsNone(cell.get("/readyz"))
                self.assertIsNotNone(cell.get("/livez"))
            finally:
                cluster.resume(1)
            cell.wait_ready()
            said = coordinator.log().count("its own beats have not come back")
            self.assertEqual(1, said)

    def owners_now(self, cell):
        return {n: o for n, (o, _) in cell.wait_assigned(3).items()}

    # --- the same id twice ---

    def test_second_collector_of_an_id_ends_and_the_first_goes_on(self):
        cell = Cell(self.cluster, self.processes, "twice", LEASE)
        producer, sinks = Producer(self.cluster), Sinks(cell)
        cell.coordinator()
        first = cell.collector("c1", has_state=False)
        cell.wait_collectors(1)
        (name,) = cell.names(1)
        self.cluster.create_topics([name])
        cell.announce([announcement("a1", [name])])
        cell.wait_assigned(1)
        lives = cell.collectors()["c1"]["incarnation"]
        second = self.processes.start(
            "twice-second",
            *("collector", "run", *cell.base, "--id", "c1", "--sink", "file"),
            *("--file", os.path.join(cell.folder, "second.lines"), *cell.common),
        )
        self.assertEqual(8, second.wait(PATIENCE))
        self.assertIn("id in use", second.log())
        self.assertTrue(first.is_alive())
        self.assertEqual(lives, cell.collectors()["c1"]["incarnation"])
        producer.write([name], 5)
        sinks.wait_all(producer.account)
        self.assertEqual({"c1"}, {by[0] for d in sinks.delivered.values() for by in d})

    def test_second_collector_of_a_state_file_is_refused(self):
        cell = Cell(self.cluster, self.processes, "locked")
        cell.coordinator()
        cell.collector("c1")
        cell.wait_collectors(1)
        state = os.path.join(cell.folder, "c1.state")
        second = procs.muster(
            *("collector", "run", *cell.base, "--id", "c2", "--state-file", state), codes=(8,)
        )
        self.assertIn("is held by a running collector", second.stderr)

    # --- settings ---

    def test_wrong_settings_are_wrong_usage(self):
        wrong = {
            "lease.mss=1": "lease.ms",  # the nearest key is named
            "lease.ms=15kg": "lease.ms",
            "lease.ms=1": "lease.ms",
            "topics.create=maybe": "topics.create",
            "sink.type=teapot": "sink.type",
        }
        for setting, word in wrong.items():
            for role in ("coordinator", "collector"):
                with self.subTest(setting, role=role):
                    done = procs.muster(
                        *(role, "run", "-b", self.cluster.bootstrap, "--set", setting), codes=(2,)
                    )
                    self.assertIn(word, done.stderr)
        tell("wrong settings refused", 2 * len(wrong))


if __name__ == "__main__":
    unittest.main()
