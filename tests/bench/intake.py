# SPDX-License-Identifier: Apache-2.0
"""How many announcements a second one coordinator decides, end to end.

    ./dev bench intake [TOPICS] [COLLECTORS]      1,000,000 topics, 1,000 collectors

Control is filled beforehand with one record per topic (24-byte names, 10,000 agents, partitions 1);
the collectors only beat. One real broker. The clock runs from the coordinator's first sight of the
leadership, which is before the first record is read, until every topic is owned and every head is
committed. Run with events on and off; then the memory of the whole process.
"""

import subprocess
import sys
import time

from bench import lead, least_resident_mb, one_broker, processor_s, resident_mb, tool
from procs import run, wait_for

QUIET_SECONDS = 0.5


def last_commit(cell):
    """Waits until nothing is committed any more, which is when every head is out; returns the number
    of transactions, and when the last of them was seen."""
    commits, seen = None, time.monotonic()

    def is_quiet():
        nonlocal commits, seen
        now = cell.metric("muster_commits_total", "leader")
        if now != commits:
            commits, seen = now, time.monotonic()
        return time.monotonic() - seen > QUIET_SECONDS

    wait_for(is_quiet, 60, "the last commit")
    return commits, seen


def measure(topics, collectors, events):
    with one_broker() as cell:
        # The first coordinator makes the topics of the cell and leaves.
        lead(cell, "maker").stop()
        run(tool("fleet"), "fill", cell.cluster.bootstrap, cell.prefix, topics, 10000, seconds=600)
        fleet = subprocess.Popen(
            [tool("fleet"), "beat", cell.cluster.bootstrap, cell.prefix, str(collectors)]
        )
        try:
            leader = lead(cell, "leader", {"events.enabled": "true" if events else "false"})
            begun = time.monotonic()
            wait_for(
                lambda: cell.counts("leader").get("assigned") == topics,
                600,
                "every topic is owned",
            )
            commits, ended = last_commit(cell)
            seconds = ended - begun
            processor = processor_s(leader)
            memory = resident_mb(leader), least_resident_mb(leader)
        finally:
            fleet.kill()
            fleet.wait()
    return seconds, processor, commits, memory


def main():
    topics = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    collectors = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print(f"one broker, {topics} announcements of one topic, {collectors} collectors that beat")
    for events in (True, False):
        seconds, processor, commits, memory = measure(topics, collectors, events)
        print(
            f"  events {'on ' if events else 'off'}  {topics / seconds:10,.0f} announcements/s  "
            f"{seconds:6.2f} s ({processor[1]:.2f} s of processor time, {processor[0]:.2f} s of it "
            f"deciding)  {commits:.0f} transactions  "
            f"{memory[0]:.0f} MB resident, {memory[1]:.0f} MB once quiet"
        )


if __name__ == "__main__":
    sys.exit(main())
