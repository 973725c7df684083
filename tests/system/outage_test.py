# SPDX-License-Identifier: Apache-2.0
"""A sink that takes nothing, and a Kafka that is away, for more than ten intervals of the pool's
silence, on one real broker. CB-32, CB-33: no agent is declared dead, no assignment changes, and
what has piled up is delivered afterwards. That intervals are counted meanwhile is seen by an agent
that really says nothing."""

import os
import resource
import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement

INTERVALS = 10
MISSES = 3
POOL = ("agent_interval=500ms", f"agent_misses={MISSES}")
REPORTS = {"report.interval.ms": "300", "report.full.interval.ms": "1000"}


class OutageTest(unittest.TestCase):
    def begin(self, prefix, settings=None, pool=POOL):
        self.cluster = self.enterContext(kafka.Cluster(1))
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix=f"muster-{prefix}-"))
        self.cell = Cell(
            self.cluster, self.enterContext(procs.Processes(folder)), prefix, settings
        )
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.names = self.cell.names(4)
        self.cluster.create_topics(self.names)
        self.cell.coordinator()
        for name in ("c1", "c2"):
            self.cell.collector(name, REPORTS)
        self.cell.wait_collectors(2)
        self.cell.announce([announcement("busy", self.names)])
        self.owners = self.cell.wait_assigned(len(self.names), ("c1", "c2"))
        self.write(3)
        self.sinks.wait_all(self.producer.account)
        procs.muster("pool", "set", "default", *pool, *self.cell.base)

    def write(self, count):
        self.producer.write(self.names, count)

    def agents(self):
        return {row["id"]: row["health"] for row in self.cell.items("/api/v1/agents")}

    def unhealthy(self):
        return [e["subject"] for e in self.cell.events() if e["kind"] == "agent.unhealthy"]

    def check_unchanged(self, owners):
        self.assertEqual(owners, self.cell.owners())
        self.assertEqual(0, self.cell.counts()["moves_total"])
        self.assertNotIn("busy", self.unhealthy())
        self.assertEqual({}, self.sinks.duplicates())

    # --- the sink ---

    def limit_files(self, size):
        """No file of a collector may be larger: its sink takes nothing more, as on a full disk."""
        for name in ("c1", "c2"):
            process = self.cell.process(name)
            resource.prlimit(
                process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)
            )

    def fill_sinks(self):
        sizes = [os.path.getsize(self.cell.process(name).log_path) for name in ("c1", "c2")]
        self.limit_files(max(sizes) + 20000)
        self.write(300)
        for name in ("c1", "c2"):
            self.cell.process(name).wait_log("sink takes nothing", PATIENCE)

    def pass_intervals(self):
        """Lets an agent with a topic that nobody writes fall silent, and say so again, until so
        many intervals are over."""
        (quiet,) = self.cell.names(1, "quiet")
        self.cluster.create_topics([quiet])
        for _ in range(0, INTERVALS + MISSES, MISSES):
            self.cell.announce([announcement("quiet", [quiet])])
            procs.wait_for(
                lambda: self.agents().get("quiet") == "healthy", PATIENCE, "the agent to be heard"
            )
            procs.wait_for(
                lambda: self.agents().get("quiet") == "unhealthy", PATIENCE, "the agent's silence"
            )
            self.assertEqual("healthy", self.agents()["busy"])
        return quiet

    def test_sink_that_takes_nothing_harms_no_agent(self):
        self.begin("sink")
        self.fill_sinks()
        quiet = self.pass_intervals()
        self.assertNotEqual([], self.sinks.refresh().missing(self.producer.account))
        owners = {unit: owner for unit, owner in self.cell.owners().items() if unit != quiet}
        self.assertEqual(self.owners, owners)
        self.limit_files(resource.RLIM_INFINITY)
        self.sinks.wait_all(self.producer.account)
        self.check_unchanged(owners)

    # --- Kafka ---

    def test_kafka_that_is_away_harms_no_agent(self):
        """Away for longer than a lease, which is more than ten intervals: each collector ends its
        life by itself and begins another one, with the same topics."""
        interval_ms = 500
        lease = {"lease.ms": str(INTERVALS * interval_ms + 1000)}
        pool = (f"agent_interval={interval_ms}ms", f"agent_misses={INTERVALS}")
        self.begin("away", lease, pool)
        self.cell.wait_committed(self.producer)  # what is not would come twice
        self.cluster.kill(1)
        for name in ("c1", "c2"):
            self.cell.process(name).wait_log("life is over (S3)", PATIENCE)
        self.cluster.restart(1)
        self.write(5)
        self.sinks.wait_all(self.producer.account)
        owners = self.cell.wait_assigned(len(self.names), ("c1", "c2"))
        self.assertEqual(
            {unit: owner for unit, (owner, _) in self.owners.items()},
            {unit: owner for unit, (owner, _) in owners.items()},
        )
        self.check_unchanged(owners)


if __name__ == "__main__":
    unittest.main()
