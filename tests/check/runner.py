# SPDX-License-Identifier: Apache-2.0
"""The runner of the C tests tells the truth: a failed assertion is a printed line and an exit
code."""

import os
import shutil
import tempfile
import unittest

import procs
import tree

TOY = r"""
#include "test.h"
static void good(void) { CHECK_INT(1 + 1, 2); }
static void bad(void)
{
    CHECK_INT(1 + 1, 3);
    CHECK_TEXT("a", "b");
    CHECK_BYTES("a", "b", 1);
    CHECK(0 > 1);
}
static const struct test tests[] = {TEST(good), TEST(bad)};
TEST_MAIN("toy", tests)
"""


class RunnerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="muster-runner-")
        source = os.path.join(cls.folder, "toy.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(TOY)
        library = os.path.join(tree.SOURCE, "tests", "lib")
        cls.toy = os.path.join(cls.folder, "toy")
        procs.run(
            "cc",
            "-std=c17",
            "-D_GNU_SOURCE",
            f'-DTESTS_FOLDER="{cls.folder}"',
            "-I",
            library,
            source,
            os.path.join(library, "test.c"),
            "-lcunit",
            "-o",
            cls.toy,
        )

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_failure_is_told_with_both_values(self):
        done = procs.run(self.toy, codes=(1,))
        self.assertIn("ok   good\n", done.stdout)
        self.assertIn("FAIL bad\n", done.stdout)
        self.assertIn("1 + 1 is 2, expected 3", done.stdout)
        self.assertIn("bytes are 61, expected 62", done.stdout)
        self.assertIn("0 > 1", done.stdout)
        self.assertIn("toy: 1 passed, 1 failed (5 assertions)", done.stdout)

    def test_one_test_can_be_chosen(self):
        self.assertIn("toy: 1 passed, 0 failed", procs.run(self.toy, "good").stdout)

    def test_unknown_test_is_refused_with_the_names(self):
        done = procs.run(self.toy, "nonsense", codes=(2,))
        self.assertIn("  good\n  bad\n", done.stderr)


if __name__ == "__main__":
    unittest.main()
