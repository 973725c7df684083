# SPDX-License-Identifier: Apache-2.0
"""The simulator's word: what it refuses, and that every rule that is taken away from a copy of the
sources is still there to be taken away."""

import os
import re
import sys
import unittest

import procs
import tree

sys.path.insert(0, os.path.join(tree.SOURCE, "tests", "sim"))

import breaks

DEV = os.path.join(tree.SOURCE, "dev")
BREAKS_MIN = 14
SEED = "1"
DRAWS = re.compile(r"\b(?:world_draw|world_delay_us|draw_\w+|outcome_draw)\(")


def argument_lists(text):
    """The parts between commas of everything in parentheses or braces on one level."""
    stack = []
    for at, c in enumerate(text):
        if c in "({":
            stack.append([at + 1, []])
        elif c in ")}" and stack:
            begin, parts = stack.pop()
            yield parts + [text[begin:at]]
        elif c in ",;" and stack:
            begin, parts = stack[-1]
            if c == ",":
                parts.append(text[begin:at])
            stack[-1] = [at + 1, parts if c == "," else []]


class SimTest(unittest.TestCase):
    def test_breaks_apply_and_change_something(self):
        self.assertGreaterEqual(len(breaks.BREAKS), BREAKS_MIN)
        for name in breaks.BREAKS:
            with self.subTest(name=name):
                for file, text in breaks.copies(name).items():
                    self.assertNotEqual(tree.read(os.path.join("src", file)), text)

    def test_a_break_that_does_not_apply_is_an_error(self):
        breaks.BREAKS["gone"] = ("none", [("control/lead.c", "this stands nowhere", "")])
        self.addCleanup(breaks.BREAKS.pop, "gone")
        with self.assertRaisesRegex(SystemExit, "gone: this stands 0 times in src/control/lead.c"):
            breaks.copies("gone")

    def test_a_seed_prints_the_same_bytes_again(self):
        first, again = (procs.run(DEV, "sim", "--seed", SEED, seconds=600) for _ in range(2))
        self.assertEqual(first.stdout, again.stdout)
        self.assertEqual(("", ""), (first.stderr, again.stderr))
        self.assertRegex(first.stdout, r"\nhash [0-9a-f]{24}\n\Z")

    def test_sources_know_of_no_break(self):
        for path in tree.files("src", ".c", ".h"):
            self.assertNotIn("BREAK_", tree.read(path), path)

    def test_no_two_draws_are_arguments_of_one_call(self):
        # Compilers take arguments in any order, and a seed is the same run with all of them.
        found = []
        for path in tree.files("tests/sim", ".c"):
            for parts in argument_lists(tree.without_comments(tree.read(path))):
                if sum(bool(DRAWS.search(part)) for part in parts) > 1:
                    found.append(f"{path}: {' '.join(','.join(parts).split())[:80]}")
        self.assertEqual([], found)

    def test_unknown_break_is_refused_with_the_valid_ones(self):
        done = procs.run(DEV, "sim", "--break", "nonsense", codes=(2,))
        self.assertRegex(done.stderr, r"no rule 'nonsense' to take away.*ack-without-head")


if __name__ == "__main__":
    unittest.main()
