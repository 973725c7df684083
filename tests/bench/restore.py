# SPDX-License-Identifier: Apache-2.0
"""How long a coordinator needs to restore its state, and another one to take it over.

    ./dev bench restore [TOPICS]      1,000,000 topics on one real broker

Beside it, in the same run: a bare consumer that reads the same state topic from its start to its
end. `ready` is /readyz of a process that was started for it, from exec on. Taken over: from the
leader's SIGTERM or kill -9 until a standby, which follows the state, leads.
"""

import sys
import time

from bench import lead, least_resident_mb, one_broker, processor_s, resident_mb, tool
from procs import run, wait_for


def take_over(cell, leader, standby, is_killed):
    """Seconds until the standby, which knows everything, leads."""
    cell.coordinator(standby)
    cell.wait_ready(standby)
    process = cell.process(leader)
    begun = time.monotonic()
    if is_killed:
        process.kill()
    else:
        process.signal(15)
    cell.wait_role("leader", standby)
    return time.monotonic() - begun


def main():
    topics = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    with one_broker() as cell:
        servers = cell.cluster.bootstrap
        first = lead(cell, "first")
        run(tool("fleet"), "fill", servers, cell.prefix, topics, 10000, seconds=600)
        wait_for(lambda: cell.counts("first").get("topics") == topics, 600, "all topics are taken")
        first.stop(120)
        read = run(tool("log_read"), servers, f"{cell.prefix}.state", 0)
        records, size, bare = map(int, read.stdout.split())
        begun = time.monotonic()
        second = cell.coordinator("second")
        ready = time.monotonic() - begun
        processor = processor_s(second)
        cell.wait_role("leader", "second")
        leading = time.monotonic() - begun
        peak = resident_mb(second)
        least = least_resident_mb(second)
        stopped = take_over(cell, "second", "third", False)
        killed = take_over(cell, "third", "fourth", True)
    print(f"one broker, {topics} topics, {records} records of state, {size / 1e6:.0f} MB")
    print(f"  bare read of the state   {bare / 1e6:6.2f} s")
    print(
        f"  exec -> ready            {ready:6.2f} s ({processor[1]:.2f} s of processor time, "
        f"{processor[0]:.2f} s of it restoring)"
    )
    print(f"  exec -> leading          {leading:6.2f} s")
    print(f"  SIGTERM -> taken over    {stopped:6.2f} s")
    print(f"  kill -9 -> taken over    {killed:6.2f} s (leader.timeout 5 s)")
    print(f"  resident                 {peak:6.0f} MB while reading, {least:.0f} MB after")


if __name__ == "__main__":
    sys.exit(main())
