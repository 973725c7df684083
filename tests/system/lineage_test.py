# SPDX-License-Identifier: Apache-2.0
"""What the cell remembers is lost while collectors run, on a real Kafka. State and assignments are
deleted: a new lineage begins, the collectors hear of it, stop, join anew and go on from what is
committed (S1, S7). The state is replaced by an older copy: nobody leads by it, and everybody reads
on (S7)."""

import tempfile
import unittest

import kafka
import kafka_log
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement


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

    def copy_of_the_state(self):
        """{key: value} of what is there now."""
        records = kafka_log.read(self.cluster.bootstrap, "gone.state")
        newest = {record.key.decode(): record.value for record in records}
        return {key: value for key, value in newest.items() if value is not None}

    def test_nobody_leads_by_an_older_state(self):
        """No coordinator lives that could remember: what was published to collectors tells it."""
        copy = self.copy_of_the_state()
        self.cell.collector("c3")
        self.cell.wait_assigned(4, ["c1", "c2", "c3"])
        owners = self.cell.owners()
        self.assertEqual(0, self.cell.process("k1").stop())
        self.cluster.delete_topics(["gone.state"])
        procs.muster("cell", "init", *self.cell.base)
        for key, value in copy.items():
            procs.kcat_produce_bytes(self.cluster.bootstrap, "gone.state", 0, key, value)
        leader = self.cell.process("k1")
        leader.start()
        leader.wait_log("state went back", PATIENCE)
        self.producer.write(self.names, 10)
        self.sinks.wait_all(self.producer.account)
        self.assertNotIn("leads: epoch 2", leader.log())
        self.assertEqual({}, self.sinks.duplicates())
        self.assertEqual(4, len(owners))


if __name__ == "__main__":
    unittest.main()
