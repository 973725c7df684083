# SPDX-License-Identifier: Apache-2.0
"""The main job on one real broker, with processes that are killed, and an account of every record.

CB-42, CB-43, MR-23: a coordinator that is killed and restarted, alone, moves nothing, and knows
everybody.
CB-28, CB-31, EE-12, EE-13: whatever is killed, every record reaches the sinks; only what was not
committed is read twice. CB-3: announcing again changes nothing. CB-27: nothing else is read.
CB-51, EE-19: SIGTERM drains and commits, exits 0. CB-29, PD-19: no unit is read under an older
fence after a newer one.
"""

import tempfile
import time
import unittest

import kafka
import procs
from cell import PATIENCE, Cell, Producer, Sinks, announcement, tell

TOPICS = 1000
AGENTS = 10
SAMPLE = 20  # every so many topics get records during the later faults
COLLECTORS = ("c1", "c2", "c3")
# Reports often, so that what is committed is soon seen.
REPORTS = {"report.interval.ms": "500", "report.full.interval.ms": "1000"}


class MainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-main-"))
        self.processes = self.enterContext(procs.Processes(folder))
        print(f"{self.id().rsplit('.', 1)[1]}:", flush=True)

    def begin(self, prefix, topics, settings=None):
        """A cell with a coordinator and three collectors that share these topics."""
        self.cell = Cell(self.cluster, self.processes, prefix, settings)
        self.producer, self.sinks = Producer(self.cluster), Sinks(self.cell)
        self.names = self.cell.names(topics)
        self.cluster.create_topics(self.names)
        self.cell.coordinator()
        for name in COLLECTORS:
            self.cell.collector(name, REPORTS)
        self.cell.wait_collectors(len(COLLECTORS))

    def announce_all(self):
        size = len(self.names) // AGENTS
        shares = [self.names[i * size : (i + 1) * size] for i in range(AGENTS)]
        self.cell.announce([announcement(f"a{i}", share) for i, share in enumerate(shares)])

    # --- the account ---

    def wait_delivered(self):
        return self.sinks.wait_all(self.producer.account)

    def wait_committed(self):
        return self.cell.wait_committed(self.producer)

    def check_account(self, before, name):
        """Nothing is lost or foreign, and twice came only what was not committed `before`."""
        account = self.producer.account
        self.assertEqual([], self.sinks.refresh().missing(account))
        self.assertEqual([], self.sinks.foreign(account))
        twice = self.sinks.duplicates()
        for topic, partition, offset in twice:
            self.assertGreaterEqual(offset, before.get((topic, partition), 0), topic)
        tell(f"{name}: produced", sum(account.produced.values()))
        tell(f"{name}: lost", 0)
        tell(f"{name}: delivered twice", len(twice))

    def check_fences(self):
        """In each file the fence of a topic never falls, and of two collectors that had a record
        the later owner has the higher one."""
        for place, deliveries in self.sinks.duplicates().items():
            owners = dict(deliveries)
            if len(owners) > 1:
                self.assertEqual(len(owners), len(set(owners.values())), place)

    def check_same(self, before, after, restarted=None):
        """Every unit of `before` has its owner and its fence; only that of an owner that was
        restarted is higher."""
        moved = [(u, before[u], after.get(u)) for u in before if before[u] != after.get(u)]
        if restarted:
            for unit, (owner, fence), now in moved:
                self.assertEqual((restarted, restarted), (owner, now[0]), unit)
                self.assertGreater(now[1], fence, unit)
            moved = []
        self.assertEqual([], moved[:5])

    # --- a thousand topics, and every process restarted once ---

    def test_everything_restarts_and_nothing_moves_or_is_lost(self):
        self.begin("main", TOPICS)
        started = time.monotonic()
        self.announce_all()
        owners = self.cell.wait_assigned(TOPICS, COLLECTORS)
        tell(f"{TOPICS} topics announced -> assigned and applied", time.monotonic() - started, "s")
        self.producer.write(self.names, 3)
        self.wait_delivered()
        self.wait_committed()
        self.coordinator_is_killed(owners)
        self.agent_announces_behind_the_restart(owners)
        self.collector_is_killed_and_restarted(owners)
        self.lag_agrees_with_kafka()
        self.collector_is_stopped(owners)

    def coordinator_is_killed(self, owners):
        cell = self.cell
        moves = cell.counts()["moves_total"]
        cell.process("k1").kill()
        self.producer.write(self.names[::SAMPLE], 2)  # the data plane does not need it
        self.wait_delivered()
        cell.process("k1").start()
        cell.wait_ready()
        cell.wait_role("leader")
        tell("coordinator killed: start -> leads", self.seconds_since_start("k1"), "s")
        self.check_same(owners, cell.wait_assigned(TOPICS, COLLECTORS))
        self.assertEqual(moves, cell.counts()["moves_total"])
        tell("coordinator killed: moves", 0)

    def seconds_since_start(self, name):
        return time.monotonic() - self.cell.process(name).started_at

    def agent_announces_behind_the_restart(self, owners):
        late = self.cell.names(1, "late")
        self.cluster.create_topics(late)
        moves = self.cell.counts()["moves_total"]
        self.announce_all()  # once more: nothing changes by it (CB-3)
        self.cell.announce([announcement("late", late)])
        after = self.cell.wait_assigned(TOPICS + 1, COLLECTORS)
        self.check_same(owners, after)
        self.assertEqual(moves, self.cell.counts()["moves_total"])
        owners[late[0]] = after[late[0]]
        self.producer.write(late, 3)
        self.wait_delivered()

    def collector_is_killed_and_restarted(self, owners):
        cell, sample = self.cell, self.names[::SAMPLE]
        moves, committed = cell.counts()["moves_total"], self.wait_committed()
        self.producer.write(sample, 50)
        victim = cell.process("c1")
        victim.kill()
        self.producer.write(sample, 5)
        marks = {(name, 0): self.producer.next[name] - 1 for name in sample}
        mine = {part: end for part, end in marks.items() if owners[part[0]][0] == "c1"}
        victim.start()
        again = self.sinks.wait_beyond(mine, "the topics of the restarted collector")
        tell("collector restarted: start -> its topics read again", again - victim.started_at, "s")
        self.wait_delivered()
        after = cell.wait_assigned(TOPICS + 1, COLLECTORS)
        self.check_same(owners, after, restarted="c1")
        owners.update(after)
        self.assertEqual(moves, cell.counts()["moves_total"])
        tell("collector restarted: moves", 0)
        self.check_account(committed, "collector restarted")

    def lag_agrees_with_kafka(self):
        self.wait_committed()
        read = {(name, 0): end for name, end in self.producer.next.items()}

        def lag():
            rows = procs.muster_json("lag", "show", *self.cell.base)["items"]
            return {(row["topic"], row["partition"]): row for row in rows}

        def is_told(rows):
            return all(rows.get(part, {}).get("committed") == end for part, end in read.items())

        ours = procs.wait_for(
            lambda: (lambda rows: rows if is_told(rows) else None)(lag()),
            PATIENCE,
            "reports of what is committed",
        )
        theirs = self.cluster.group_describe("main.default")
        told = {
            part: {"position": row["committed"], "end": row["end"], "lag": row["lag_records"]}
            for part, row in ours.items()
        }
        self.assertEqual(theirs, told)
        tell("lag show agrees with Kafka's group tool on partitions", len(theirs))

    def collector_is_stopped(self, owners):
        cell, sample = self.cell, self.names[::SAMPLE]
        moves, committed = cell.counts()["moves_total"], self.wait_committed()
        already = set(self.sinks.duplicates())
        theirs = {unit for unit, (owner, _) in owners.items() if owner == "c3"}
        self.producer.write(sample, 20)
        asked = time.monotonic()
        self.assertEqual(0, cell.process("c3").stop())
        tell("collector stopped: SIGTERM -> exit 0", time.monotonic() - asked, "s")
        after = cell.wait_assigned(TOPICS + 1, ("c1", "c2"))
        self.check_same({u: o for u, o in owners.items() if u not in theirs}, after)
        self.assertEqual(moves + len(theirs), cell.counts()["moves_total"])
        tell("collector stopped: moves (its own topics, no others)", len(theirs))
        self.producer.write(sample, 5)
        self.wait_delivered()
        self.assertEqual(already, set(self.sinks.duplicates()))  # it had committed everything
        self.check_account(committed if not already else {}, "collector stopped")
        self.check_fences()

    # --- a collector that never comes back ---

    def test_lost_collector_is_replaced_after_its_lease(self):
        topics = 60
        self.begin("lost", topics, {"lease.ms": "3000"})
        self.announce_all()
        owners = self.cell.wait_assigned(topics, COLLECTORS)
        self.producer.write(self.names, 3)
        self.wait_delivered()
        committed = self.wait_committed()
        theirs = {unit for unit, (owner, _) in owners.items() if owner == "c2"}
        moves = self.cell.counts()["moves_total"]
        self.producer.write(self.names, 20)
        self.cell.process("c2").kill()
        lost_at = time.monotonic()
        self.producer.write(sorted(theirs), 5)
        marks = {(name, 0): self.producer.next[name] - 1 for name in theirs}
        again = self.sinks.wait_beyond(marks, "the topics of the lost collector")
        tell("collector lost, lease 3 s: kill -> its topics read again", again - lost_at, "s")
        after = self.cell.wait_assigned(topics, ("c1", "c3"))
        self.check_same({u: o for u, o in owners.items() if u not in theirs}, after)
        self.assertEqual(moves + len(theirs), self.cell.counts()["moves_total"])
        self.wait_delivered()
        self.check_account(committed, "collector lost")
        self.check_fences()

    # --- the coordinator and a collector at once, under steady records ---

    def test_nothing_is_lost_while_all_of_them_are_killed_in_turn(self):
        topics = 30
        self.begin("turn", topics)
        self.announce_all()
        self.cell.wait_assigned(topics, COLLECTORS)
        with self.producer as producer:
            producer.begin(self.names)
            for name in ("c1", "k1", "c2", "c3"):
                marks = {(topic, 0): producer.next[topic] for topic in self.names}
                self.cell.process(name).restart()
                what = f"every topic to be read on, '{name}' restarted"
                self.sinks.wait_beyond(marks, what, producer)
            producer.end()
        self.cell.wait_ready()
        self.wait_delivered()
        self.check_account({}, "killed in turn")
        self.assertEqual(0, self.cell.counts()["moves_total"])
        self.check_fences()


if __name__ == "__main__":
    unittest.main()
