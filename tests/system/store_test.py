# SPDX-License-Identifier: Apache-2.0
"""What a store keeps of a cell, played on a real Kafka: the same scenarios as
tests/story/store_story.c plays in the simulated world. MR-9."""

import os
import tempfile
import unittest

import kafka
import procs
from cell import PATIENCE, Cell

SCENARIOS = os.path.join(procs.SOURCE, "tests", "golden", "store", "keeps.txt")


def scenarios():
    """{name: [(verb, rest)]} in the order of the file."""
    found, steps = {}, None
    with open(SCENARIOS, encoding="utf-8") as file:
        for line in file.read().splitlines():
            verb, _, rest = line.partition(" ")
            if verb == "cell":
                steps = found.setdefault(rest, [])
            elif verb and verb != "#":
                steps.append((verb, rest))
    return found


class StoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="muster-store-"))
        self.processes = self.enterContext(procs.Processes(folder))

    def knows(self):
        return " ".join(
            sorted(f"{item['pool']}/{item['unit']}" for item in self.cell.items("/api/v1/topics"))
        )

    def pools(self):
        return " ".join(sorted(item["name"] for item in self.cell.items("/api/v1/pools")))

    def policy(self):
        for pool in self.cell.items("/api/v1/pools"):
            if pool["name"] == "default":
                return " ".join(sorted("=".join(pair) for pair in pool["policy"].items()))
        return None

    def letters(self):
        topic = f"{self.cell.prefix}.deadletter"
        return str(len(procs.kcat_read(self.cluster.bootstrap, topic)))

    def send(self, topic, value):
        command = ("kcat", "-P", "-b", self.cluster.bootstrap, "-X", "acks=all")
        procs.run(*command, "-t", f"{self.cell.prefix}.{topic}", stdin=value + "\n")

    def restart(self, is_killed):
        process = self.cell.process("k1")
        if not is_killed:
            self.assertEqual(0, process.stop())
        process.restart()
        self.lead()

    def lead(self):
        self.cell.wait_ready()
        self.cell.wait_role("leader")

    def play(self, verb, rest):
        looks = {
            "knows": self.knows,
            "pools": self.pools,
            "policy": self.policy,
            "letters": self.letters,
        }
        if verb in looks:
            look = looks[verb]
            procs.wait_for(lambda: look() == rest, PATIENCE, f"'{verb} {rest}'")
        elif verb in ("control", "orders"):
            self.send(verb, rest)
        else:
            self.restart(verb == "kill")

    def test_kafka_keeps_what_the_simulated_log_keeps(self):
        for name, steps in scenarios().items():
            self.cell = Cell(
                self.cluster, self.processes, f"store-{name}", {"leader.timeout.ms": "2000"}
            )
            self.cell.coordinator()
            self.lead()
            for verb, rest in steps:
                with self.subTest(name, step=f"{verb} {rest}"):
                    self.play(verb, rest)
            self.cell.process("k1").kill()


if __name__ == "__main__":
    unittest.main()
