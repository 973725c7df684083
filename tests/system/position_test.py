# SPDX-License-Identifier: Apache-2.0
"""Committed positions that are gone in Kafka, expired or deleted by an operator, on a real Kafka. A
unit that was read before is never taken for a new one, which a pool with start = latest would read
from its end: nothing is skipped, it is told and counted, and on_gap decides (EE-14). Nor is a
partition that a split topic has grown by."""

import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement, delete_group

# So that what is committed is looked at and told soon.
REPORTS = {"report.interval.ms": "500", "report.full.interval.ms": "1000"}


class PositionTest(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(kafka.Cluster(1))
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-position-"))
        self.cell = Cell(self.cluster, self.enterContext(procs.Processes(folder)), "lost")
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.names = self.cell.names(2)
        self.cluster.create_topics(self.names)
        self.cell.coordinator("k1")
        self.set_pool("start=latest")
        self.producer.write(self.names, 3)  # before anybody has announced the topics
        self.before = dict(self.producer.account.produced)
        self.cell.collector("c1", REPORTS)
        self.cell.wait_collectors(1)
        self.cell.announce([announcement("a1", self.names)])
        self.cell.wait_assigned(2)
        self.wait_committed()

    def set_pool(self, *words):
        procs.muster("pool", "set", "default", *words, *self.cell.base)

    def wait_committed(self):
        ends = {(name, 0): self.producer.next[name] for name in self.names}
        procs.wait_for(
            lambda: self.cell.committed() == ends, PATIENCE, "all of it to be committed"
        )

    def show(self, name):
        (item,) = self.cell.items(f"/api/v1/topics/{name}")
        return item

    def lose(self):
        delete_group(self.cluster, "lost.default")
        self.assertEqual({}, self.cell.committed())

    def test_lost_positions_skip_nothing(self):
        self.new_topics_begin_at_their_end()
        self.deleted_while_nobody_reads()
        self.deleted_and_held()
        self.deleted_while_they_are_read()
        self.grown_partitions_begin_at_their_beginning()

    def new_topics_begin_at_their_end(self):
        self.producer.write(self.names, 5)
        procs.wait_for(
            lambda: set(self.sinks.refresh().missing(self.producer.account)) == set(self.before),
            PATIENCE,
            "what came after the announcement",
        )
        self.wait_committed()
        self.assertEqual(0, self.cell.metric("muster_positions_lost_total"))

    def deleted_while_nobody_reads(self):
        self.assertEqual(0, self.cell.process("c1").stop())
        self.lose()
        self.producer.write(self.names, 5)
        self.cell.collector("c2", REPORTS)
        self.sinks.wait_all(self.producer.account)
        self.wait_committed()
        procs.wait_for(
            lambda: self.cell.metric("muster_positions_lost_total") == 2,
            PATIENCE,
            "two positions to be counted",
        )
        self.assertEqual([1, 1], [self.show(name)["positions_lost"] for name in self.names])
        self.assertIn("no committed position any more", self.cell.process("c2").log())
        told = [e["subject"] for e in self.cell.events() if e["kind"] == "unit.position_lost"]
        self.assertEqual(set(self.names), set(told))

    def deleted_and_held(self):
        """Killed and started again it has the same grants; they are a former life's."""
        self.set_pool("on_gap=hold")
        self.cell.process("c2").kill()
        self.lose()
        self.producer.write(self.names, 5)
        self.cell.process("c2").start()

        def is_held():
            return all(self.show(name)["reader_state"] == "holding" for name in self.names)

        procs.wait_for(is_held, PATIENCE, "both units to be held")
        api = f"http://127.0.0.1:{self.cell.ports['k1']}"
        shown = procs.muster_json("topic", "show", self.names[0], "--api", api)
        self.assertEqual(1, shown["items"][0]["positions_lost"])
        self.assertEqual({}, self.cell.committed())
        self.assertNotEqual([], self.sinks.refresh().missing(self.producer.account))
        self.set_pool("on_gap=earliest")
        self.sinks.wait_all(self.producer.account)
        self.wait_committed()

    def deleted_while_they_are_read(self):
        self.lose()
        self.wait_committed()

    def grown_partitions_begin_at_their_beginning(self):
        """What is written before anybody has told of the second partition is read too."""
        (name,) = names = [self.cell.names(3)[2]]
        self.cluster.create_topics(names)
        self.split(name, 1)
        self.cell.wait_assigned(3)
        procs.wait_for(lambda: (name, 0) in self.cell.committed(), PATIENCE, "where it begins")
        self.cluster.add_partitions(name, 2)
        for _ in range(20):  # each somewhere
            self.producer.write(names, 5)
        self.split(name, 2)
        self.sinks.wait_all(self.producer.account)

    def split(self, name, partitions):
        topic = {"name": name, "split": True, "partitions": partitions}
        self.cell.announce([{"agent": "a2", "topics": [topic]}])


if __name__ == "__main__":
    unittest.main()
