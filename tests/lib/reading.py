# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks of failover know of reading: records that are written all the time, when each
of them is in a sink, and how long it lay unread.

    with Tail({"c1": path, "c2": path}) as tail, Stream(cluster, places, 100):
        ...
    lines = tail.lines()

A sink is a file with a line for each record, as the collector's file sink writes it.
"""

import collections
import json
import os
import struct
import subprocess
import threading
import time
from dataclasses import dataclass

import kafka
import streams
from bench import tool
from procs import die_with_parent, wait_for

TURN_S = 0.02  # between two requests of a stream
POLL_S = 0.005  # between two looks at the files: what an arrival is known to


class Writer:
    """A producer that stays open."""

    def __init__(self, cluster):
        self.child = subprocess.Popen(
            [tool("fleet"), "write", cluster.bootstrap],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )

    def write(self, topics, value):
        """Returns the seconds until all are acknowledged."""
        begun = time.monotonic()
        self.child.stdin.write("".join(f"{topic} {value}\n" for topic in topics) + "\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == "written\n"
        return time.monotonic() - begun

    def end(self):
        self.child.stdin.close()
        self.child.wait(10)


class Stream:
    """A record into each of the places (topic, partition) every `period_ms`, evenly spread, from the
    beginning of the `with` block to its end.

    What is due goes out in one request to each broker. librdkafka sends a request for each record,
    five at a time: on a full machine that is not enough for some hundred a second.
    """

    def __init__(self, cluster, places, period_ms):
        self.cluster = cluster
        self.places = list(places)
        self.period_ms = period_ms
        self.drawn = 0  # how many records were due so far
        self.waiting = {}  # place -> batch that no broker has acknowledged
        self.leaders = {}  # place -> number of a broker; empty = to be asked for
        self.over = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self.begun = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if self.failure:
            raise AssertionError("the stream broke off") from self.failure
        return False

    def _work(self):
        try:
            while not self.over.wait(TURN_S):
                self._draw()
                self._send()
        except BaseException as failure:
            self.failure = failure

    def _draw(self):
        passed_ms = (time.monotonic() - self.begun) * 1000
        due = int(passed_ms * len(self.places) / self.period_ms)
        made = streams.batch(["a record of the stream"], time.time_ns() // 1_000_000)
        for i in range(self.drawn, due):
            self.waiting.setdefault(self.places[i % len(self.places)], made)
        self.drawn = due

    def _send(self):
        self.leaders = self.leaders or self._find_leaders()
        has_failed = False
        for number, broker in self.cluster.brokers.items():
            mine = {p: made for p, made in self.waiting.items() if self.leaders.get(p) == number}
            has_failed |= bool(mine) and not self._write(broker, mine)
        if has_failed:
            self.leaders = {}

    def _write(self, broker, batches):
        """Whether the broker has taken all of them."""
        try:
            errors = streams.produce(broker.port, batches)
        except (OSError, struct.error):
            return False
        for place, error in errors.items():
            if not error:
                del self.waiting[place]
        return not any(errors.values())

    def _find_leaders(self):
        for broker in self.cluster.brokers.values():
            try:
                said = kafka.metadata(broker.port, sorted({topic for topic, _ in self.places}))
            except (OSError, struct.error):
                continue
            return {
                (topic, part["index"]): part["leader"]
                for topic, what in said["topics"].items()
                for part in what["partitions"]
            }
        return {}


class Seen:
    """Which topics have a record of a value, in all sinks ({name: path}); files are read on from
    where they were read before."""

    def __init__(self, paths):
        self.paths = paths
        self.files = {}
        self.rests = {}  # what was read of an unfinished line

    def wait(self, topics, value, seconds=60):
        """(when the first, when the last of them was there), time.monotonic()."""
        missing, first = set(topics), None
        mark = f'"value":"{value}"'

        def are_there():
            nonlocal first
            for line in self._lines():
                if mark in line:
                    missing.discard(line.split('"topic":"', 1)[1].split('"', 1)[0])
                    first = first or time.monotonic()
            return not missing

        wait_for(are_there, seconds, f"'{value}' of {len(topics)} topics in the sinks")
        return first, time.monotonic()

    def _lines(self):
        for name, path in self.paths.items():
            if name not in self.files and os.path.exists(path):
                self.files[name] = open(path, encoding="utf-8")
        for name, file in self.files.items():
            *whole, rest = (self.rests.get(name, "") + file.read()).split("\n")
            self.rests[name] = rest
            yield from whole


@dataclass(frozen=True)
class Line:
    at: float  # when it was in the sink, time.time()
    written: float  # the record's own time
    reader: str
    unit: tuple  # (topic, partition)
    fence: int


class Tail:
    """Notes when bytes come into the sinks, from their present end on; takes them apart later."""

    def __init__(self, paths):
        self.paths = paths
        self.chunks = collections.deque()  # (when, reader, bytes) that are not taken apart yet
        self.rests = collections.defaultdict(bytes)  # of a reader's unfinished line
        self.found = []
        self.ended = threading.Event()
        self.at = {name: _size(path) for name, path in paths.items()}
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        return False

    def _work(self):
        while not self.ended.wait(POLL_S):
            self._look()
        self._look()

    def _look(self):
        for name, path in self.paths.items():
            if _size(path) > self.at[name]:
                with open(path, "rb") as file:
                    file.seek(self.at[name])
                    data = file.read()
                self.at[name] += len(data)
                self.chunks.append((time.time(), name, data))

    def lines(self):
        """Every whole line, by the time of its arrival."""
        while self.chunks:
            at, name, data = self.chunks.popleft()
            *whole, self.rests[name] = (self.rests[name] + data).split(b"\n")
            for text in whole:
                if text.startswith(b"{"):
                    one = json.loads(text)
                    unit = one["topic"], one["partition"]
                    self.found.append(Line(at, one["time_ms"] / 1000, name, unit, one["fence"]))
        return list(self.found)


def _size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def longest_unread(lines, since=0.0, until=float("inf")):
    """{unit: seconds} that a record which arrived in this time lay unread at the longest."""
    longest = {}
    for line in lines:
        if since <= line.at <= until:
            longest[line.unit] = max(longest.get(line.unit, 0.0), line.at - line.written)
    return longest


def handed(lines):
    """{unit: (when the first record of its newest grant arrived, reader)} of units whose fence rose
    within these lines."""
    fences, found = {}, {}
    for line in lines:
        before = fences.get(line.unit)
        if before is not None and line.fence > before:
            found[line.unit] = line.at, line.reader
        fences[line.unit] = max(line.fence, before or 0)
    return found
