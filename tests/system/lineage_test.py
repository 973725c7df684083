# SPDX-License-Identifier: Apache-2.0
"""State and assignments are deleted while collectors run, on a real Kafka: a new lineage begins, the
collectors hear of it, stop, join anew and go on from what is committed (S1, S7)."""

import tempfile
import unittest

import kafka
import procs
from cell import Cell, Producer, Sinks, announcement


class LineageTest(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(kafka.Cluster(1))
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-lineage-"))
        self.cell = Cell(self.cluster, self.enterContext(procs.Processes(folder)), "gone")
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.names = self.cell.names(4)
        self.cluster.create_topics(self.names)
        self.cell.coordinator("k1")
        for name in ("c1", "c2"):
            self.cell.collector(name)
        self.cell.wait_collectors(2)
        self.cell.announce([announcement("a1", self.names)])
        self.cell.wait_assigned(4)
        self.producer.write(self.names, 10)
        self.sinks.wait_all(self.producer.account)

    def test_collectors_that_run_join_anew(self):
        self.assertEqual(0, self.cell.process("k1").stop())
        self.cluster.delete_topics(["gone.state", "gone.assignments"])
        self.producer.write(self.names, 10)
        self.cell.process("k1").start()
        self.cell.wait_assigned(4)
        self.producer.write(self.names, 10)
        self.sinks.wait_all(self.producer.account)
        for name in ("c1", "c2"):
            self.assertIn("life is over (S7)", self.cell.process(name).log())
        self.assertIn("admits nobody for a lease", self.cell.process("k1").log())


if __name__ == "__main__":
    unittest.main()
