# SPDX-License-Identifier: Apache-2.0
"""A collector whose sink hangs inside write(2), on a real broker.

A process that stands in a write does not beat, so its units are read by another one once its lease
is over (S4, S8). When the write is let go it begins no other one of that life and commits nothing
of it (S3): what it has written late is there twice, with the lower fence first (S6, EE-13), and
nothing else is. CB-40: it comes back as a new life.
"""

import collections
import contextlib
import fcntl
import json
import os
import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement

TOPICS = 6
# As short as one broker allows, so that the test is.
SETTINGS = {"lease.ms": "3000", "flush.interval.ms": "20", "commit.interval.ms": "200"}
LIBRARY = os.path.join(
    os.environ.get("MUSTER_BUILD") or os.path.dirname(procs.MUSTER), "tools", "hold_writes.so"
)


class Disk:
    """Of a collector: hangs in `with disk.hanging()`."""

    def __init__(self, cell, name):
        self.path = cell.sink_path(name)
        self.lock = os.path.join(cell.folder, name + ".hold")
        with open(self.lock, "wb"):
            pass
        self.environment = {
            "LD_PRELOAD": LIBRARY,
            "HOLD_WRITES_OF": os.path.realpath(self.path),
            "HOLD_WRITES_WHILE": self.lock,
        }

    @contextlib.contextmanager
    def hanging(self):
        with open(self.lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def writes(self):
        """["held" or "free", bytes] of each write that was begun."""
        try:
            with open(self.lock + ".log", encoding="utf-8") as log:
                return [(line.split()[0], int(line.split()[1])) for line in log if line[-1] == "\n"]
        except FileNotFoundError:
            return []


class HungSinkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-hung-"))
        self.processes = self.enterContext(procs.Processes(folder))
        self.cell = Cell(self.cluster, self.processes, "hung", SETTINGS)
        self.disk = Disk(self.cell, "c1")
        self.names = self.cell.names(TOPICS)
        self.cluster.create_topics(self.names)
        self.cell.coordinator()
        self.cell.collector("c1", environment=self.disk.environment)
        self.cell.collector("c2")
        self.cell.wait_collectors(2)
        self.cell.announce([announcement("a", self.names)])
        self.owners = self.cell.wait_assigned(TOPICS, ("c1", "c2"))
        self.mine = {name: fence for name, (by, fence) in self.owners.items() if by == "c1"}
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.producer.write(self.names, 20)
        self.sinks.wait_all(self.producer.account)
        self.cell.wait_committed(self.producer)

    def hang(self):
        """Its next write hangs; returns how many there were before."""
        self.producer.begin(self.names)
        return procs.wait_for(
            lambda: next(
                (i for i, (how, _) in enumerate(self.disk.writes()) if how == "held"), None
            ),
            PATIENCE,
            "'c1' to hang in a write",
        )

    def wait_taken_over(self):
        procs.wait_for(
            lambda: {by for by, _ in self.cell.owners().values()} == {"c2"}
            and len(self.cell.owners()) == TOPICS,
            PATIENCE,
            "'c2' to have the units of the one that hangs",
        )
        (end,) = [one for one in self.cell.events() if one["kind"] == "collector.ended"]
        self.assertEqual(("c1", "S4"), (end["subject"], end["rule"]))
        self.assertIn("silent", end["text"])

    def check_duplicates(self, committed):
        """Twice is only what the old life had begun to write, by it first."""
        for place, by in self.sinks.duplicates().items():
            topic, partition, offset = place
            (first, late), (second, fence) = by if by[0][0] == "c1" else reversed(by)
            self.assertEqual(("c1", "c2"), (first, second), place)
            self.assertEqual(self.mine[topic], late, place)
            self.assertGreater(fence, late, place)
            self.assertGreaterEqual(offset, committed[topic, partition], place)

    def test_its_units_are_read_by_others_and_it_begins_anew(self):
        pid = self.cell.process("c1").pid
        life = self.cell.collectors()["c1"]["incarnation"]
        with self.disk.hanging():
            before = self.hang()
            size = os.path.getsize(self.disk.path)
            committed = self.cell.committed()
            self.wait_taken_over()
            self.producer.end()
            self.sinks.wait_all(self.producer.account)
            ends = self.cell.wait_committed(self.producer)
            self.assertEqual(size, os.path.getsize(self.disk.path))

        def is_back():
            row = self.cell.collectors()["c1"]
            return row["state"] == "active" and row["incarnation"] not in (None, life)

        procs.wait_for(is_back, PATIENCE, "'c1' to be admitted as a new life")
        self.assertEqual(pid, self.cell.process("c1").pid)
        self.assertIn("life is over (S3)", self.cell.process("c1").log())
        owners = self.cell.wait_assigned(TOPICS, ("c1", "c2"))
        # Nothing was committed late, and no write begun: of half a line nothing is left.
        self.assertEqual(ends, self.cell.committed())
        self.assertEqual(before + 1, len(self.disk.writes()))
        self.assertLessEqual(os.path.getsize(self.disk.path), size + self.disk.writes()[before][1])
        self.check_duplicates(committed)

        self.producer.write(self.names, 20)
        self.sinks.wait_all(self.producer.account)
        self.check_duplicates(committed)
        self.assertEqual([], self.sinks.foreign(self.producer.account))
        newest = {place[0]: by[-1] for place, by in sorted(self.sinks.delivered.items())}
        self.assertEqual(owners, newest)


if __name__ == "__main__":
    unittest.main(verbosity=2)
