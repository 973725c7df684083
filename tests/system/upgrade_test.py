# SPDX-License-Identifier: Apache-2.0
"""Old and new binaries together on a real Kafka, in both orders. The new one is made from this tree
with more fields in some records, as the next level (lib/second.py); the old one cannot read what it
writes at that level."""

import tempfile
import unittest

import kafka
import procs
import second
from cell import PATIENCE, Cell, Producer, Sinks, announcement, tell

TOPICS = 6
TIMEOUT = {"leader.timeout.ms": "2000"}


class UpgradeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tree = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="muster-second-"))
        cls.old, cls.new = procs.MUSTER, second.build(tree + "/tree")
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def begin(self, prefix, binary):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-upgrade-"))
        self.processes = self.enterContext(procs.Processes(folder))
        self.cell = Cell(self.cluster, self.processes, prefix)
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.names = self.cell.names(TOPICS)
        self.cluster.create_topics(self.names)
        self.processes.binary = binary
        self.cell.coordinator("k1", TIMEOUT)
        for name in ("c1", "c2"):
            self.cell.collector(name)
        self.cell.wait_collectors(2)
        self.cell.announce([announcement("a1", self.names)])
        self.owners = {
            unit: owner for unit, (owner, _) in self.cell.wait_assigned(TOPICS, ("c1", "c2")).items()
        }
        self.write()

    def write(self):
        self.producer.write(self.names, 2)
        self.sinks.wait_all(self.producer.account)

    def replace(self, name, binary):
        """The same process with another binary, killed for it."""
        process = self.cell.process(name)
        process.arguments[0] = binary
        process.restart()

    def level(self, coordinator):
        return self.cell.status(coordinator)["cell"]["level"]

    def upgrade(self, code):
        return procs.run(self.new, "cell", "upgrade", *self.cell.base, codes=(code,))

    def wait_owners(self, coordinator):
        def are_the_same():
            owners = self.cell.owners(coordinator)
            return {unit: owner for unit, (owner, _) in owners.items()} == self.owners

        procs.wait_for(are_the_same, PATIENCE, f"'{coordinator}' to know the same owners")

    def check_old_are_refused(self, level):
        """An old coordinator and an old collector end by themselves and say why."""
        self.processes.binary = self.old
        self.assertEqual(1, self.cell.coordinator("old", TIMEOUT, waits=False).wait(PATIENCE))
        self.assertIn("must not lead or follow this cell", self.cell.process("old").log())
        self.assertEqual(1, self.cell.collector("c3").wait(PATIENCE))
        self.assertIn("upgrade it", self.cell.process("c3").log())
        self.assertEqual(2, level)

    def refusal(self):
        """What an upgrade is refused with, once the leader knows every member."""

        def is_judged():
            said = str(vars(self.upgrade(1)))
            return None if "has not listened for long enough" in said else said

        return procs.wait_for(is_judged, PATIENCE, "the leader to know every member")

    def test_new_binaries_join_an_old_cell(self):
        self.begin("joined", self.old)
        self.processes.binary = self.new
        self.cell.coordinator("k2", TIMEOUT)
        self.assertIn("knows level 1", self.refusal())
        # What the new one writes as leader the old one can read, and lead on from it.
        self.assertEqual(0, self.cell.process("k1").stop())
        self.cell.wait_role("leader", "k2")
        self.write()
        self.cell.process("k1").start()
        self.cell.wait_ready("k1")
        self.wait_owners("k1")
        self.assertEqual(0, self.cell.process("k2").stop())
        self.cell.wait_role("leader", "k1")
        self.wait_owners("k1")
        self.assertEqual(1, self.level("k1"))
        self.write()
        # Old leader, new collector.
        self.replace("c1", self.new)
        self.cell.wait_assigned(TOPICS, ("c1", "c2"))
        self.write()
        self.cell.process("k2").start()
        self.cell.wait_ready("k2")
        self.assertEqual(0, self.cell.process("k1").stop())
        self.cell.wait_role("leader", "k2")
        said = self.refusal()
        self.assertTrue("collector 'default/c2' knows level 1" in said or "try again" in said, said)
        self.replace("c2", self.new)
        self.cell.wait_assigned(TOPICS, ("c1", "c2"), "k2")

        def is_raised():
            procs.run(self.new, "cell", "upgrade", *self.cell.base, codes=(0, 1))
            return self.level("k2") == 2

        procs.wait_for(is_raised, PATIENCE, "the cell's level to be raised")
        self.write()
        self.check_old_are_refused(self.level("k2"))
        self.replace("k2", self.new)
        self.cell.wait_role("leader", "k2")
        self.assertEqual(2, self.level("k2"))
        self.wait_owners("k2")
        self.write()
        tell("upgrade: moves", self.cell.counts("k2")["moves_total"])

    def test_old_binaries_meet_a_new_cell(self):
        self.begin("met", self.new)
        self.check_old_are_refused(self.level("k1"))
        self.wait_owners("k1")
        self.write()
        self.assertEqual({}, self.sinks.duplicates())


if __name__ == "__main__":
    unittest.main()
