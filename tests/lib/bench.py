# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks on a real Kafka share."""

import json
import os
import socket
import urllib.request

from procs import MUSTER, wait_for


def tool(name):
    """The path of a program of tests/tools, beside the binary under test."""
    return os.path.join(os.path.dirname(MUSTER), "tools", name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Coordinator:
    """A running coordinator with its HTTP interface."""

    def __init__(self, processes, cluster, name, options=()):
        self.port = free_port()
        self.process = processes.start(
            name,
            *("coordinator", "run", "-b", cluster.bootstrap, "--id", name),
            *("--listen", f"127.0.0.1:{self.port}", *options),
        )

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read().decode()

    def status(self):
        """The document of /api/v1/status, or None while there is none."""
        try:
            return json.loads(self.get("/api/v1/status"))
        except OSError:
            return None

    def is_ready(self):
        try:
            return self.get("/readyz").startswith("ready")
        except OSError:
            return False

    def is_leading(self):
        status = self.status()
        return status is not None and status["cell"]["role"] == "leader"

    def resident_mb(self):
        """Resident memory of the whole process, MB of 10^6 bytes."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024 / 1e6
        raise AssertionError("no VmRSS")


def coordinator(processes, cluster, name="bench", options=()):
    """Starts a coordinator and waits until it leads."""
    started = Coordinator(processes, cluster, name, options)
    wait_for(started.is_leading, 60, f"'{name}' leads")
    return started
