# SPDX-License-Identifier: Apache-2.0
"""What muster promises, and which test shows it: the table in tests/README.md against the ids that
tests carry.

A test that proves a statement carries its id (two letters and a number) in its name or a comment.
The statements are written by hand, in the table; `python3 tests/check/statements.py --write` sets
the column of the files and the list of what is not shown.
"""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import tree

PAGE = "tests/README.md"
BEGIN, END = "<!-- statements -->\n", "<!-- end of statements -->"
LAST = {"CB": 52, "TG": 20, "MR": 32, "PD": 24, "EE": 22}
UNSAID = "(to be said)"
COMMAND = "python3 tests/check/statements.py --write"
HEAD = "| id | statement | shown by |\n|---|---|---|\n"


def all_ids():
    return [f"{kind}-{number}" for kind, last in LAST.items() for number in range(1, last + 1)]


def claims():
    """{id: [files below tests/]} as the tests say."""
    found = {}
    for path in tree.files("tests", ".c", ".h", ".py", ".story"):
        if path == os.path.relpath(os.path.abspath(__file__), tree.SOURCE):
            continue
        for name in set(re.findall(r"\b(?:CB|TG|MR|PD|EE)-\d+\b", tree.read(path))):
            found.setdefault(name, []).append(os.path.relpath(path, "tests"))
    return found


def split_page():
    """The page before the table, the table, the page behind it."""
    before, rest = tree.read(PAGE).split(BEGIN)
    table, behind = rest.split(END)
    return before, table, behind


def statements(table):
    return dict(re.findall(r"^\| ([A-Z]{2}-\d+) \| (.*?) \|", table, re.MULTILINE))


def table_of(said, claimed):
    """The table as it has to be."""
    rows, silent = [], []
    for name in all_ids():
        if name in claimed:
            files = " ".join(f"`{path}`" for path in claimed[name])
            rows.append(f"| {name} | {said.get(name, UNSAID)} | {files} |\n")
        else:
            silent.append(name)
    return HEAD + "".join(rows) + f"\nNot shown yet: {', '.join(silent)}.\n"


class StatementsTest(unittest.TestCase):
    def setUp(self):
        self.table = split_page()[1]
        self.claimed = claims()

    def test_no_test_carries_an_id_that_does_not_exist(self):
        self.assertEqual(set(), set(self.claimed) - set(all_ids()))

    def test_table_says_which_files_show_what(self):
        wanted = table_of(statements(self.table), self.claimed)
        self.assertTrue(wanted == self.table, f"{PAGE} is stale: run '{COMMAND}'")

    def test_every_id_that_is_shown_has_its_statement(self):
        said = statements(self.table)
        unsaid = [name for name in self.claimed if said.get(name, UNSAID) == UNSAID]
        self.assertEqual([], unsaid, f"run '{COMMAND}' and say in {PAGE} what they mean")


def main():
    if "--write" not in sys.argv:
        unittest.main()
    before, table, behind = split_page()
    with open(os.path.join(tree.SOURCE, PAGE), "w", encoding="utf-8") as page:
        page.write(before + BEGIN + table_of(statements(table), claims()) + END + behind)


if __name__ == "__main__":
    main()
