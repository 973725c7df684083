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
import tempfile
import time

from bench import Coordinator, tool
from kafka import Cluster
from procs import Processes, run, wait_for


def count(text, name):
    for line in text.splitlines():
        if line.startswith(name + " "):
            return int(line.split()[1])
    return 0


def measure(topics, collectors, events):
    with tempfile.TemporaryDirectory() as folder, Cluster(1) as cluster, Processes(folder) as all_:
        # The first coordinator makes the topics of the cell and leaves.
        maker = Coordinator(all_, cluster, "maker")
        wait_for(maker.is_leading, 60, "the cell is made")
        maker.process.stop()
        filler = run(tool("fleet"), "fill", cluster.bootstrap, "muster", topics, 10000, seconds=600)
        assert filler.returncode == 0
        fleet = subprocess.Popen(
            [tool("fleet"), "beat", cluster.bootstrap, "muster", str(collectors)]
        )
        try:
            leader = Coordinator(
                all_, cluster, "leader", ("--set", f"events.enabled={'true' if events else 'false'}")
            )
            wait_for(leader.is_leading, 120, "it leads")
            begun = time.monotonic()

            def is_done():
                status = leader.status()
                return status is not None and status["counts"]["assigned"] == topics

            wait_for(is_done, 600, "every topic is owned")
            seconds = time.monotonic() - begun
            commits = count(leader.get("/metrics"), "muster_commits_total")
            print([l for l in leader.get("/metrics").splitlines() if l.startswith("muster_commit")])
            memory = leader.resident_mb()
        finally:
            fleet.kill()
            fleet.wait()
    return seconds, commits, memory


def main():
    topics = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    collectors = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print(f"one broker, {topics} announcements of one topic, {collectors} collectors that beat")
    for events in (False, True):
        seconds, commits, memory = measure(topics, collectors, events)
        print(
            f"  events {'on ' if events else 'off'}  {topics / seconds:10,.0f} announcements/s  "
            f"{seconds:6.2f} s  {commits} transactions  {memory:6.0f} MB resident"
        )


if __name__ == "__main__":
    sys.exit(main())
