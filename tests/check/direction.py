# SPDX-License-Identifier: Apache-2.0
"""Which room may include which, and which library, as cmake/rooms.cmake and ARCHITECTURE.md say."""

import os
import re
import unittest

import tree

# Headers from outside belong to the one room that wraps them.
OUTSIDE = {
    "librdkafka": "kafka",
    "event2": "net",
    "avro": "wire",
    "avro.h": "wire",
    "cjson": "wire",
}


def includes(path):
    for number, line in enumerate(tree.read(path).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def judge(room, may_use, is_ours, name):
    """What is wrong with this include in that room, or None."""
    first = name.split("/")[0]
    if not is_ours:
        owner = OUTSIDE.get(first)
        return f"<{name}> belongs to src/{owner}" if owner and owner != room else None
    if "/" not in name:
        return f'"{name}" is not written "room/file.h"'
    if first != room and first not in may_use[room]:
        return f"src/{room} may not use src/{first}"
    return None


class DirectionTest(unittest.TestCase):
    def setUp(self):
        self.may_use, self.pure = tree.rooms()

    def test_every_room_is_in_the_table(self):
        present = {p.split("/")[1] for p in tree.files("src", ".c", ".h") if p.count("/") > 1}
        self.assertEqual(set(), present - set(self.may_use))

    def test_table_has_no_circle(self):
        for room, used in self.may_use.items():
            reached = set(used)
            while True:
                more = reached.union(*(self.may_use[u] for u in reached))
                if more == reached:
                    break
                reached = more
            self.assertNotIn(room, reached)

    def test_includes_follow_the_table(self):
        wrong = []
        for path in tree.files("src", ".c", ".h"):
            if path.count("/") < 2:
                continue
            for number, is_ours, name in includes(path):
                problem = judge(path.split("/")[1], self.may_use, is_ours, name)
                if problem:
                    wrong.append(f"{path}:{number}: {problem}")
        self.assertEqual([], wrong)

    def test_included_files_of_ours_exist_once(self):
        missing = []
        for path in tree.files("src", ".c", ".h"):
            for number, is_ours, name in includes(path):
                if is_ours and not os.path.exists(os.path.join(tree.SOURCE, "src", name)):
                    missing.append(f"{path}:{number}: {name}")
        self.assertEqual([], missing)

    def test_wrong_includes_are_seen(self):
        self.assertIsNotNone(judge("plan", self.may_use, True, "control/control.h"))
        self.assertIsNotNone(judge("base", self.may_use, True, "proto/records.h"))
        self.assertIsNotNone(judge("cli", self.may_use, True, "command.h"))
        self.assertIsNotNone(judge("daemon", self.may_use, False, "librdkafka/rdkafka.h"))
        self.assertIsNone(judge("control", self.may_use, True, "plan/plan.h"))


if __name__ == "__main__":
    unittest.main()
