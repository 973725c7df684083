# SPDX-License-Identifier: Apache-2.0
"""The life of pools, and of a cell, on a real broker.

CB-26: announcements that name no pool reach the right one. CB-46, CB-47: pools are paused, frozen
and deleted while everything runs. MR-1: status, desired and actual. MR-3, MR-4, MR-30: exit codes.
MR-10: a cell is taken away, with every record of it and nothing else.
"""

import json
import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement

CELL_TOPICS = ["assignments", "control", "deadletter", "events"]
CELL_TOPICS += ["members", "orders", "reports", "state"]


class PoolTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="muster-pool-"))
        cls.processes = cls.enterClassContext(procs.Processes(cls.folder))

    def muster(self, cell, *words, code=0):
        flags = [*cell.base, "--timeout", "60s"]
        return procs.muster(*words, *flags, codes=(code,), seconds=90)

    def answers(self, cell, *words, **options):
        return json.loads(self.muster(cell, *words, "--json", **options).stdout)["items"]

    def wait_gone(self, cell):
        names = [f"{cell.prefix}.{name}" for name in CELL_TOPICS]
        procs.wait_for(
            lambda: not set(names) & set(self.cluster.topics()), PATIENCE, "the topics to be gone"
        )

    def test_pause_and_resume(self):
        cell = Cell(self.cluster, self.processes, "pauses")
        topics = cell.names(4)
        self.cluster.create_topics(topics)
        cell.coordinator()
        cell.collector("c1")
        cell.collector("c2")
        cell.wait_collectors(2)
        cell.announce([announcement("a", topics)])
        owners = {unit: owner for unit, (owner, _) in cell.wait_assigned(4).items()}
        producer, sinks = Producer(self.cluster), Sinks(cell)
        producer.write(topics, 20)
        sinks.wait_all(producer.account)

        self.answers(cell, "pool", "pause", "default", "--wait")
        (pool,) = self.answers(cell, "pool", "show", "default")
        self.assertEqual(("paused", "DISABLED"), (pool["state"], pool["status"]))
        self.assertEqual((0, 0), (pool["owned"], pool["revoking"]))
        self.assertIn("paused by order", pool["why"])
        before = sum(sinks.refresh().values.values())
        producer.write(topics, 20)
        self.assertEqual(before, sum(sinks.refresh().values.values()))

        # Another leader goes on with the pause.
        cell.process("k1").kill()
        cell.coordinator()
        cell.wait_role("leader")
        self.answers(cell, "pool", "resume", "default", "--wait")
        self.assertEqual(owners, {unit: by for unit, (by, _) in cell.wait_assigned(4).items()})
        self.assertEqual(0, cell.metric("muster_moves_total"))
        sinks.wait_all(producer.account)
        self.assertEqual({}, sinks.duplicates())

    def test_delete_and_make_again(self):
        cell = Cell(self.cluster, self.processes, "deletes")
        topics = cell.names(2)
        self.cluster.create_topics(topics)
        cell.coordinator()
        self.answers(cell, "pool", "create", "edge", "match=agent=edge-*", "start=latest", "--wait")
        cell.collector("e1", settings={"pool": "edge"})
        cell.announce([announcement("edge-1", topics)])
        cell.wait_assigned(2)
        self.assertEqual({"edge"}, {unit["pool"] for unit in cell.units().values()})

        self.assertIn("--yes", self.muster(cell, "pool", "delete", "edge", code=2).stderr)
        done = self.muster(cell, "pool", "delete", "edge", "--yes", code=1)
        self.assertIn("1 live collectors and 1 agents", done.stderr)
        self.muster(cell, "pool", "delete", "none", "--yes", code=3)
        self.muster(cell, "pool", "pause", "none", code=3)
        self.muster(cell, "pool", "create", "edge", code=1)
        self.muster(cell, "pool", "create", "a::b", code=2)
        self.muster(cell, "pool", "delete", "default", "--yes", code=1)

        self.answers(cell, "pool", "delete", "edge", "--yes", "--force", "--wait")
        self.muster(cell, "pool", "show", "edge", code=3)
        self.assertEqual(8, cell.process("e1").wait(PATIENCE))
        self.assertEqual({}, cell.units())

        self.answers(cell, "pool", "create", "edge")
        (pool,) = self.answers(cell, "pool", "show", "edge")
        self.assertEqual(({}, "RUNNING", 0), (pool["policy"], pool["status"], pool["units"]))

    def test_clean_and_init(self):
        cell = Cell(self.cluster, self.processes, "cleans")
        other = Cell(self.cluster, self.processes, "cleans.too")
        topics = cell.names(2)
        self.cluster.create_topics(topics)
        self.assertEqual(8, len(self.answers(other, "cell", "init")))

        self.muster(cell, "cell", "clean", "--yes", code=3)
        planned = self.answers(cell, "cell", "init", "--dry-run")
        self.assertEqual({"would be created"}, {item["answer"] for item in planned})
        made = self.answers(cell, "cell", "init")
        self.assertEqual({"created"}, {item["answer"] for item in made})
        again = self.answers(cell, "cell", "init")
        self.assertEqual({"exists"}, {item["answer"] for item in again})

        coordinator = cell.coordinator()
        collector = cell.collector("c1")
        cell.wait_collectors(1)
        cell.announce([announcement("a", topics)])
        cell.wait_assigned(2)
        producer, sinks = Producer(self.cluster), Sinks(cell)
        producer.write(topics, 10)
        sinks.wait_all(producer.account)
        procs.wait_for(lambda: len(cell.committed()) == 2, PATIENCE, "commits")

        self.muster(cell, "cell", "clean", code=2)
        refused = self.muster(cell, "cell", "clean", "--yes", code=1)
        self.assertIn("collector 'c1' lives", refused.stderr)
        self.assertIn("coordinator 'k1' lives", refused.stderr)
        self.assertEqual(0, collector.stop())
        self.assertIn("'k1' lives", self.muster(cell, "cell", "clean", "--yes", code=1).stderr)
        self.assertEqual(0, coordinator.stop())

        planned = self.answers(cell, "cell", "clean", "--dry-run")
        self.assertEqual({"would be deleted"}, {item["answer"] for item in planned})
        self.assertEqual(
            sorted(["cleans.default"] + [f"cleans.{name}" for name in CELL_TOPICS]),
            sorted(item["name"] for item in planned),
        )
        self.assertEqual(2, len(cell.committed()))
        gone = self.answers(cell, "cell", "clean", "--yes")
        self.assertEqual({"deleted"}, {item["answer"] for item in gone})
        self.wait_gone(cell)
        self.assertEqual({}, cell.committed())
        left = self.cluster.topics()
        self.assertTrue(set(topics) <= set(left))
        self.assertTrue({f"cleans.too.{name}" for name in CELL_TOPICS} <= set(left))
        self.muster(cell, "cell", "clean", "--yes", code=3)

        # What was written into the data topics is still there, and a new cell reads all of it.
        self.answers(cell, "cell", "init")
        cell.coordinator("k2")
        cell.collector("c2")
        cell.announce([announcement("a", topics)])
        cell.wait_assigned(2, coordinator="k2")
        fresh = Sinks(cell)
        procs.wait_for(
            lambda: sum(fresh.refresh().values.values()) == 40, PATIENCE, "each record twice"
        )


if __name__ == "__main__":
    unittest.main()
