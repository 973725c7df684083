# SPDX-License-Identifier: Apache-2.0
"""How long nobody reads when something dies, leaves or joins.

    ./dev bench failover [PART...] [--rounds N] [--topics N] ...    (--help says all)

Parts (all but `broker` without one named):
  collector    one of three is killed with -9, and its topics are read again: restarted with its state
               file (proof of death), its death published, or nothing proved (lease of 3 s)
  drain        one of three hands over its topics, as many as --topics, to the others
  join         a fourth collector at 10,000 units (200 split topics of 50 partitions)
  coordinator  the leader of two is stopped, and killed
  peers        what users have today: consumer groups of librdkafka (range, cooperative-sticky) and of
               the Java client (group.protocol=consumer), three members, a session of 10 s: one is
               killed with -9, one joins
  broker       one of three brokers is killed (needs memory for three)

Clocks. `collector` and the kill of `peers`: from the kill (restarted: from its exec) until the sinks
have a record that was written into each of its topics behind the kill; a round whose records the
broker itself did not acknowledge within a second says nothing, is measured again and counted. The
others: a record goes into each unit every --period, and the sinks' files are looked at every 5 ms:
`unread` is what a record lay between its own time and its line there, the longest of all. Each
part has fresh brokers, and ends with what these answer in the same run: a plain produce -> consume
round trip and one bare transaction.
"""

import argparse
import os
import subprocess
import sys
import time
import zlib

import kafka_log
from bench import lead, one_broker, percentile, references, tool
from cell import announcement
from kafka import java
from plan import classes
from procs import die_with_parent, muster, wait_for
from reading import Seen, Stream, Tail, Writer, handed, longest_unread

COLLECTORS = ("c1", "c2", "c3")
LEASE_MS = 3000
AGENTS = 10
ACKNOWLEDGED_S = 1  # longest that the records of a round may take to be written
QUICK = {"flush.interval.ms": "10"}
SPLIT_PARTITIONS = 50
PERIOD_MS = 1000  # of the stream into 1,000 units
JOIN_PERIOD_MS = 8000  # and into 10,000
STEADY_S = 12  # how long is looked at what is usual
SESSION_MS = 10000
PATTERN = "^muster[.]data[.].*"
PATIENCE = 120


def say(label, *seconds):
    """A figure of one, or of many: p50, p99 and how many."""
    if len(seconds) == 1:
        print(f"  {label:58}{seconds[0]:9.3f}", flush=True)
    else:
        print(
            f"  {label:58}{percentile(seconds, 0.5):9.3f}{percentile(seconds, 0.99):9.3f}"
            f"{len(seconds):5}",
            flush=True,
        )


def say_count(label, text):
    print(f"  {label:58}{text:>9}", flush=True)


def say_references(cell):
    for label, p50, p99 in references(cell, 100):
        print(f"  {label:58}{p50:9.4f}{p99:9.4f}  100", flush=True)


def head(text):
    print(f"{text}\n  {'s':58}{'p50':>9}{'p99':>9}{'n':>5}", flush=True)


def linger(seconds):
    """Lets time pass in which only others do something."""
    end = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > end, seconds + 1, "time to pass")


def wait_flowing(tail, units):
    """Waits until each of the units has had a record of the stream."""
    seen, taken = set(), 0

    def is_flowing():
        nonlocal taken
        lines = tail.lines()
        seen.update(line.unit for line in lines[taken:])
        taken = len(lines)
        return len(seen) >= units

    wait_for(is_flowing, PATIENCE, f"records of {units} units")


class Bench:
    """A cell with collectors of which each has an even share of the topics."""

    def __init__(self, cell, topics, settings):
        self.cell = cell
        self.names = cell.names(topics)
        self.round = 0
        self.late = 0
        cell.cluster.create_topics(self.names)
        lead(cell, settings=settings)
        for name in COLLECTORS:
            cell.collector(name, {**QUICK, **settings})
        cell.wait_collectors(len(COLLECTORS))
        cell.announce([announcement(f"a{i}", self.names[i::AGENTS]) for i in range(AGENTS)])
        self.writer = Writer(cell.cluster)
        self.paths = {name: cell.sink_path(name) for name in COLLECTORS}
        self.seen = Seen(self.paths)
        self.wait_even()

    def wait_even(self):
        self.cell.wait_assigned(len(self.names), COLLECTORS)

    def settle(self):
        """Everybody has an even share and reads it."""
        self.wait_even()
        value, _ = self.write(self.names)
        self.seen.wait(self.names, value)

    def write(self, topics):
        """Writes a record into each topic; returns its value, and whether the broker was quick."""
        self.round += 1
        value = f"round-{self.round}"
        return value, self.writer.write(topics, value) <= ACKNOWLEDGED_S

    def owned_by(self, name):
        return [unit for unit, (owner, _) in self.cell.owners().items() if owner == name]

    def places(self, names=None):
        return [(name, 0) for name in names or self.names]


# --- a collector is killed ---


def restarted(_bench, process, _killed_at):
    process.start()
    return process.started_at


def published(bench, process, killed_at):
    state = bench.cell.sink_path(process.name.rsplit("-", 1)[1]).replace(".lines", ".state")
    muster("collector", "died", *bench.cell.base, "--state-file", state)
    return killed_at


def lost(_bench, _process, killed_at):
    return killed_at


def kill_one(bench, come_back):
    """Kills one of them; returns seconds until the first and until all of its topics are read
    again, None if the broker was slow."""
    name = COLLECTORS[bench.round % len(COLLECTORS)]
    topics = bench.owned_by(name)
    process = bench.cell.process(name)
    process.kill()
    killed_at = time.monotonic()
    value, is_quick = bench.write(topics)
    begun = come_back(bench, process, killed_at)
    first, last = bench.seen.wait(topics, value)
    if not process.is_alive():
        process.start()
    bench.settle()
    return (first - begun, last - begun) if is_quick else None


def kill_many(bench, count, come_back):
    found = []
    while len(found) < count:
        seconds = kill_one(bench, come_back)
        if seconds:
            found.append(seconds)
        else:
            bench.late += 1
    return zip(*found)


def part_collector(options):
    head(f"collector killed: one broker, {options.topics} topics, 3 collectors, lease 3 s")
    with one_broker() as cell:
        bench = Bench(cell, options.topics, {"lease.ms": str(LEASE_MS)})
        bench.settle()
        for label, come_back in (
            ("restarted, from its exec", restarted),
            ("published, from the kill", published),
            ("lost, from the kill", lost),
        ):
            firsts, lasts = kill_many(bench, options.rounds, come_back)
            say(f"{label}: first topic read", *firsts)
            say(f"{label}: all its topics read", *lasts)
        bench.writer.end()
        say_references(cell)
        say_count("rounds measured again", bench.late)


# --- drain and join ---


def append_time(cell, topic):
    """When the broker took the newest record of one of the cell's own topics, time.time()."""
    return max(r.at_ms for r in kafka_log.read(cell.cluster.bootstrap, f"muster.{topic}")) / 1000


def drain_one(bench, name, period_ms):
    """Returns (seconds until all are granted to others, until all were read by others, longest that
    a record lay unread), and how many units there were."""
    cell, mine = bench.cell, bench.owned_by(name)
    with Tail(bench.paths) as tail, Stream(cell.cluster, bench.places(mine), period_ms):
        wait_flowing(tail, len(mine))
        linger(2 * period_ms / 1000)
        muster("collector", "drain", *cell.base, name, "--no-wait")
        wait_for(lambda: cell.collectors()[name]["units"] == 0, PATIENCE, f"'{name}' to be drained")
        granted = append_time(cell, "assignments")
        wait_for(
            lambda: len(handed(tail.lines())) >= len(mine), PATIENCE, "each unit read by another"
        )
    ordered, lines = append_time(cell, "orders"), tail.lines()
    moved = handed(lines)
    unread = longest_unread(lines, since=ordered)
    muster("collector", "undrain", *cell.base, name)
    bench.wait_even()
    until_read = max(at for at, _ in moved.values()) - ordered
    usual = longest_unread(lines, ordered - 2 * period_ms / 1000, ordered)
    return granted - ordered, until_read, max(unread.values()), max(usual.values())


def part_drain(options):
    head(
        f"drain: one broker, 3 collectors of {options.topics} topics, lease 15 s, "
        f"a record into each every {options.period} ms"
    )
    with one_broker() as cell:
        bench = Bench(cell, options.topics * len(COLLECTORS), {})
        found = []
        for i in range(min(options.rounds, options.drains)):
            found.append(drain_one(bench, COLLECTORS[i % len(COLLECTORS)], options.period))
        granted, read, unread, usual = zip(*found)
        say("order taken -> last unit granted to another", *granted)
        say("order taken -> last unit's next record with another", *read)
        say("longest that any record lay unread", *unread)
        say("the same before the order", *usual)
        bench.writer.end()
        say_references(cell)


def part_join(options):
    split = options.split_topics
    units = split * SPLIT_PARTITIONS
    head(
        f"join: one broker, a fourth collector at {units} units ({split} split topics), "
        f"a record into each every {JOIN_PERIOD_MS} ms"
    )
    with one_broker(heap="2g") as cell:  # of 10,000 partitions a broker knows much
        # Kafka's maps put partitions of topics whose names differ in a digit or two into the same
        # few places: looking them up would be a quarter of the broker's time.
        names = [f"muster.data.{zlib.crc32(name.encode()):08x}" for name in cell.names(split)]
        for i in range(0, split, 20):  # Kafka takes 10,000 partitions in one call for too many
            cell.cluster.create_topics(names[i : i + 20], partitions=SPLIT_PARTITIONS)
        lead(cell)
        for name in COLLECTORS:
            cell.collector(name, QUICK)
        cell.wait_collectors(len(COLLECTORS))
        topics = [{"name": name, "split": True} for name in names]
        cell.announce([{"agent": f"a{i}", "topics": topics[i::AGENTS]} for i in range(AGENTS)])
        cell.wait_assigned(units, COLLECTORS)
        places = [(name, i) for name in names for i in range(SPLIT_PARTITIONS)]
        paths = {name: cell.sink_path(name) for name in (*COLLECTORS, "c4")}
        with Tail(paths) as tail, Stream(cell.cluster, places, JOIN_PERIOD_MS):
            wait_flowing(tail, units)
            steady_s = 2 * JOIN_PERIOD_MS / 1000
            linger(steady_s)
            begun = time.time()
            cell.collector("c4", QUICK)
            share = units // 4
            wait_for(
                lambda: (row := cell.collectors().get("c4"))
                and row["units"] == share
                and row["applied_generation"] == row["generation"],
                PATIENCE,
                "the newcomer's share",
            )
            say("its exec -> it has acknowledged its share", time.time() - begun)
            linger(steady_s)
        tell_join(tail.lines(), begun - steady_s, begun, begun + steady_s)
        say_references(cell)


def tell_join(lines, before, begun, end):
    """The same units side by side: as long before the join as behind it."""
    moved = handed(lines)
    fresh = [unit for unit, (_, reader) in moved.items() if reader == "c4"]
    stayed = [line for line in lines if line.unit not in moved]
    usual = longest_unread(stayed, before, begun)
    quiet = longest_unread(stayed, begun, end)
    touched = longest_unread([line for line in lines if line.unit in moved], begun)
    say_count("units read under a new grant (by the newcomer)", f"{len(moved)} ({len(fresh)})")
    say("its exec -> next record of the last of them", max(at for at, _ in moved.values()) - begun)
    say_count("units not moved, of these read before, behind", f"{len(usual)}, {len(quiet)}")
    say("not moved, unread before, longest of each", *usual.values())
    say("  the longest of all", max(usual.values()))
    say("not moved, unread from then on, longest of each", *quiet.values())
    say("  the longest of all", max(quiet.values()))
    say("moved, longest of each", *touched.values())
    say("  the longest of all", max(touched.values()))


# --- the coordinator ---


def take_over(bench, leader, standby, is_killed):
    """Seconds until the standby leads."""
    process = bench.cell.process(leader)
    begun = time.monotonic()
    if is_killed:
        process.kill()
    else:
        process.signal(15)
    wait_for(lambda: bench.cell.role(standby) == "leader", PATIENCE, f"'{standby}' to lead")
    took = time.monotonic() - begun
    process.wait(30)
    process.start()
    bench.cell.wait_role("standby", leader)
    return took


def part_coordinator(options):
    rounds = min(options.rounds, options.takeovers)
    head(
        f"coordinator: one broker, {options.topics} topics, 3 collectors, lease 15 s, "
        f"leader.timeout 5 s, a record into each every {PERIOD_MS} ms"
    )
    with one_broker() as cell:
        bench = Bench(cell, options.topics, {})
        cell.coordinator("k2")
        cell.wait_role("standby", "k2")
        pair = ["k1", "k2"]
        with Tail(bench.paths) as tail, Stream(cell.cluster, bench.places(), PERIOD_MS):
            wait_flowing(tail, len(bench.names))
            linger(STEADY_S)
            begun = time.time()
            for label, is_killed in (("SIGTERM", False), ("kill -9", True)):
                took = []
                for _ in range(rounds):
                    took.append(take_over(bench, *pair, is_killed))
                    pair.reverse()
                say(f"{label} -> the other leads", *took)
            linger(2)
        lines = tail.lines()
        usual = longest_unread(lines, begun - STEADY_S, begun).values()
        meanwhile = longest_unread(lines, begun).values()
        say("unread before, longest of each unit", *usual)
        say("unread during all of them, longest of each unit", *meanwhile)
        say("  the longest of all", max(meanwhile))
        say_count("units under a new grant", len(handed(lines)))
        say_count("units without a record meanwhile", len(bench.names) - len(meanwhile))
        bench.writer.end()
        say_references(cell)


# --- a broker of three ---


def acks_away(cell, begun):
    """{collector: longest time between two of its beats that Kafka took} since then."""
    longest, before = {}, {}
    for record in kafka_log.read(cell.cluster.bootstrap, "muster.members"):
        name, at = (record.key or b"").decode(), record.at_ms / 1000
        if at >= begun - 2 and name in before:
            longest[name] = max(longest.get(name, 0.0), at - before[name])
        before[name] = at
    return longest


def part_broker(options):
    topics = min(options.topics, 200)
    head(f"broker killed: three brokers, {topics} topics, 3 collectors, lease 15 s")
    with one_broker(3) as cell:
        bench = Bench(cell, topics, {})
        unread, away, moved = [], [], 0
        for number in (1, 2, 3):
            with Tail(bench.paths) as tail, Stream(cell.cluster, bench.places(), PERIOD_MS):
                wait_flowing(tail, topics)
                linger(3)
                begun = time.time()
                cell.cluster.kill(number)
                linger(25)  # longer than the lease
            lines = tail.lines()
            moved += len(handed(lines))
            unread.append(max(longest_unread(lines, begun).values()))
            away += acks_away(cell, begun).values()
            cell.cluster.restart(number)
            cell.cluster.wait_in_sync()
        say("longest that any record lay unread", *unread)
        say("longest without a beat that Kafka took, of each member", *away)
        say("  the longest of all", max(away))
        say_count("units under a new grant", moved)
        says = sum("stop" in bench.cell.process(name).log() for name in COLLECTORS)
        say_count("collectors whose log speaks of stopping", says)
        bench.writer.end()
        say_references(cell)


# --- what users have today ---


class Group:
    """Members of a consumer group on the cell's topics; what they print is like a sink."""

    def __init__(self, cell, kind):
        self.cell = cell
        self.kind = kind
        self.children = {}
        self.paths = {}

    def command(self):
        servers = self.cell.cluster.bootstrap
        if self.kind == "consumer":
            line = java("-Xmx128m", "GroupMember", servers, self.kind, PATTERN)
            line[line.index("-cp") + 1] += ":" + classes()
            return line
        member = os.path.join(os.path.dirname(tool("")), "..", "bench", "peers", "member")
        return [member, servers, self.kind, self.kind, str(SESSION_MS), PATTERN]

    def start(self, name):
        self.paths[name] = os.path.join(self.cell.folder, f"{self.kind}-{name}.lines")
        with open(self.paths[name], "ab") as out:
            self.children[name] = subprocess.Popen(
                self.command(), stdout=out, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent
            )

    def kill(self, name):
        self.children[name].kill()
        self.children.pop(name).wait()

    def end(self):
        for name in list(self.children):
            self.kill(name)

    def told(self, name, word):
        """The numbers behind that word in what a member has printed."""
        with open(self.paths[name], encoding="utf-8") as lines:
            return [int(line.split()[1]) for line in lines if line.startswith(word + " ")]

    def taken(self):
        """How many partitions were taken away from members, all together, so far."""
        return sum(sum(self.told(n, w)) for n in self.paths for w in ("revoked", "lost"))

    def held(self):
        """{member: partitions} of those that run."""
        return {
            n: sum(self.told(n, "assigned"))
            - sum(self.told(n, "revoked"))
            - sum(self.told(n, "lost"))
            for n in self.children
        }

    def wait_even(self, topics):
        def is_even():
            held = list(self.held().values())
            return sum(held) == topics and max(held) - min(held) <= 1

        wait_for(is_even, PATIENCE, f"an even share in group '{self.kind}'")


def group_kill(group, names, writer, value, victim):
    """Seconds from the kill of a member until each topic is read again."""
    group.kill(victim)
    killed_at = time.monotonic()
    writer.write(names, value)
    _, last = Seen(group.paths).wait(names, value, PATIENCE)
    return last - killed_at


def peer_figures(cell, names, writer, kind, rounds):
    group = Group(cell, kind)
    try:
        for name in ("m1", "m2", "m3"):
            group.start(name)
        if kind == "range":  # all topics of one partition go to the same member
            wait_for(lambda: sum(group.held().values()) == len(names), PATIENCE, "all assigned")
        else:
            group.wait_even(len(names))
        value = f"{kind}-steady"
        writer.write(names, value)
        Seen(group.paths).wait(names, value, PATIENCE)
        before = group.taken()
        with Tail({**group.paths, "m4": os.path.join(cell.folder, f"{kind}-m4.lines")}) as tail:
            with Stream(cell.cluster, [(name, 0) for name in names], PERIOD_MS):
                wait_flowing(tail, len(names))
                linger(3)
                begun = time.time()
                group.start("m4")
                wait_for(lambda: group.told("m4", "assigned"), PATIENCE, "the newcomer's rebalance")
                linger(5)
        unread = longest_unread(tail.lines(), begun).values()
        say_count(f"{kind}: join: partitions stopped", group.taken() - before)
        say_count(f"{kind}: join: of these the newcomer has", group.held()["m4"])
        say(f"{kind}: join: longest that any record lay unread", max(unread))
        took = []
        for i in range(rounds):
            victim = max(group.held().items(), key=lambda item: item[1])[0]
            took.append(group_kill(group, names, writer, f"{kind}-{i}", victim))
            group.start(f"n{i}")
            wait_for(lambda: sum(group.held().values()) == len(names), PATIENCE, "all assigned")
            linger(5)
        say(f"{kind}: member killed -> every topic read again", *took)
    finally:
        group.end()


def part_peers(options):
    kinds = options.kinds.split(",")
    head(
        f"peers: one broker, {options.topics} topics, 3 members, session {SESSION_MS // 1000} s, "
        f"a record into each every {PERIOD_MS} ms at the join"
    )
    properties = {
        "group.consumer.min.session.timeout.ms": SESSION_MS,
        "group.consumer.session.timeout.ms": SESSION_MS,
        "group.consumer.min.heartbeat.interval.ms": 3000,
        "group.consumer.heartbeat.interval.ms": 3000,
    }
    with one_broker(properties=properties) as cell:
        names = cell.names(options.topics)
        cell.cluster.create_topics(names)
        writer = Writer(cell.cluster)
        for kind in kinds:
            try:
                peer_figures(cell, names, writer, kind, min(options.rounds, options.peer_kills))
            except AssertionError as error:
                say_count(f"{kind}: did not finish", str(error)[:100])
        writer.end()
        say_references(cell)


PARTS = {
    "collector": part_collector,
    "drain": part_drain,
    "join": part_join,
    "coordinator": part_coordinator,
    "peers": part_peers,
    "broker": part_broker,
}


def main():
    parser = argparse.ArgumentParser(prog="dev bench failover")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=20, help="most rounds of each figure")
    parser.add_argument("--topics", type=int, default=1000)
    parser.add_argument("--split-topics", type=int, default=200, help="of join, 50 partitions each")
    parser.add_argument("--period", type=int, default=PERIOD_MS, help="of the stream of drain, ms")
    parser.add_argument("--drains", type=int, default=6, help="most rounds of drain")
    parser.add_argument("--takeovers", type=int, default=10, help="most of each of coordinator")
    parser.add_argument("--peer-kills", type=int, default=3, help="most kills of each of peers")
    parser.add_argument("--kinds", default="range,cooperative-sticky,consumer", help="of peers")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no part '{unknown[0]}'; there are: {', '.join(PARTS)}")
    for part in options.parts or [name for name in PARTS if name != "broker"]:
        PARTS[part](options)


if __name__ == "__main__":
    sys.exit(main())
