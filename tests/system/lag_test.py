# SPDX-License-Identifier: Apache-2.0
"""What a watcher is told of topics that nobody reads, that are paused, that change hands, and whose
sink refuses, on one real broker: never a 0 that nobody has measured. And what a closed terminal
does to those who run in it."""

import json
import os
import resource
import signal
import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement

REPORTS = {"report.interval.ms": "300"}


class LagTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-lag-"))
        self.cell = Cell(
            self.cluster,
            self.enterContext(procs.Processes(folder)),
            "lag." + self.id().rsplit(".", 1)[1].split("_")[1],
            {"lease.ms": "3000", "beat.interval.ms": "500"},
        )
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.names = self.cell.names(2)
        self.cluster.create_topics(self.names)
        self.cell.coordinator()
        self.collector = self.cell.collector("c1", REPORTS)
        self.cell.wait_collectors(1)
        self.cell.announce([announcement("a1", self.names)])
        self.cell.wait_assigned(2)
        self.producer.write(self.names, 5)
        self.sinks.wait_all(self.producer.account)
        self.cell.wait_committed(self.producer)
        self.wait_lag("ok", 0)

    def lag(self):
        return self.cell.items("/api/v1/lag")

    def wait_lag(self, state, records):
        """Until every topic says so; returns their rows."""
        wanted = [(state, records)] * 2
        seen = []

        def is_so():
            seen[:] = self.lag()
            return [(row["state"], row["lag_records"]) for row in seen] == wanted

        procs.wait_for(is_so, PATIENCE, f"two topics to be '{state}' with {records} behind")
        return seen

    def pool_metric(self, name):
        return self.cell.metric(f'{name}{{pool="default"}}')

    def test_topics_that_nobody_reads(self):
        self.collector.kill()
        procs.wait_for(
            lambda: {row["state"] for row in self.lag()} == {"no owner"}, PATIENCE, "no owner"
        )
        self.producer.write(self.names, 50)
        rows = self.wait_lag("no owner", 50)
        for row in rows:
            self.assertEqual((5, 55), (row["committed"], row["end"]))
        self.assertEqual(100, self.pool_metric("muster_pool_lag_offsets"))
        procs.wait_for(
            lambda: self.pool_metric("muster_pool_oldest_unprocessed_seconds") > 2,
            PATIENCE,
            "seconds to grow while nobody reads",
        )
        self.pause()
        self.collector.restart()
        self.cell.wait_collectors(1)
        procs.muster("pool", "resume", "default", *self.cell.base, "--wait")
        self.sinks.wait_all(self.producer.account)
        self.wait_lag("ok", 0)

    def pause(self):
        procs.muster("pool", "pause", "default", *self.cell.base, "--wait")
        rows = self.wait_lag("paused", 50)
        self.assertEqual([5, 5], [row["committed"] for row in rows])

    def test_terminal_that_is_closed(self):
        """SIGHUP, twice, is one orderly stop: drained, committed, goodbyes said."""
        coordinator = self.cell.process("k1")
        for process in (self.collector, coordinator):
            process.signal(signal.SIGHUP)
            process.signal(signal.SIGHUP)
            self.assertEqual(0, process.wait(PATIENCE))
        self.assertIn("leaving", self.collector.log())

    def test_sink_that_refuses(self):
        limits = (os.path.getsize(self.cell.sink_path("c1")) + 10, resource.RLIM_INFINITY)
        resource.prlimit(self.collector.pid, resource.RLIMIT_FSIZE, limits)
        self.producer.write(self.names, 50)
        self.collector.wait_log("sink takes nothing", PATIENCE)
        procs.wait_for(
            lambda: {row["state"] for row in self.lag()} == {"sink refuses"},
            PATIENCE,
            "a sink that refuses",
        )
        why = json.loads(self.cell.get(f"/api/v1/topics/{self.names[0]}/explain"))
        said = [line for line in why["items"][0]["why"] if "'sink refuses'" in line]
        self.assertEqual(1, len(said))
        self.assertIn("File too large", said[0])
        (collector,) = self.cell.items("/api/v1/collectors")
        self.assertEqual(2, collector["units_refused"])
        self.assertIn("File too large", collector["sink"])
        labels = '{pool="default",collector="c1"}'
        self.assertEqual(2, self.cell.metric("muster_collector_units_refused" + labels))
        limits = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.collector.pid, resource.RLIMIT_FSIZE, limits)
        self.sinks.wait_all(self.producer.account)
        self.wait_lag("ok", 0)
        (collector,) = self.cell.items("/api/v1/collectors")
        self.assertEqual((0, None), (collector["units_refused"], collector["sink"]))


if __name__ == "__main__":
    unittest.main()
