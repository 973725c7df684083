# SPDX-License-Identifier: Apache-2.0
"""Agents that fall silent on a real Kafka: their topics are let go of, and come back by a record,
also by one that was written while nobody led. CB-24, CB-34, CB-35."""

import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement

REPORTS = {"report.interval.ms": "500", "report.full.interval.ms": "1000"}


class SilenceTest(unittest.TestCase):
    def setUp(self):
        cluster = self.enterContext(kafka.Cluster(1))
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-silence-"))
        self.cell = Cell(cluster, self.enterContext(procs.Processes(folder)), "silent")
        self.producer, self.sinks = Producer(cluster), Sinks(self.cell)
        self.quiet, self.busy = self.cell.names(2)
        cluster.create_topics([self.quiet, self.busy])
        self.cell.coordinator("k1")
        self.cell.collector("c1", REPORTS)
        self.cell.wait_collectors(1)
        words = ("agent_interval=2s", "agent_misses=2")
        procs.muster("pool", "set", "default", *words, *self.cell.base)
        self.cell.announce([announcement("a1", [self.quiet]), announcement("a2", [self.busy])])
        self.cell.wait_assigned(2)
        self.producer.write([self.quiet, self.busy], 3)
        self.sinks.wait_all(self.producer.account)

    def agents(self):
        items = self.cell.items("/api/v1/agents")
        return {item["id"]: (item["health"], item["misses"]) for item in items}

    def wait_dormant(self):
        def is_dormant():
            self.producer.write([self.busy], 1)  # this one lives
            return self.cell.units().get(self.quiet, {}).get("state") == "dormant"

        procs.wait_for(is_dormant, PATIENCE, "the silent agent's topic to be dormant")
        self.assertEqual(("unhealthy", 2), self.agents()["a1"])
        self.assertNotEqual("unhealthy", self.agents()["a2"][0])
        self.assertEqual("owned", self.cell.units()[self.busy]["state"])
        self.assertEqual(1, self.cell.metric("muster_agents_unhealthy"))

    def wait_back(self):
        procs.wait_for(
            lambda: self.cell.units().get(self.quiet, {}).get("state") == "owned",
            PATIENCE,
            "the topic to be read again",
        )
        self.sinks.wait_all(self.producer.account)

    def test_silent_topic_is_let_go_of_and_comes_back(self):
        self.wait_dormant()
        self.producer.write([self.quiet], 2)
        self.wait_back()
        self.wait_dormant()
        self.assertEqual(0, self.cell.process("k1").stop())
        self.producer.write([self.quiet], 2)
        self.cell.process("k1").start()
        self.cell.wait_ready("k1")
        self.wait_back()
        self.assertEqual({}, self.sinks.duplicates())


if __name__ == "__main__":
    unittest.main()
