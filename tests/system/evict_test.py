# SPDX-License-Identifier: Apache-2.0
"""An operator evicts collectors on a real broker, while records flow.

MR-15: one that can hear of it ends at once, one that cannot is waited for. S5: what it reads goes
to others when its end is known and not before, also by another leader. CB-38: it ends with a code
of its own. EE-13: what comes twice was not committed.
"""

import json
import signal
import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement

TOPICS = 6
COLLECTORS = ("c1", "c2")


class EvictTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def begin(self, prefix):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-evict-"))
        self.processes = self.enterContext(procs.Processes(folder))
        self.cell = Cell(self.cluster, self.processes, prefix)
        self.names = self.cell.names(TOPICS)
        self.cluster.create_topics(self.names)
        self.cell.coordinator()
        for name in COLLECTORS:
            self.cell.collector(name)
        self.cell.wait_collectors(len(COLLECTORS))
        self.cell.announce([announcement("a", self.names)])
        self.owners = self.cell.wait_assigned(TOPICS, COLLECTORS)
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.producer.write(self.names, 20)
        self.sinks.wait_all(self.producer.account)

    def muster(self, *words, code=0, timeout="60s"):
        flags = [*self.cell.base, "--timeout", timeout]
        return procs.muster(*words, *flags, codes=(code,), seconds=90)

    def item(self, *words):
        (item,) = json.loads(self.muster(*words, "--json").stdout)["items"]
        return item

    def wait_owners(self, *names):
        procs.wait_for(
            lambda: sorted(by for by, _ in self.cell.owners().values()) == sorted(names),
            PATIENCE,
            f"the topics to be with {names}",
        )

    def check_account(self, evicted, committed):
        """Every record is there; twice is only what the evicted one had not committed, and the other
        came by a higher fence."""
        self.sinks.wait_all(self.producer.account)
        self.assertEqual([], self.sinks.foreign(self.producer.account))
        for place, by in self.sinks.duplicates().items():
            fences = dict(by)
            self.assertEqual(2, len(by), place)
            self.assertEqual(set(COLLECTORS), set(fences), place)
            self.assertEqual((evicted, self.owners[place[0]][1]), min(by, key=lambda one: one[1]))
            self.assertGreaterEqual(place[2], committed.get(place[:2], 0), place)

    def test_it_ends_and_the_other_reads_on(self):
        self.begin("evicts")
        self.producer.begin(self.names)
        committed = self.cell.committed()
        self.muster("collector", "evict", "c1", "--wait")
        self.assertNotEqual("evicted", self.item("collector", "show", "c1")["state"])
        self.assertEqual(8, self.cell.process("c1").wait(PATIENCE))
        self.wait_owners(*["c2"] * TOPICS)
        self.assertIn("does not live", self.muster("collector", "evict", "c1", code=1).stderr)
        self.muster("collector", "evict", "c9", code=3)
        # Nobody keeps it out: the next life is a member like any other.
        self.cell.process("c1").start()
        self.cell.wait_assigned(TOPICS, COLLECTORS)
        self.producer.end()
        self.check_account("c1", committed)

    def test_one_that_stands_still_is_waited_for(self):
        self.begin("waits")
        committed = self.cell.committed()
        self.cell.process("c2").signal(signal.SIGSTOP)
        self.producer.begin(self.names)
        self.muster("collector", "evict", "c2")
        self.muster("collector", "evict", "c2", "--wait", code=6, timeout="1s")
        self.assertEqual("evicted", self.item("collector", "show", "c2")["state"])
        why = "\n".join(self.item("collector", "explain", "c2")["why"])
        self.assertIn("its head names nobody", why)

        # Another leader knows of it, and gives nothing of it to anybody. The lease of the life has
        # its whole length anew.
        self.cell.process("k1").kill()
        self.cell.coordinator()
        self.cell.wait_role("leader")
        self.assertEqual("evicted", self.item("collector", "show", "c2")["state"])
        self.assertEqual(self.owners, self.cell.owners())

        # It wakes, sees that it is meant, and has written nothing more.
        self.cell.process("c2").signal(signal.SIGCONT)
        self.assertEqual(8, self.cell.process("c2").wait(PATIENCE))
        self.wait_owners(*["c1"] * TOPICS)
        self.producer.end()
        self.check_account("c2", committed)

    def test_proof_of_death_ends_it(self):
        self.begin("proves")
        committed = self.cell.committed()
        self.cell.process("c2").signal(signal.SIGSTOP)
        self.producer.begin(self.names)
        self.muster("collector", "evict", "c2")
        self.cell.process("c2").kill()
        self.cell.process("c2").start()
        procs.wait_for(
            lambda: self.item("collector", "show", "c2")["state"] == "active",
            PATIENCE,
            "the next life of 'c2' to be admitted",
        )
        # The same units: no move.
        owners = {name: by for name, (by, _) in self.owners.items()}
        self.assertEqual(owners, {name: by for name, (by, _) in self.cell.owners().items()})
        self.assertEqual(0, self.cell.counts()["moves_total"])
        self.producer.end()
        self.sinks.wait_all(self.producer.account)
        for place in self.sinks.duplicates():
            self.assertGreaterEqual(place[2], committed.get(place[:2], 0), place)


if __name__ == "__main__":
    unittest.main(verbosity=2)
