# SPDX-License-Identifier: Apache-2.0
"""conf/POLICY.md is true: it names every key of a policy, and its examples answer what it shows."""

import json
import re
import subprocess
import unittest

import procs
import tree

PAGE = tree.read("conf/POLICY.md")


def examples():
    """(command, lines of its answer, shortened)"""
    pattern = r"```sh\n(.*?)```\n\n```json\n(.*?)```"
    for command, answer in re.findall(pattern, PAGE, re.DOTALL):
        yield command, [json.loads(line) for line in answer.splitlines()]


class PolicyPageTest(unittest.TestCase):
    def test_every_key_has_its_row_and_no_other(self):
        keys = set(re.findall(r'^    \{"(\w+)", ', tree.read("src/plan/policy.c"), re.MULTILINE))
        table = PAGE.split("## A workload file")[0]
        rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table, re.MULTILINE)
        self.assertEqual(keys - {"AGENTCOUNT", "MaxAgentHost"}, set(re.findall(r"\w+", " ".join(rows))))

    def test_examples_answer_what_is_shown(self):
        found = list(examples())
        self.assertEqual(PAGE.count("```sh"), len(found))
        for command, answer in found:
            with self.subTest(command):
                done = subprocess.run(
                    ["bash", "-c", command.replace("muster plan", f"{procs.MUSTER} plan")],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                steps = [json.loads(line) for line in done.stdout.splitlines()]
                self.assertEqual(len(answer), len(steps))
                for shown, step in zip(answer, steps):
                    self.assertEqual(shown, {key: step[key] for key in shown})


if __name__ == "__main__":
    unittest.main()
