# SPDX-License-Identifier: Apache-2.0
"""What went wrong in older systems, and what the policies promise, played to `muster plan`.

Every step is checked by tests/lib/workload.py, which knows nothing of the planner; the tests say
what is to be seen besides.
"""

import random
import unittest

from workload import CSP, Play


def collectors(play, count, **labels):
    for number in range(count):
        play.collector(f"c{number}", labels=labels)


def topics(play, count, first=0):
    for number in range(first, first + count):
        play.topic(f"t{number}")


def loads(step):
    """How many units each owner has, the most first."""
    owners = [owner for owner in step["owners"].values() if owner]
    return sorted((owners.count(name) for name in set(owners)), reverse=True)


class CapTest(unittest.TestCase):
    def test_topic_beyond_the_cap_wants_another_collector(self):
        """CB-1, CB-2"""
        with Play(AGENTCOUNT=5) as play:
            self.assertEqual(0, play.settle()["collectors_wanted"])
            collectors(play, 1)
            topics(play, 5)
            step = play.settle()
            self.assertEqual((5, 0, 1), (step["assigned"], step["pending"], step["collectors_wanted"]))
            play.topic("t5")
            step = play.settle()
            self.assertEqual((5, 1, 2), (step["assigned"], step["pending"], step["collectors_wanted"]))
            self.assertIn("max_topics_per_collector", step["why"]["t5"])
            play.collector("second")
            self.assertEqual(6, play.settle()["assigned"])
            topics(play, 20, first=6)
            self.assertEqual(6, play.settle()["collectors_wanted"])

    def test_announced_again_it_is_one(self):
        """CB-3, PD-17"""
        with Play(MaxAgentHost=5) as play:
            collectors(play, 2)
            for _ in range(4):
                topics(play, 3)
            before = play.settle()
            self.assertEqual(3, before["assigned"])
            topics(play, 3)
            after = play.settle()
            self.assertEqual((before["owners"], 0), (after["owners"], after["moves"]))

    def test_collector_that_loses_its_last_topic_is_wanted_no_more(self):
        """CB-4"""
        with Play(max_topics_per_collector=2, mode="pack") as play:
            collectors(play, 3)
            topics(play, 5)
            self.assertEqual([2, 2, 1], loads(play.settle()))
            play.withdraw("t4")
            step = play.settle()
            self.assertEqual(([2, 2], 2), (loads(step), step["collectors_wanted"]))

    def test_topic_more_moves_nobody_where_there_is_room(self):
        """CB-5"""
        with Play(max_topics_per_collector=5) as play:
            collectors(play, 3)
            topics(play, 11)
            before = play.settle()
            play.topic("one.more")
            after = play.settle()
            self.assertEqual(0, after["moves"])
            self.assertEqual(before["collectors_wanted"], after["collectors_wanted"])
            for topic, owner in before["owners"].items():
                self.assertEqual(owner, after["owners"][topic])

    def test_random_changes_move_less_than_one_on_average(self):
        """CB-6: an older system moved 105.9 agents with each change."""
        draw = random.Random(5)
        with Play(max_topics_per_collector=5, mode="pack") as play:
            collectors(play, 220)
            topics(play, 1000)
            play.settle()
            live, number, moves = [f"t{i}" for i in range(1000)], 1000, []
            for _ in range(150):
                if len(live) < 1050 and draw.random() < 0.5:
                    play.topic(f"t{number}")
                    live.append(f"t{number}")
                    number += 1
                else:
                    at = draw.randrange(len(live))
                    live[at], live[-1] = live[-1], live[at]
                    play.withdraw(live.pop())
                step = play.settle()
                self.assertEqual(0, step["pending"])
                moves.append(step["moves"])
            self.assertLessEqual(sum(moves) / len(moves), 1)
            self.assertLessEqual(max(moves), 5)

    def test_random_changes_of_an_even_pool_move_less_than_one_on_average(self):
        """CB-6"""
        draw = random.Random(6)
        with Play(max_topics_per_collector=5) as play:
            collectors(play, 210)
            topics(play, 1000)
            play.settle()
            total = 0
            for number in range(150):
                name = draw.choice(sorted(play.topics))
                play.withdraw(name) if draw.random() < 0.5 else play.topic(f"more{number}")
                step = play.settle()
                self.assertEqual(step["moves_min"], step["moves"])
                total += step["moves"]
            self.assertLessEqual(total / 150, 1)

    def test_lower_cap_moves_the_excess_and_a_higher_one_nobody(self):
        """CB-7"""
        with Play(max_topics_per_collector=4, mode="pack") as play:
            collectors(play, 4)
            topics(play, 8)
            self.assertEqual([4, 4], loads(play.settle()))
            play.set_policy(max_topics_per_collector=3, mode=None)
            step = play.settle()
            self.assertLessEqual(max(loads(step)), 3)
            play.set_policy(max_topics_per_collector=9)
            self.assertEqual(0, play.settle()["moves"])

    def test_even_and_packed_are_both_to_be_had(self):
        """CB-17: eleven agents, five at most"""
        for mode, wanted in (("pack", [5, 5, 1]), ("even", [4, 4, 3])):
            with self.subTest(mode), Play(max_topics_per_collector=5, mode=mode) as play:
                collectors(play, 3)
                topics(play, 11)
                self.assertEqual(wanted, loads(play.settle()))


class GroupTest(unittest.TestCase):
    def providers(self, play, per=1):
        for provider in [*CSP, "other"]:
            for number in range(per):
                play.collector(f"{provider}.{number}", labels={"csp": provider})

    def test_first_batch_is_assigned_whole(self):
        """CB-11: twenty agents at once, of which an older system lost some"""
        with Play(preset="csp") as play:
            self.providers(play)
            for number in range(20):
                play.topic(f"agent{number}_{CSP[number % 8]}")
            step = play.settle()
            self.assertEqual((20, 0), (step["assigned"], step["pending"]))

    def test_agents_are_with_their_provider(self):
        """CB-10, CB-12"""
        with Play(preset="csp") as play:
            self.providers(play)
            for provider in CSP:
                play.topic(f"small_{provider}")
                play.topic(f"LARGE_{provider.upper()}")
            play.topic("strange_ibm")
            play.topic("plain")
            owners = play.settle()["owners"]
            for topic, owner in owners.items():
                provider = topic.split("_")[-1].lower()
                self.assertEqual(provider if provider in CSP else "other", owner.split(".")[0])

    def test_provider_without_a_collector_waits(self):
        """CB-12"""
        with Play(preset="csp") as play:
            play.collector("a", labels={"csp": "aws"})
            play.topic("x_gcp")
            step = play.settle()
            self.assertEqual((1, None), (step["pending"], step["owners"]["x_gcp"]))
            self.assertIn("group", step["why"]["x_gcp"])
            play.collector("g", labels={"csp": "GCP"})
            self.assertEqual("g", play.settle()["owners"]["x_gcp"])

    def test_bad_withdrawals_do_not_stop_the_rest(self):
        """CB-13: announced four times it is one; it goes though nothing but its name is known"""
        with Play(preset="csp") as play:
            self.providers(play)
            for _ in range(4):
                play.topic("x_aws")
            self.assertEqual(1, play.settle()["assigned"])
            play.withdraw("x_aws")
            self.assertEqual(0, play.settle()["assigned"])

    def test_list_of_providers_is_configuration(self):
        """CB-14"""
        with Play(preset="csp", groups=["ibm", "aws"], max_topics_per_collector=2) as play:
            for provider in ("ibm", "aws", "other"):
                for number in range(2):
                    play.collector(f"{provider}.{number}", labels={"csp": provider})
            for number in range(4):
                play.topic(f"t{number}_ibm")
                play.topic(f"t{number}_aws")
            play.topic("t_gcp")
            step = play.settle()
            self.assertEqual((9, "other"), (step["assigned"], step["owners"]["t_gcp"].split(".")[0]))
            play.topic("t4_ibm")
            self.assertEqual(1, play.settle()["pending"])

    def test_names_that_differ_in_the_place_of_the_mark_are_two(self):
        """CB-23"""
        with Play(preset="csp") as play:
            self.providers(play)
            play.topic("vm_1aws")
            play.topic("vm1_aws")
            owners = play.settle()["owners"]
            self.assertEqual(("other.0", "aws.0"), (owners["vm_1aws"], owners["vm1_aws"]))


class OtherPoliciesTest(unittest.TestCase):
    def test_isolated_agents_have_a_collector_each(self):
        """CB-15"""
        with Play(isolated=True) as play:
            collectors(play, 2)
            topics(play, 3)
            step = play.settle()
            self.assertEqual((2, 1, 3), (step["assigned"], step["pending"], step["collectors_wanted"]))
            play.collector("more")
            self.assertEqual([1, 1, 1], loads(play.settle()))
            play.withdraw("t0")
            self.assertEqual(2, play.settle()["collectors_wanted"])

    def test_policy_changes_lose_nobody(self):
        """CB-16"""
        with Play() as play:
            for number, provider in enumerate([*CSP, "other"]):
                play.collector(f"c{number}", labels={"csp": provider, "rack": f"r{number % 3}"})
            for number in range(27):
                play.topic(f"t{number}_{(CSP + ['ibm'])[number % 9]}")
            for policy in (
                {"max_topics_per_collector": 4},
                {"preset": "csp"},
                {"max_topics_per_collector": 3, "mode": "pack"},
                {"preset": None, "mode": None},
                {"spread_by": "rack", "spread_max": 9},
                {"max_topics_per_collector": None, "balance": "weight"},
            ):
                with self.subTest(policy):
                    play.set_policy(**policy)
                    step = play.settle()
                    self.assertEqual((27, 0), (step["assigned"], step["pending"]))

    def test_host_holds_no_more_of_a_group_than_it_may(self):
        """MR-24"""
        with Play(group_by="ring", spread_by="host", spread_max=1) as play:
            for number in range(4):
                play.collector(f"c{number}", labels={"ring": "a", "host": f"h{number % 2}"})
            for number in range(3):
                play.topic(f"t{number}", labels={"ring": "a"})
            step = play.settle()
            self.assertEqual((2, 1), (step["assigned"], step["pending"]))
            (waiting,) = [unit for unit, owner in step["owners"].items() if owner is None]
            self.assertIn("spread_max", step["why"][waiting])
            play.collector("c4", labels={"ring": "a", "host": "h2"})
            self.assertEqual(3, play.settle()["assigned"])
            # MR-25: it holds from the first step after a change, whatever was before.
            play.set_policy(spread_max=2)
            play.settle()
            play.set_policy(spread_max=1)
            self.assertEqual(3, play.settle()["assigned"])

    def test_topic_is_placed_only_where_it_fits(self):
        """MR-26: what comes too early waits, and is not dropped"""
        with Play(balance="weight") as play:
            play.topic("early", weight=5)
            step = play.settle()
            self.assertEqual((0, 1), (step["assigned"], step["pending"]))
            play.collector("small", capacity={"weight": 4, "units": 2})
            step = play.settle()
            self.assertEqual((1, None), (step["pending"], step["max"] or None))
            self.assertIn("capacity", step["why"]["early"])
            play.collector("large", capacity=9)
            self.assertEqual("large", play.settle()["owners"]["early"])
            for number in range(4):
                play.topic(f"t{number}", weight=2)
            step = play.settle()
            owners = list(step["owners"].values())
            self.assertEqual((2, 3), (owners.count("small"), owners.count("large")))

    def test_zone_is_kept_while_there_is_room(self):
        with Play(affinity="zone", max_topics_per_collector=2) as play:
            play.collector("a", labels={"zone": "a"})
            play.collector("b", labels={"zone": "b"})
            for number in range(3):
                play.topic(f"a{number}", labels={"zone": "a"})
            owners = play.settle()["owners"]
            self.assertEqual(["a", "a", "b"], sorted(owners.values()))

    def test_pinned_topic_goes_nowhere_else(self):
        with Play() as play:
            collectors(play, 3)
            play.topic("p", labels={"pin": "c2"})
            self.assertEqual("c2", play.settle()["owners"]["p"])
            play.leave("c2")
            step = play.settle()
            self.assertEqual((None, 1), (step["owners"]["p"], step["pending"]))
            self.assertIn("pinned", step["why"]["p"])

    def test_budget_holds_moves_back_and_time_lets_them_go(self):
        with Play(move_budget=2) as play:
            collectors(play, 1)
            topics(play, 8)
            play.settle()
            play.collector("second")
            step = play.settle()
            self.assertEqual((2, None), (step["moves"], step["moves_min"]))
            self.assertEqual(0, play.settle()["moves"])
            play.at(60000)
            self.assertEqual(2, play.settle()["moves"])
            self.assertEqual([4, 4], loads(play.settle()))

    def test_collector_that_comes_back_in_time_moves_nobody(self):
        with Play(bounce_delay=30000) as play:
            collectors(play, 2)
            topics(play, 6)
            before = play.settle()
            play.leave("c0")
            step = play.settle()
            self.assertEqual((3, 3, 0), (step["assigned"], step["pending"], step["moves"]))
            play.at(29999)
            play.collector("c0")
            step = play.settle()
            self.assertEqual((before["owners"], 0), (step["owners"], step["moves"]))
            play.leave("c0")
            play.at(59999)
            step = play.settle()
            self.assertEqual((6, 3, 3), (step["assigned"], step["moves"], step["moves_min"]))

    def test_loads_are_evened_out_when_it_is_worth_it(self):
        with Play(balance="load") as play:
            collectors(play, 2)
            topics(play, 4)
            play.settle()
            play.load(t0=100, t1=100, t2=100, t3=100)
            play.settle()
            play.load(t0=102, t1=98)  # within a tenth: nothing changed
            self.assertEqual(0, play.settle()["moves"])
            first = [topic for topic, owner in play.owners.items() if owner == "c0"]
            play.load(**{topic: 900 for topic in first})
            step = play.settle()
            self.assertEqual((1000, 1000, 2), (step["max"], step["min"], step["moves"]))

    def test_split_topic_grows_without_a_move(self):
        with Play() as play:
            collectors(play, 3)
            play.topic("big", partitions=6, split=True)
            before = play.settle()
            play.topic("big", partitions=9, split=True)
            after = play.settle()
            self.assertEqual((9, 0, [3, 3, 3]), (after["assigned"], after["moves"], loads(after)))
            self.assertLessEqual(before["owners"].items(), after["owners"].items())
            play.topic("big", partitions=4, split=True)
            self.assertEqual(4, play.settle()["assigned"])
            play.topic("big", partitions=4)
            self.assertEqual({"big"}, set(play.settle()["owners"]))

    def test_drained_collector_is_emptied_and_gets_nothing(self):
        with Play() as play:
            collectors(play, 3)
            topics(play, 9)
            play.settle()
            play.drain("c1")
            step = play.settle()
            self.assertEqual((3, 3), (step["moves"], step["moves_min"]))
            topics(play, 4, first=9)
            self.assertNotIn("c1", play.settle()["owners"].values())


class RandomTest(unittest.TestCase):
    """Any history under any policy: the checker has the last word."""

    def policy(self, draw):
        policy = {}
        if draw.random() < 0.4:
            policy["max_topics_per_collector"] = draw.randint(1, 6)
        if draw.random() < 0.4:
            policy["balance"] = draw.choice(["count", "weight", "load"])
        if draw.random() < 0.3 and policy.get("balance") != "load":
            policy["mode"] = "pack"
        if draw.random() < 0.3:
            policy["group_by"] = "g"
            if draw.random() < 0.6:
                policy["groups"] = ["a", "b"]
            if draw.random() < 0.5:
                policy["other"] = "o"
            if draw.random() < 0.5:
                policy["label_suffix"] = "_"
        if draw.random() < 0.3:
            policy["affinity"] = "zone"
        if draw.random() < 0.3:
            policy.update(spread_by="host", spread_max=draw.randint(1, 3))
        for key, value in (("move_budget", 2), ("bounce_delay", 1000), ("tolerance", 0.05)):
            if draw.random() < 0.25:
                policy[key] = value
        return policy

    def labels(self, draw):
        labels = {}
        if draw.random() < 0.7:
            labels["g"] = draw.choice(["a", "b", "o", "x", "A"])
        if draw.random() < 0.6:
            labels["zone"] = draw.choice("zy")
        if draw.random() < 0.6:
            labels["host"] = draw.choice("hij")
        return labels

    def join(self, draw, play):
        away = [name for name, row in play.collectors.items() if row["held_until"] is not None]
        self.joined += 1
        name = draw.choice(away) if away and draw.random() < 0.5 else f"c{self.joined}"
        capacity = draw.choice([None, None, draw.randint(1, 30), {"units": draw.randint(1, 8)}])
        play.collector(name, capacity, self.labels(draw))

    def announce(self, draw, play):
        self.announced += 1
        name = f"t{self.announced}" + draw.choice(["", "", "_a", "_b", "_x"])
        if play.topics and (len(play.topics) > 40 or draw.random() < 0.1):
            name = draw.choice(sorted(play.topics))
        labels = self.labels(draw)
        if draw.random() < 0.05:
            labels["pin"] = f"c{draw.randint(1, 6)}"
        weight = draw.choice([1, 1, draw.randint(1, 20)])
        play.topic(name, weight, draw.choice([1, 1, 2, 4]), draw.random() < 0.2, labels)

    def change(self, draw, play):
        live = [name for name, row in play.collectors.items() if row["held_until"] is None]
        what = draw.random()
        if what < 0.15 or not live:
            self.join(draw, play)
        elif what < 0.25:
            play.leave(draw.choice(live))
        elif what < 0.3:
            play.drain(draw.choice(live))
        elif what < 0.4 and play.topics:
            play.withdraw(draw.choice(sorted(play.topics)))
        elif what < 0.45 and play.topics:
            play.load(**{draw.choice(play.units()): draw.randint(0, 100)})
        elif what < 0.5:
            play.at(play.now_ms + draw.choice([0, 100, 1000, 30000]))
        elif what < 0.54:
            play.set_policy(max_topics_per_collector=draw.choice([None, 2, 4]))
        elif what < 0.57 and play.policy.get("balance") != "load":
            play.set_policy(mode=draw.choice(["even", "pack"]))
        else:
            self.announce(draw, play)

    def test_every_step_of_random_histories_is_right(self):
        for seed in range(30):
            draw = random.Random(seed)
            self.joined = self.announced = 0
            with self.subTest(seed=seed), Play(**self.policy(draw)) as play:
                for _ in range(40):
                    for _ in range(draw.choice([1, 1, 1, 2, 10])):
                        self.change(draw, play)
                    play.settle()


if __name__ == "__main__":
    unittest.main()
