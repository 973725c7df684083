# SPDX-License-Identifier: Apache-2.0
"""What every source file keeps: the licence line, sizes that can be read, no unfinished work, no
sleeping tests."""

import re
import unittest

import tree

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
CODE = (
    ".c",
    ".h",
    ".py",
    ".cmake",
    ".sh",
    ".pml",
    ".html",
    ".css",
    ".js",
    ".java",
    ".service",
    "CMakeLists.txt",
)
MAY_WAIT = "tests/lib/procs.py"  # wait_for: the one place that lets time pass, for a condition


def functions(text):
    """(name, first line, lines) of each function; the format puts a function's braces alone in
    column 0."""
    lines = tree.without_comments(text).splitlines()
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin is not None:
            head = " ".join(lines[max(0, begin - 6) : begin - 1])
            names = re.findall(r"(\w+)\s*\((?!.*[;{}])", head)
            yield (names[0] if names else "?"), begin, number - begin + 1
            begin = None


class SourcesTest(unittest.TestCase):
    def test_licence_is_in_the_first_lines(self):
        missing = [
            path
            for path in tree.files(".", *CODE)
            if "SPDX-License-Identifier: Apache-2.0"
            not in "".join(tree.read(path).splitlines(True)[:2])
        ]
        self.assertEqual([], missing)

    def test_functions_can_be_read_at_once(self):
        long = []
        for path in tree.files("src", ".c", ".h"):
            for name, line, count in functions(tree.read(path)):
                if count > FUNCTION_LINES_MAX:
                    long.append(f"{path}:{line}: {name} has {count} lines")
        self.assertEqual([], long)

    def test_files_stay_short(self):
        long = []
        for path in tree.files("src", ".c", ".h"):
            text = tree.read(path)
            if text.count("\n") > FILE_LINES_MAX and not tree.is_generated(text):
                long.append(f"{path} has {text.count(chr(10))} lines")
        self.assertEqual([], long)

    def test_nothing_is_left_unfinished(self):
        # Put together, so that this file does not find itself.
        pattern = re.compile(
            r"\b(%s)\b" % "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"])
        )
        found = []
        for path in tree.files(".", *CODE, ".md", ".avsc", ".conf"):
            for number, line in enumerate(tree.read(path).splitlines(), 1):
                if pattern.search(line):
                    found.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual([], found)

    def test_no_test_sleeps(self):
        pattern = re.compile(r"\b(sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep)\s*\(")
        found = []
        for path in tree.files("tests", ".c", ".h", ".py"):
            if path == MAY_WAIT or path.startswith("tests/bench/"):
                continue
            text = tree.read(path)
            code = tree.without_comments(text) if not path.endswith(".py") else text
            for number, line in enumerate(code.splitlines(), 1):
                if pattern.search(line):
                    found.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual([], found)

    def test_long_functions_are_measured(self):
        text = "int f(int a,\n      int b)\n{\n" + "    a++;\n" * 80 + "}\n"
        self.assertEqual([("f", 3, 82)], list(functions(text)))


if __name__ == "__main__":
    unittest.main()
