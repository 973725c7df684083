# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks on a real Kafka share: a cell, the tools beside the binary, memory."""

import contextlib
import os
import tempfile
import time

from cell import Cell
from kafka import Cluster
from procs import MUSTER, Processes, run

TRIM_SECONDS = 5  # within which a process gives back what it needed for reading


def tool(name):
    """The path of a program of tests/tools, beside the binary under test."""
    return os.path.join(os.path.dirname(MUSTER), "tools", name)


# A log gets its first index entry with its 4,096th byte, in a page of a sparse file: on ext4 1 to 12
# ms. Many young logs that are written into evenly come to that at once, and a broker stands still for
# many seconds; old logs do it one by one.
INDEX = {"log.index.interval.bytes": 1 << 20}


@contextlib.contextmanager
def one_broker(brokers=1, properties=None, **options):
    """A cell of one fresh broker (or three), without daemons; the options are those of Cluster."""
    options["properties"] = {**INDEX, **(properties or {})}
    with tempfile.TemporaryDirectory() as folder, Cluster(brokers, **options) as cluster:
        with Processes(folder) as processes:
            yield Cell(cluster, processes, "muster")


def lead(cell, name="k1", settings=None):
    """Starts a coordinator and waits until it leads."""
    process = cell.coordinator(name, settings)
    cell.wait_role("leader", name)
    return process


def resident_mb(process):
    """Resident memory of a whole process, MB of 10^6 bytes."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError("no VmRSS")


def processor_s(process):
    """(main thread, all threads) in seconds of processor time, which a busy machine disturbs least."""
    ticks = os.sysconf("SC_CLK_TCK")

    def spent(stat):
        with open(f"/proc/{process.pid}/{stat}", encoding="ascii") as line:
            fields = line.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    return spent(f"task/{process.pid}/stat"), spent("stat")


def least_resident_mb(process):
    """Resident memory once the process has given back what it needed for a storm or a restore."""
    least, end = resident_mb(process), time.monotonic() + TRIM_SECONDS
    while time.monotonic() < end:
        least = min(least, resident_mb(process))
    return least


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def references(cell, rounds=200):
    """[(label, p50, p99)] in seconds, of this very broker: a plain produce -> consume round trip and
    one bare transaction over three partitions."""
    cell.cluster.create_topics(["probe.plain"])
    cell.cluster.create_topics(["probe.transaction"], partitions=3)
    probe = run(tool("latency_probe"), cell.cluster.bootstrap, "-", rounds, seconds=600)
    labels = {
        "round_trip": "plain round trip",
        "transaction": "bare transaction, 3 partitions",
    }
    return [
        (labels[name], int(p50) / 1e6, int(p99) / 1e6)
        for name, p50, p99 in (line.split() for line in probe.stdout.splitlines())
    ]
