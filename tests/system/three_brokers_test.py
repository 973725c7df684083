# SPDX-License-Identifier: Apache-2.0
"""Three real brokers, of which each is killed in turn, under steady records and with the default
lease of 15 s.

Nobody is declared dead, nothing moves, nothing is lost, and reading goes on while a broker is away
(CB-33, S4: a beat that comes back late proves nothing).
"""

import tempfile
import time
import unittest

import kafka
import procs
from cell import Cell, Producer, Sinks, announcement, tell

TOPICS = 30
COLLECTORS = ("c1", "c2", "c3")
PROPERTIES = {
    "min.insync.replicas": 2,
    # A third of the lease: what `doctor` asks for; Kafka's own 9 s leave a slow machine little.
    "broker.session.timeout.ms": 5000,
    # Leaders go back to where they were, as they do on a cluster that runs for longer.
    "leader.imbalance.check.interval.seconds": 2,
}


class BrokerTest(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(
            kafka.Cluster(3, properties=PROPERTIES, heap="384m")
        )
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-brokers-"))
        self.processes = self.enterContext(procs.Processes(folder))
        self.cell = Cell(self.cluster, self.processes, "three")
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.names = self.cell.names(TOPICS)
        self.cluster.create_topics(self.names)
        self.cell.coordinator()
        for name in COLLECTORS:
            self.cell.collector(name)
        self.cell.wait_collectors(len(COLLECTORS))
        self.cell.announce([announcement("a1", self.names)])
        self.owners = self.cell.wait_assigned(TOPICS, COLLECTORS)

    def lives(self):
        return {name: row["incarnation"] for name, row in self.cell.collectors().items()}

    def wait_read_on(self, what):
        """Waits until every topic has got records that were produced from now on."""
        marks = {(topic, 0): self.producer.next[topic] for topic in self.names}
        return self.sinks.wait_beyond(
            marks, f"every topic to be read on {what}", self.producer
        )

    def lose(self, number):
        self.cluster.kill(number)
        lost_at = time.monotonic()
        back_at = self.wait_read_on(f"without broker {number}")
        tell(f"broker {number} killed -> every topic read on without it", back_at - lost_at, "s")
        self.cluster.restart(number)
        self.cluster.wait_in_sync(seconds=120)
        self.wait_read_on(f"with broker {number} again")

    def test_each_broker_is_killed_and_nobody_dies(self):
        lives = self.lives()
        with self.producer as producer:
            producer.begin(self.names)
            self.wait_read_on("at the beginning")
            for number in (1, 2, 3):
                self.lose(number)
            producer.end()
        self.sinks.wait_all(producer.account)
        self.assertEqual([], self.endings())
        self.assertEqual(lives, self.lives())
        self.assertEqual(0, self.cell.counts()["moves_total"])
        self.assertEqual(self.owners, self.cell.owners())
        self.assertEqual([], self.sinks.foreign(producer.account))
        tell("three brokers killed in turn: collectors declared dead", 0)
        tell("three brokers killed in turn: moves", 0)
        tell("three brokers killed in turn: produced", sum(producer.account.produced.values()))
        tell("three brokers killed in turn: lost", 0)
        tell("three brokers killed in turn: delivered twice", len(self.sinks.duplicates()))

    def endings(self):
        return [event for event in self.cell.events() if event["kind"] == "collector.ended"]


if __name__ == "__main__":
    unittest.main()
