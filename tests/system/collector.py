# SPDX-License-Identifier: Apache-2.0
"""Collectors against a real Kafka, with a coordinator: what the embedded broker cannot show. Topics
that are missing, deleted and grown, strangers in the group, proof of death, many units at once."""

import os
import signal
import subprocess
import tempfile
import unittest

import kafka
import procs


class CollectorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-collector-"))
        self.processes = self.enterContext(procs.Processes(self.folder))
        name = self.id().rsplit(".", 1)[1].replace("_", "-")
        self.prefix = f"m.{name}"[:60]
        self.base = ["-b", self.cluster.bootstrap, "--prefix", self.prefix, "--set", "api.listen="]
        self.processes.start("coordinator", "coordinator", "run", *self.base)
        procs.wait_for(
            lambda: f"{self.prefix}.assignments" in self.cluster.topics(), 30, "the cell's topics"
        )

    def collector(self, name, *options):
        return self.processes.start(
            name,
            "collector",
            "run",
            *self.base,
            "--id",
            name,
            "--sink",
            "file",
            "--file",
            os.path.join(self.folder, name + ".lines"),
            "--state-file",
            os.path.join(self.folder, name + ".state"),
            "--set",
            "report.full.interval.ms=1000",
            "--set",
            "report.interval.ms=1000",
            *options,
        )

    def announce(self, *topics):
        procs.muster("topic", "announce", *self.base, *topics, "--wait")

    def produce(self, topic, first, count, options=()):
        values = [f"{topic}-{i}" for i in range(first, first + count)]
        procs.kcat_produce(self.cluster.bootstrap, topic, values, options)
        return set(values)

    def records(self):
        return list(procs.sink_records(self.folder, suffix="*.lines"))

    def wait_values(self, values, seconds=30):
        """Waits until all of the values are in the files; returns how many are there twice."""

        def is_there():
            return values <= {r["value"] for r in self.records()}

        procs.wait_for(is_there, seconds, f"{len(values)} values in the files")
        found = [r["value"] for r in self.records() if r["value"] in values]
        return len(found) - len(values)

    def name(self, topic):
        return f"{self.prefix}.{topic}"

    def test_missing_topic_is_read_when_it_appears(self):
        late, there = self.name("late"), self.name("there")
        self.cluster.create_topics([there])
        collector = self.collector("c1")
        record = '{"agent":"a1","mode":"set","topics":[{"name":"%s","partitions":1},{"name":"%s"}]}'
        procs.kcat_produce(
            self.cluster.bootstrap, f"{self.prefix}.control", [record % (late, there)]
        )
        collector.wait_log(f"topic of unit '{late}' is not there")
        self.wait_values(self.produce(there, 0, 5))
        self.assertNotIn(late, self.cluster.topics())  # asking never makes it
        self.cluster.create_topics([late])
        self.wait_values(self.produce(late, 0, 5), 40)

    def test_deleted_topic_is_let_go_and_read_anew(self):
        topic, other = self.name("again"), self.name("other")
        self.cluster.create_topics([topic, other])
        collector = self.collector("c1")
        self.announce(topic, other)
        self.wait_values(self.produce(topic, 0, 10))
        self.cluster.delete_topics([topic])
        collector.wait_log(f"topic of unit '{topic}' is not there", 60)
        self.wait_values(self.produce(other, 0, 10))
        self.cluster.create_topics([topic])
        self.wait_values(self.produce(topic, 100, 5), 60)
        self.assertEqual(0, collector.stop())

    def test_partitions_that_are_added_are_read_from_their_start(self):
        topic = self.name("grows")
        self.cluster.create_topics([topic])
        self.collector("c1")
        self.announce(topic)
        self.wait_values(self.produce(topic, 0, 10))
        procs.run(
            *kafka.java(
                "-XX:TieredStopAtLevel=1",
                "org.apache.kafka.tools.TopicCommand",
                "--bootstrap-server",
                self.cluster.bootstrap,
                "--alter",
                "--topic",
                topic,
                "--partitions",
                "3",
            )
        )
        values = self.produce(topic, 10, 10, ["-p", "1"]) | self.produce(topic, 20, 10, ["-p", "2"])
        self.assertEqual(0, self.wait_values(values))

    # S6, CB-28: a move, and an orderly stop, take the position along; nothing is read twice.
    def test_stranger_in_the_group_blocks_commits_but_not_moves(self):
        topic = self.name("moves")
        self.cluster.create_topics([topic, self.name("bait")])
        first = self.collector("c1")
        self.announce(topic)
        self.wait_values(self.produce(topic, 0, 10))
        stranger = subprocess.Popen(
            ["kcat", "-b", self.cluster.bootstrap, "-G", f"{self.prefix}.default"]
            + [self.name("bait")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=procs.die_with_parent,
        )
        try:
            self.assertTrue(any("assigned" in line for line in stranger.stderr))
            values = self.produce(topic, 10, 10)
            first.wait_log("Kafka refuses commits to group")
            self.wait_values(values)
            second = self.collector("c2")
            second.wait_log("applied")
            procs.muster("collector", "drain", *self.base, "c1")
            first.wait_log("position handed over -> acks")
            values |= self.produce(topic, 20, 10)
            self.assertEqual(0, self.wait_values(values))
            procs.muster("collector", "undrain", *self.base, "c1")
            self.assertEqual(0, second.stop())
            values |= self.produce(topic, 30, 10)
            self.assertEqual(0, self.wait_values(values))
        finally:
            stranger.kill()
            stranger.wait()
            stranger.stderr.close()
        first.wait_log("commits are taken again", 60)
        self.assertEqual(0, first.stop())

    def test_proof_of_death_moves_units_at_once(self):
        topics = [self.name(f"t{i}") for i in range(6)]
        self.cluster.create_topics(topics)
        # With this lease nothing but the proof frees the units while the test waits.
        first = self.collector("c1", "--set", "lease.ms=600000")
        second = self.collector("c2")
        second.wait_log("applied")
        first.wait_log("applied")
        self.announce(*topics)
        state = os.path.join(self.folder, "c1.state")
        self.wait_values(set().union(*(self.produce(t, 0, 5) for t in topics)))
        alive = procs.muster(
            "collector", "died", *self.base, "--state-file", state, codes=(1,)
        ).stderr
        self.assertIn("it has not died", alive)
        first.kill()
        procs.muster("collector", "died", *self.base, "--state-file", state)
        self.wait_values(set().union(*(self.produce(t, 5, 5) for t in topics)))

    def test_second_signal_ends_at_once(self):
        collector = self.collector("c1")
        collector.wait_log("applied")
        # Without a coordinator nobody confirms the goodbye, so the first signal alone takes its time.
        self.processes["coordinator"].kill()
        collector.signal(signal.SIGTERM)
        collector.wait_log("leaving (S5)")
        collector.signal(signal.SIGINT)
        self.assertEqual(0, collector.wait(30))
        self.assertNotIn("not confirmed", collector.log())

    def test_many_units_are_drained_and_handed_over(self):
        topics = [self.name(f"many{i}") for i in range(300)]
        self.cluster.create_topics(topics)
        first = self.collector("c1")
        self.announce(*topics)
        first.wait_log("active units 300", 60)
        values = {v for t in topics[::10] for v in self.produce(t, 0, 5)}
        self.wait_values(values)
        second = self.collector("c2")
        second.wait_log("active units 150", 60)
        self.assertEqual(0, first.stop())
        values = {v for t in topics[::10] for v in self.produce(t, 5, 5)}
        self.assertEqual(0, self.wait_values(values))


if __name__ == "__main__":
    unittest.main()
