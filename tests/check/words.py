# SPDX-License-Identifier: Apache-2.0
"""The words of ./dev: those that are listed work and are written down, and no other is taken."""

import os
import re
import unittest

import procs
import tree

DEV = os.path.join(tree.SOURCE, "dev")


class WordsTest(unittest.TestCase):
    def test_every_word_is_in_hacking(self):
        listed = set(re.findall(r"^  ([a-z]+) ", procs.run(DEV).stdout, re.MULTILINE))
        written = set(re.findall(r"`\./dev ([a-z]+)", tree.read("HACKING.md")))
        self.assertEqual(listed, written)

    def test_unknown_word_is_refused_with_the_valid_ones(self):
        done = procs.run(DEV, "nonsense", codes=(2,))
        self.assertEqual("", done.stdout)
        self.assertRegex(
            done.stderr, r"no word 'nonsense'; the words are: setup build test .*check"
        )

    def test_unknown_tier_fuzz_target_and_benchmark_are_refused(self):
        for word in ("test", "fuzz", "bench"):
            with self.subTest(word=word):
                self.assertIn("'nonsense'", procs.run(DEV, word, "nonsense", codes=(2,)).stderr)

    def test_build_machine_runs_what_the_readme_says(self):
        command = re.search(r"^exec (.*)$", tree.read(".ci/run"), re.MULTILINE).group(1)
        self.assertEqual("./dev test", command)
        self.assertIn(command, tree.read("README.md"))


if __name__ == "__main__":
    unittest.main()
