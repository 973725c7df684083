# SPDX-License-Identifier: Apache-2.0
"""How long from an announcement to the assignment that a collector can read.

    ./dev bench latency [ROUNDS]        1,000 rounds on one real broker

Beside it, in the same run and round by round: a plain produce -> consume round trip, and one bare
transaction over three partitions (as many as the decision writes: state, assignments, events).
"""

import sys

from bench import lead, one_broker, tool
from procs import run


def main():
    rounds = sys.argv[1] if len(sys.argv) > 1 else "1000"
    with one_broker() as cell:
        cell.cluster.create_topics(["probe.plain"])
        cell.cluster.create_topics(["probe.transaction"], partitions=3)
        lead(cell)
        probe = run(
            tool("latency_probe"), cell.cluster.bootstrap, cell.prefix, rounds, seconds=600
        )
    figures = {
        name: (int(p50) / 1000, int(p99) / 1000)
        for name, p50, p99 in (line.split() for line in probe.stdout.splitlines())
    }
    print(f"one broker, {rounds} announcements one at a time, ms     p50      p99")
    for name, label in (
        ("round_trip", "plain round trip"),
        ("transaction", "bare transaction, 3 partitions"),
        ("announcement", "announcement -> head and bucket readable"),
    ):
        print(f"  {label:48} {figures[name][0]:8.2f} {figures[name][1]:8.2f}")
    reference = figures["round_trip"][0] + figures["transaction"][0]
    ratio = figures["announcement"][0] / reference
    print(f"  announcement / (round trip + transaction)        {ratio:8.2f}")


if __name__ == "__main__":
    sys.exit(main())
