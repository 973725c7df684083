# SPDX-License-Identifier: Apache-2.0
"""Plays a workload to `muster plan -` line by line, and checks every step from nothing but what was
said and what was answered: the constraints, the balance, the numbers and the moves.

    with Play(max_topics_per_collector=5) as play:
        play.collector("c1")
        play.topic("t1")
        step = play.settle()    # {"step": 1, "assigned": 1, ..., "owners": {"t1": "c1"}, "why": ...}
"""

import json
import math
import subprocess

import procs

CSP = "alibaba aws azure cloudit cloudtwin docker gcp openstack".split()
PRESET = {"group_by": "csp", "groups": CSP, "other": "other", "label_suffix": "_"}
ALIASES = dict.fromkeys(("AGENTCOUNT", "MaxAgentHost"), "max_topics_per_collector")


class Play:
    def __init__(self, binary=None, **policy):
        words = [*(binary or [procs.MUSTER, "plan", "-"]), "--owners", "--why"]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.keys = {}  # as they were said
        self.policy = {}  # with those of the preset
        self.now_ms = 0
        self.collectors = {}  # id -> {capacity..., labels, draining, held_until}
        self.topics = {}  # name -> {weight, parts, labels}
        self.loads = {}  # unit -> load
        self.owners = {}  # unit -> collector, held ones too
        self.shown = {}  # unit -> collector, as the last step showed it
        self.lines = []
        self._policy_keys(policy)
        self._say({"pool": policy})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        errors = self.process.stderr.read()
        code = self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()
        assert (code, rest, errors) == (0, "", ""), (code, rest, errors[-3000:])

    def _say(self, line):
        self.lines.append(line)
        try:
            self.process.stdin.write(json.dumps(line) + "\n")
            if "settle" in line:
                self.process.stdin.flush()
        except BrokenPipeError as error:
            raise AssertionError(self.process.stderr.read()[-3000:]) from error

    # --- what happens ---

    def collector(self, name, capacity=None, labels=None):
        said = {"id": name}
        if capacity is not None:
            said["capacity"] = capacity
        if labels:
            said["labels"] = labels
        self._say({"collector": said})
        pair = capacity if isinstance(capacity, dict) else {"weight": capacity}
        self.collectors[name] = {
            "units": pair.get("units") or math.inf,
            "weight": pair.get("weight") or math.inf,
            "labels": labels or {},
            "draining": False,
            "held_until": None,
        }

    def topic(self, name, weight=1, partitions=1, split=False, labels=None):
        said = {"name": name}
        if weight != 1:
            said["weight"] = weight
        if partitions != 1:
            said["partitions"] = partitions
        if split:
            said["split"] = True
        if labels:
            said["labels"] = labels
        self._say({"topic": said})
        parts = partitions if split else 0
        self.topics[name] = {"weight": weight, "parts": parts, "labels": labels or {}}

    def withdraw(self, name):
        self._say({"withdraw": name})
        del self.topics[name]

    def leave(self, name):
        self._say({"leave": name})
        row = self.collectors[name]
        delay_ms = self.policy.get("bounce_delay", 0)
        if delay_ms and not row["draining"]:
            row["held_until"] = self.now_ms + delay_ms
        else:
            del self.collectors[name]

    def drain(self, name):
        self._say({"drain": name})
        self.collectors[name]["draining"] = True

    def load(self, **values):
        self._say({"load": values})
        for name, value in values.items():
            if name in self.topics and self.topics[name]["parts"]:
                parts = self.topics[name]["parts"]
                for part in range(parts):
                    self._load_unit(f"{name}/{part}", value // parts + (part < value % parts))
            else:
                self._load_unit(name, value)

    def _load_unit(self, unit, value):
        old = self.loads.get(unit)
        if old is None or abs(value - old) * 10 > old:
            self.loads[unit] = value

    def at(self, now_ms):
        self._say({"at_ms": now_ms})
        self.now_ms = now_ms
        for name, row in list(self.collectors.items()):
            if row["held_until"] is not None and row["held_until"] <= now_ms:
                del self.collectors[name]

    def set_policy(self, **policy):
        self._say({"policy": policy})
        self._policy_keys(policy)

    def _policy_keys(self, policy):
        for key, value in policy.items():
            key = ALIASES.get(key, key)
            if value is None:
                self.keys.pop(key, None)
            else:
                self.keys[key] = value
        self.policy = {**(PRESET if "preset" in self.keys else {}), **self.keys}

    def settle(self):
        self._say({"settle": True})
        text = self.process.stdout.readline()
        assert text, self.process.stderr.read()[-3000:]
        step = json.loads(text)
        # What comes again within the step is what was there before.
        self.loads = {unit: self.loads[unit] for unit in self.units() if unit in self.loads}
        self._check(step)
        return step

    # --- what must hold ---

    def _units_of(self, name):
        parts = self.topics[name]["parts"]
        return [f"{name}/{part}" for part in range(parts)] if parts else [name]

    def units(self):
        return [unit for name in self.topics for unit in self._units_of(name)]

    def weight(self, unit):
        return self.topics[unit.split("/")[0]]["weight"]

    def burden(self, unit):
        kind = self.policy.get("balance", "count")
        if kind == "count":
            return 1
        return self.loads.get(unit, self.weight(unit)) if kind == "load" else self.weight(unit)

    def cap(self):
        return 1 if self.policy.get("isolated") else self.policy.get("max_topics_per_collector", math.inf)

    def _known(self, value):
        """The group that the policy writes for this value, None if it is not listed."""
        listed = self.policy.get("groups")
        other = self.policy.get("other")
        if listed is None:
            return value if value == other else None
        for group in list(listed) + ([other] if other else []):
            if group.lower() == value.lower():
                return group
        return None

    def unit_group(self, unit):
        topic = unit.split("/")[0]
        label = self.policy.get("group_by")
        if not label:
            return ""
        value = self.topics[topic]["labels"].get(label, "")
        mark = self.policy.get("label_suffix")
        if not value and mark and mark in topic:
            value = topic.rsplit(mark, 1)[1]
            if value and self.policy.get("groups") and not self._known(value):
                value = ""
        known = self._known(value) if value else None
        if known:
            return known
        if value and not self.policy.get("groups"):
            other = self.policy.get("other")
            serves = {self.collector_group(name) for name in self.collectors}
            return value if not other or value in serves else other
        return self.policy.get("other") or value

    def collector_group(self, name):
        label = self.policy.get("group_by")
        value = self.collectors[name]["labels"].get(label, "") if label else ""
        return (self._known(value) or value) if value else ""

    def may(self, name):
        """The collector is to have something."""
        row = self.collectors[name]
        return not row["draining"] and row["held_until"] is None

    def _check(self, step):
        owners = step["owners"]
        assert set(owners) == set(self.units())
        full = dict(owners)  # as the planner sees it: what waits for one that has left is with it
        for unit, text in step["why"].items():
            if text.startswith("waits for "):
                full[unit] = self.owners[unit]
                assert owners[unit] is None and f"for {full[unit]}," in text, (unit, text)
                assert self.collectors[full[unit]]["held_until"] is not None, (unit, text)
        owned = {unit: owner for unit, owner in owners.items() if owner is not None}
        assert step["assigned"] == len(owned)
        assert step["pending"] == len(owners) - len(owned)
        moves = sum(
            1
            for unit, owner in owned.items()
            if self.shown.get(unit) not in (None, owner)
        )
        assert step["moves"] == moves, (step["moves"], moves)
        assert step["moves_min"] in (None, step["moves"]), step
        self._check_hard(owned)
        self._check_pending(step, owned, full)
        self._check_even(owned)
        self._check_numbers(step, owned)
        self._check_why(step)
        self.owners = full
        self.shown = owners

    def by_collector(self, owned):
        has = {name: [] for name in self.collectors}
        for unit, owner in owned.items():
            assert owner in has, f"{unit} is with {owner}, which is not in"
            has[owner].append(unit)
        return has

    def _check_hard(self, owned):
        cap = self.cap()
        for name, units in self.by_collector(owned).items():
            row = self.collectors[name]
            assert self.may(name) or not units, f"{name} is to have nothing"
            assert len(units) <= min(cap, row["units"]), f"{name} has {len(units)}"
            assert sum(map(self.weight, units)) <= row["weight"], f"{name} has too much weight"
            for unit in units:
                pin = self.topics[unit.split("/")[0]]["labels"].get("pin")
                assert self.unit_group(unit) == self.collector_group(name), f"{unit} on {name}"
                assert not pin or pin == name, f"{unit} is pinned to {pin}"
        self._check_spread(owned)

    def _check_spread(self, owned):
        label = self.policy.get("spread_by")
        if not label:
            return
        has = {}
        for unit, owner in owned.items():
            place = self.collectors[owner]["labels"].get(label)
            if place:
                has.setdefault((self.unit_group(unit), place), []).append(unit)
        for place, units in has.items():
            assert len(units) <= self.policy["spread_max"], f"{place} has {units}"

    def _check_pending(self, step, owned, full):
        """Nothing waits that fits somewhere as things stand."""
        has = self.by_collector(owned)
        places = {}
        for unit, owner in full.items():
            if owner is None:
                continue
            key = (self.unit_group(unit), self._place(owner))
            places[key] = places.get(key, 0) + 1
        for unit, text in step["why"].items():
            if not text.startswith("pending: "):
                continue
            for name, units in has.items():
                assert not self._fits(unit, name, units, places), f"{unit} waits, but fits on {name}"

    def _place(self, name):
        label = self.policy.get("spread_by")
        return self.collectors[name]["labels"].get(label) if label else None

    def _fits(self, unit, name, units, places):
        row = self.collectors[name]
        pin = self.topics[unit.split("/")[0]]["labels"].get("pin")
        place = self._place(name)
        return (
            self.may(name)
            and pin in (None, "", name)
            and self.unit_group(unit) == self.collector_group(name)
            and len(units) < min(self.cap(), row["units"])
            and sum(map(self.weight, units)) + self.weight(unit) <= row["weight"]
            and (place is None or places.get((self.unit_group(unit), place), 0) < self.policy["spread_max"])
        )

    def _check_even(self, owned):
        """Even by number, where nothing but caps, groups and capacities in units stands against it."""
        other = {"spread_by", "affinity", "move_budget", "stabilization", "min_gain"} & set(self.policy)
        is_mixed = any(row["weight"] < math.inf for row in self.collectors.values()) or any(
            "pin" in topic["labels"] for topic in self.topics.values()
        )
        kind = (self.policy.get("balance", "count"), self.policy.get("mode", "even"))
        if other or is_mixed or kind != ("count", "even"):
            return
        has = self.by_collector(owned)
        for group in {self.collector_group(name) for name in has}:
            rows = [name for name in has if self.may(name) and self.collector_group(name) == group]
            most = max((len(has[name]) for name in rows), default=0)
            for name in rows:
                room = min(self.cap(), self.collectors[name]["units"]) - len(has[name])
                assert room == 0 or len(has[name]) >= most - 1, f"{name} has {len(has[name])} of {most}"

    def _check_numbers(self, step, owned):
        has = self.by_collector(owned)
        burdens = [sum(map(self.burden, has[name])) for name in has if self.may(name)]
        if not burdens:
            assert step["max"] is step["min"] is step["mean"] is None, step
            return
        assert (step["max"], step["min"]) == (max(burdens), min(burdens)), (step, burdens)
        assert abs(step["mean"] - sum(burdens) / len(burdens)) < 0.0006, (step, burdens)

    def _check_why(self, step):
        assert set(step["why"]) == set(step["owners"])
        for unit, text in step["why"].items():
            owner = step["owners"][unit]
            assert (owner in text) if owner else text.startswith(("pending: ", "waits for ")), text
            assert "(null)" not in text and text.strip() == text, text
