# SPDX-License-Identifier: Apache-2.0
"""How long until the topics of a collector that was killed are read again.

    ./dev bench restart [ROUNDS] [TOPICS]      20 rounds, 1,000 topics, three collectors, one broker

Each round kills one collector with -9, writes a record into each of its topics and waits until the
sinks have all of them. Three ways to come back:
  restarted   the process is started again with its state file (proof of death): from its exec on
  published   who has waited for the process publishes its death: from the kill on
  lost        nobody proves anything: the others get its topics after the lease of 3 s, from the kill
              on
Beside it, in the same run: a plain produce -> consume round trip and one bare transaction. A round
whose records the broker itself did not acknowledge within a second says nothing; it is measured
again and counted.
"""

import os
import subprocess
import sys
import time

from bench import lead, one_broker, percentile, references, tool
from cell import announcement
from procs import muster, wait_for

COLLECTORS = ("c1", "c2", "c3")
LEASE_MS = 3000
AGENTS = 10
ACKNOWLEDGED_S = 1  # longest that the records of a round may take to be written


class Writer:
    """A producer that stays open."""

    def __init__(self, cluster):
        self.child = subprocess.Popen(
            [tool("fleet"), "write", cluster.bootstrap],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def write(self, topics, value):
        """Returns the seconds until all are acknowledged."""
        begun = time.monotonic()
        self.child.stdin.write("".join(f"{topic} {value}\n" for topic in topics) + "\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == "written\n"
        return time.monotonic() - begun

    def end(self):
        self.child.stdin.close()
        self.child.wait(10)


class Seen:
    """Which topics have a record of a value, in all sinks; files are read on from where they were
    read before."""

    def __init__(self, cell):
        self.cell = cell
        self.files = {}
        self.rests = {}  # what was read of an unfinished line

    def wait(self, topics, value):
        """(when the first, when the last of them was there)."""
        missing, first = set(topics), None
        mark = f'"value":"{value}"'

        def are_there():
            nonlocal first
            for line in self._lines():
                if mark in line:
                    missing.discard(line.split('"topic":"', 1)[1].split('"', 1)[0])
                    first = first or time.monotonic()
            return not missing

        wait_for(are_there, 60, f"'{value}' of {len(topics)} topics in the sinks")
        return first, time.monotonic()

    def _lines(self):
        for name in COLLECTORS:
            path = self.cell.sink_path(name)
            if name not in self.files and os.path.exists(path):
                self.files[name] = open(path, encoding="utf-8")
        for name, file in self.files.items():
            *whole, rest = (self.rests.get(name, "") + file.read()).split("\n")
            self.rests[name] = rest
            yield from whole


class Bench:
    def __init__(self, cell, topics):
        self.cell = cell
        self.names = cell.names(topics)
        self.round = 0
        self.late = 0
        cell.cluster.create_topics(self.names)
        lead(cell, settings={"lease.ms": str(LEASE_MS)})
        for name in COLLECTORS:
            cell.collector(name, {"lease.ms": str(LEASE_MS)})
        cell.wait_collectors(len(COLLECTORS))
        cell.announce([announcement(f"a{i}", self.names[i::AGENTS]) for i in range(AGENTS)])
        self.writer = Writer(cell.cluster)
        self.seen = Seen(cell)
        self.settle()

    def settle(self):
        """Everybody has an even share and reads it."""
        self.cell.wait_assigned(len(self.names), COLLECTORS)
        value, _ = self.write(self.names)
        self.seen.wait(self.names, value)

    def write(self, topics):
        """Writes a record into each topic; returns its value, and whether the broker was quick."""
        self.round += 1
        value = f"round-{self.round}"
        return value, self.writer.write(topics, value) <= ACKNOWLEDGED_S

    def restarted(self, process, _killed_at):
        process.start()
        return process.started_at

    def published(self, process, killed_at):
        state = self.cell.sink_path(process.name.rsplit("-", 1)[1]).replace(".lines", ".state")
        muster("collector", "died", *self.cell.base, "--state-file", state)
        return killed_at

    def lost(self, _process, killed_at):
        return killed_at

    def measure(self, come_back):
        """Kills one of them; returns seconds until the first and until all of its topics are read
        again, None if the broker was slow."""
        name = COLLECTORS[self.round % len(COLLECTORS)]
        topics = [unit for unit, (owner, _) in self.cell.owners().items() if owner == name]
        process = self.cell.process(name)
        process.kill()
        killed_at = time.monotonic()
        value, is_quick = self.write(topics)
        begun = come_back(process, killed_at)
        first, last = self.seen.wait(topics, value)
        if not process.is_alive():
            process.start()
        self.settle()
        return (first - begun, last - begun) if is_quick else None

    def rounds(self, count, come_back):
        found = []
        while len(found) < count:
            seconds = self.measure(come_back)
            if seconds:
                found.append(seconds)
            else:
                self.late += 1
        return zip(*found)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    topics = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print(f"one broker, {topics} topics, {len(COLLECTORS)} collectors, {rounds} rounds each, s")
    with one_broker() as cell:
        bench = Bench(cell, topics)
        print(f"  {'':34}{'first topic':>18}{'all its topics':>20}")
        print(f"  {'killed with -9, and then':34}{'p50':>9}{'p99':>9}{'p50':>11}{'p99':>9}")
        for name, come_back in (
            ("restarted: from its exec", bench.restarted),
            ("published: from the kill", bench.published),
            (f"lost, lease {LEASE_MS / 1000:.0f} s: from the kill", bench.lost),
        ):
            firsts, lasts = bench.rounds(rounds, come_back)
            print(
                f"  {name:34}{percentile(firsts, 0.5):9.3f}{percentile(firsts, 0.99):9.3f}"
                f"{percentile(lasts, 0.5):11.3f}{percentile(lasts, 0.99):9.3f}",
                flush=True,
            )
        bench.writer.end()
        for label, p50, p99 in references(cell):
            print(f"  {label:34}{p50:9.4f}{p99:9.4f}")
        print(f"  rounds measured again: {bench.late}")


if __name__ == "__main__":
    sys.exit(main())
