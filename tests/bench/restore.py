# SPDX-License-Identifier: Apache-2.0
"""How long a coordinator needs to restore its state.

    ./dev bench restore [TOPICS]      1,000,000 topics on one real broker

Beside it, in the same run: a bare consumer that reads the same state topic from its start to its
end. `ready` is /readyz of a process that was started for it, from exec on.
"""

import sys
import tempfile
import time

from bench import Coordinator, coordinator, tool
from kafka import Cluster
from procs import Processes, run, wait_for


def main():
    topics = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    with tempfile.TemporaryDirectory() as folder, Cluster(1) as cluster, Processes(folder) as all_:
        first = coordinator(all_, cluster, "first")
        run(tool("fleet"), "fill", cluster.bootstrap, "muster", topics, 10000, seconds=600)
        wait_for(lambda: first.status()["counts"]["topics"] == topics, 600, "all topics are taken")
        first.process.stop(120)
        records, size, bare = map(
            int, run(tool("log_read"), cluster.bootstrap, "muster.state", 0).stdout.split()
        )
        begun = time.monotonic()
        second = Coordinator(all_, cluster, "second")
        wait_for(second.is_ready, 120, "it is ready")
        ready = time.monotonic() - begun
        wait_for(second.is_leading, 120, "it leads")
        leading = time.monotonic() - begun
        memory = second.resident_mb()
    print(f"one broker, {topics} topics, {records} records of state, {size / 1e6:.0f} MB")
    print(f"  bare read of the state   {bare / 1e6:6.2f} s")
    print(f"  exec -> ready            {ready:6.2f} s")
    print(open(f"/proc/{0}/status").read() if 0 else "")
    print(f"  exec -> leading          {leading:6.2f} s   {memory:6.0f} MB resident")


if __name__ == "__main__":
    sys.exit(main())
