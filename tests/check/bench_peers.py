# SPDX-License-Identifier: Apache-2.0
"""What the planner's benchmark stands on: its judge against an exhaustive search, its weights, its
steps and its table."""

import array
import hashlib
import importlib.util
import itertools
import json
import os
import random
import tempfile
import unittest

import procs
import tree

PEERS = os.path.join(tree.BUILD, "bench", "peers")
NOBODY, ABSENT, TWICE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def load_plan():
    path = os.path.join(procs.SOURCE, "tests", "bench", "plan.py")
    spec = importlib.util.spec_from_file_location("bench_plan", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


plan = load_plan()


class PeersTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="muster-judge-")
        self.addCleanup(procs.run, "rm", "-r", self.folder)
        self.random = random.Random(7)

    def file(self, name, numbers):
        path = os.path.join(self.folder, name)
        plan.write_numbers(path, numbers)
        return path

    def judge(self, before, after, there, code, **options):
        """The judge's line; options: weights, capacities, groups=(units, collectors)."""
        words = []
        for name, values in options.items():
            lists = values if name == "groups" else [values]
            words += ["--" + name] + [self.file(f"{name}{i}", v) for i, v in enumerate(lists)]
        words += ["-" if before is None else self.file("before", before)]
        words += [self.file("after", after), self.file("there", there)]
        return json.loads(procs.run(os.path.join(PEERS, "check"), *words, codes=(code,)).stdout)


def is_balanced(owners, there, unit_groups, collector_groups, capacities):
    for group in set(unit_groups):
        members = [c for c in there if collector_groups[c] == group]
        roomy = [owners.count(c) for c in members if owners.count(c) < capacities[c]]
        if roomy and max(owners.count(c) for c in members) - min(roomy) > 1:
            return False
    return True


def moves_of(before, after):
    return sum(b != NOBODY and a not in (NOBODY, b) for a, b in zip(after, before))


def least_moves(before, there, unit_groups, collector_groups, capacities):
    """By trying every assignment that assigns as many as possible and is balanced."""
    most = -1
    for owners in itertools.product(
        *([NOBODY] + [c for c in there if collector_groups[c] == group] for group in unit_groups)
    ):
        assigned = len(owners) - owners.count(NOBODY)
        if (
            assigned < most
            or any(owners.count(c) > capacities[c] for c in there)
            or not is_balanced(owners, there, unit_groups, collector_groups, capacities)
        ):
            continue
        moves = moves_of(before, owners)
        least = moves if assigned > most else min(least, moves)
        most = assigned
    return least, most


class JudgeTest(PeersTest):
    def compare_minimum(self, units, collectors, group_count, capacity_max=0):
        numbers = range(collectors + group_count)
        collector_groups = [i % group_count for i in numbers]
        unit_groups = [self.random.randrange(group_count) for _ in range(units)]
        there = sorted(self.random.sample(numbers, collectors))
        while {collector_groups[c] for c in there} != set(range(group_count)):
            there = sorted(self.random.sample(numbers, collectors))
        # Anybody of the first few: with so few of them some have far too much.
        before = [
            self.random.choice([c for c in numbers if collector_groups[c] == group][:2] + [NOBODY])
            for group in unit_groups
        ]
        capacities = [self.random.randint(1, capacity_max) if capacity_max else 99 for _ in numbers]
        after = []
        for group in unit_groups:
            free = [
                c for c in there
                if collector_groups[c] == group and after.count(c) < capacities[c]
            ]
            after.append(free[0] if free else NOBODY)
        options = {"capacities": capacities} if capacity_max else {}
        options["groups"] = (unit_groups, collector_groups)
        line = self.judge(before, after, there, 0, **options)
        about = (unit_groups, collector_groups, capacities)
        with self.subTest(before=before, there=there, groups=unit_groups, capacities=capacities):
            least, most = least_moves(before, there, *about)
            self.assertEqual((least, most), (line["moves_min"], line["assigned"]))
            self.assertEqual(moves_of(before, after), line["moves"])
            self.assertEqual(is_balanced(after, there, *about), line["balanced"])

    def test_minimum_is_that_of_an_exhaustive_search(self):
        for _ in range(40):
            self.compare_minimum(self.random.randrange(1, 6), self.random.randrange(1, 5), 1)
        for _ in range(20):
            self.compare_minimum(5, self.random.randrange(2, 5), 2)

    def test_minimum_is_that_of_an_exhaustive_search_under_capacities(self):
        for _ in range(40):
            self.compare_minimum(self.random.randrange(1, 6), self.random.randrange(1, 5), 1, 4)
        for _ in range(20):
            self.compare_minimum(5, self.random.randrange(2, 5), 2, 3)

    def test_pending_is_right_only_where_nothing_has_room(self):
        line = self.judge(None, [0, 1, NOBODY], [0, 1], 0, capacities=[1, 1])
        self.assertEqual((True, 1), (line["complete"], line["pending"]))
        line = self.judge(None, [0, NOBODY], [0, 1], 1, capacities=[1, 1])
        self.assertEqual("nobody has a unit for which there is room in group 0", line["trouble"])

    def test_whole_and_even_result_is_told_in_numbers(self):
        line = self.judge([0, 0, 1, NOBODY, 2], [0, 3, 1, 3, 1], [0, 1, 3], 0)
        self.assertEqual(
            {
                "complete": True, "balanced": True, "assigned": 5, "pending": 0, "moves": 2,
                "moves_min": 1, "forced": 1, "max": 2, "min": 1, "trouble": None,
            },
            line,
        )

    def test_each_fault_is_found(self):
        for after, trouble in (
            ([0, NOBODY], "nobody has unit 1"),
            ([TWICE, 0], "two collectors have unit 0"),
            ([0, 2], "a collector that is not there has unit 1"),
            ([0], "unit without a word in AFTER: 1"),
        ):
            with self.subTest(trouble=trouble):
                line = self.judge([0, 1], after, [0, 1], 1)
                self.assertEqual((False, trouble), (line["complete"], line["trouble"]))
        line = self.judge(None, [0, 1], [0, 1], 1, groups=([1, 1], [0, 1]))
        self.assertEqual("a collector of another group has unit 0", line["trouble"])
        line = self.judge(None, [0, 0, 1], [0, 1], 1, weights=[5, 6, 1], capacities=[10, 10])
        self.assertEqual("over its capacity is collector 0", line["trouble"])

    def test_what_makes_no_sense_is_refused(self):
        for there in ([0, 0], [NOBODY]):
            with self.subTest(there=there), self.assertRaisesRegex(AssertionError, "ended with 2"):
                self.judge(None, [0], there, 0)

    def test_capacity_is_none_where_none_is_given(self):
        line = self.judge(None, [0, 0], [0], 0, weights=[0xFFFFFFF0, 0xFFFFFFF0])
        self.assertEqual(2 * 0xFFFFFFF0, line["weight_max"])

    def test_unit_that_is_not_there_counts_nowhere(self):
        line = self.judge([0, 0, 1], [0, ABSENT, 1], [0, 1], 0)
        self.assertEqual(
            (2, 0, 0, 1), tuple(line[k] for k in ("assigned", "moves", "moves_min", "max"))
        )

    def test_weight_bound_is_never_above_the_best(self):
        met = 0
        for _ in range(40):
            weights = [self.random.randrange(1, 20) for _ in range(self.random.randrange(1, 7))]
            there = list(range(self.random.randrange(1, 4)))
            best = min(
                max(sum(w for w, o in zip(weights, owners) if o == c) for c in there)
                for owners in itertools.product(there, repeat=len(weights))
            )
            line = self.judge(None, [0] * len(weights), there, 0, weights=weights)
            self.assertLessEqual(line["weight_bound"], best)
            self.assertEqual(sum(weights), line["weight_max"])
            met += line["weight_bound"] == best
        self.assertGreater(met, 20)


class WeightsTest(PeersTest):
    def weights(self, seed, count):
        path = os.path.join(self.folder, "weights")
        procs.run(os.path.join(PEERS, "weights"), str(seed), str(count), path)
        with open(path, "rb") as file:
            return file.read()

    def test_same_seed_gives_the_same_bytes_everywhere(self):
        digest = hashlib.sha256(self.weights(1, 10000)).hexdigest()
        self.assertEqual("5f1b5de0834869e62dee60962254e6c727ea35c90573d47ef4c79272c9f17906", digest)
        self.assertNotEqual(self.weights(1, 100), self.weights(2, 100))

    def test_values_follow_the_law(self):
        values = sorted(array.array("I", self.weights(3, 100000)))
        self.assertEqual(5, values[0])
        self.assertLessEqual(values[-1], 500000)
        masses = [w**-1.1 for w in range(5, 500001)]
        whole = sum(masses)
        for most in (5, 10, 100, 1000, 10000, 100000):
            expected = sum(masses[: most - 4]) / whole
            found = sum(v <= most for v in values) / len(values)
            self.assertAlmostEqual(expected, found, delta=0.006, msg=f"share of those up to {most}")


class StepsTest(unittest.TestCase):
    def test_steps_change_as_many_as_they_say(self):
        for collectors in (10, 100, 1000, 10000):
            steps = dict(plan.steps_of(collectors))
            former = set()
            changes = []
            for there in steps.values():
                changes.append((len(there - former), len(former - there)))
                former = there
            tenth = collectors // 10
            self.assertEqual(
                [(collectors, 0), (1, 0), (0, 1), (tenth, 0), (0, tenth), (0, tenth), (tenth, 0)],
                changes,
            )
            self.assertEqual(steps["-10%"], steps["bounce"])

    def line(self, peer, step, **more):
        return {
            "peer": peer, "case": "even", "topics": 1000, "partitions": 5, "collectors": 10,
            "step": step, "time_ms": 1.25, "cpu_ms": 1, "first_ms": 2, "assigned": 5000,
            "pending": 0, "moves": 1200, "moves_min": 1000, "forced": 7, "max": 500, "min": 499,
            "balanced": True, "trouble": None, **more,
        }

    def test_table_shows_peers_of_a_step_together(self):
        lines = [self.line("floor", "full"), self.line("muster", "+1", add_ms=0.5)]
        lines.append(self.line("muster", "full", balanced=False))
        lines.append({**self.line("muster", "the rest", trouble="stopped after 9 s")})
        del lines[-1]["time_ms"]
        self.assertEqual(
            """\
shape           step      peer      ms  adding   cpu  cold  moves  minimum  max/min  check
1,000 x 5 x 10  full      floor   1.25          1.00  2.00  1,200    1,000  500/499  ok
1,000 x 5 x 10  full      muster  1.25          1.00  2.00  1,200    1,000  500/499  uneven
1,000 x 5 x 10  +1        muster  1.25    0.50  1.00  2.00  1,200    1,000  500/499  ok
1,000 x 5 x 10  the rest  muster                                                     stopped after 9 s""",
            plan.table(lines),
        )

    def test_table_of_cases_compares_with_even_weights_and_a_recompute(self):
        weights = {"weight_max": 101, "weight_mean": 100.0, "weight_bound": 100}
        lines = [
            self.line("muster", "+1"),
            self.line("muster", "+1", case="zipf", cpu_ms=3, add_ms=0.5, **weights),
            self.line("afresh", "+1", case="zipf", cpu_ms=50, moves=4800, **weights),
        ]
        cells = plan.table_cases(lines).splitlines()[2].split("  ")
        self.assertEqual(
            ["zipf", "+1", "1.25", "0.50", "3.00", "3.0", "50.00", "1,200", "7", "25.00 %", "1.01000",
             "1.00000", "0", "ok"],
            [cell.strip() for cell in cells if cell.strip()],
        )

    def test_bounce_is_one_line(self):
        halves = [
            {
                "step": step, "time_ms": 1.5, "first_ms": 2, "moves": 3, "moves_min": 2,
                "complete": True, "balanced": balanced, "trouble": None,
            }
            for step, balanced in (("bounce.away", False), ("bounce", True))
        ]
        (line,) = plan.bounces_join(halves)
        self.assertEqual(
            ("bounce", 3.0, 6, 4, False),
            tuple(line[k] for k in ("step", "time_ms", "moves", "moves_min", "balanced")),
        )


if __name__ == "__main__":
    unittest.main()
