# SPDX-License-Identifier: Apache-2.0
"""Continuous numbered records into many partitions at once, whatever happens to the brokers.

    with streams.Streams(cluster) as producer:
        producer.add(("t1", 0))     # writes t1/0#0, t1/0#1, ... from now on
        producer.next["t1", 0]      # the number that comes next
        producer.forget(("t1", 0))  # writes no more
        producer.end()              # nor into the others

kcat takes its input in blocks and cannot write one record now and one later; so this speaks Kafka's
protocol itself. A request whose answer is lost is repeated, so a value may lie in Kafka twice: the
accountant counts offsets.
"""

import collections
import struct
import threading
import time

import kafka

PRODUCE, PRODUCE_VERSION = 0, 3
LIST_OFFSETS, LIST_OFFSETS_VERSION = 2, 1
ALL = -1  # acks
PAUSE = 0.5  # seconds between two records of a topic
TIMEOUT = 10  # seconds for one request


def _crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def _varint(number):
    bits = (number << 1) ^ (number >> 63)
    out = bytearray()
    while bits > 127:
        out.append(bits & 127 | 128)
        bits >>= 7
    out.append(bits)
    return bytes(out)


def batch(values, at_ms):
    """A record batch (format 2) of these values, without keys."""
    records = b""
    for i, value in enumerate(values):
        data = value.encode()
        body = b"\0" + _varint(0) + _varint(i) + _varint(-1) + _varint(len(data)) + data
        body += _varint(0)
        records += _varint(len(body)) + body
    behind_crc = struct.pack(">hiqqqhii", 0, len(values) - 1, at_ms, at_ms, -1, -1, -1, len(values))
    behind_crc += records
    head = struct.pack(">ibI", -1, 2, crc32c(behind_crc))
    return struct.pack(">qi", 0, len(head) + len(behind_crc)) + head + behind_crc


def _by_topic(bodies):
    """An array of topics with an array of partitions each, from {(topic, partition): bytes}."""
    topics = collections.defaultdict(list)
    for (topic, partition), body in bodies.items():
        topics[topic].append(struct.pack(">i", partition) + body)
    return kafka._array([kafka._text(t) + kafka._array(parts) for t, parts in topics.items()])


def _from_topics(answer, forms):
    """{(topic, partition): (error, ...)} of the numbers of such an answer."""

    def partition():
        return answer.number("i"), tuple(answer.number(form) for form in forms)

    rows = answer.array(lambda: (answer.text(), answer.array(partition)))
    return {(topic, number): fields for topic, parts in rows for number, fields in parts}


def produce(port, batches):
    """Writes {partition: batch} with one request; returns {partition: error}, 0 = acknowledged."""
    bodies = {part: struct.pack(">i", len(data)) + data for part, data in batches.items()}
    body = struct.pack(">hhi", -1, ALL, TIMEOUT * 1000) + _by_topic(bodies)
    answer = kafka.ask(port, PRODUCE, PRODUCE_VERSION, body, 2 * TIMEOUT)
    return {part: said[0] for part, said in _from_topics(answer, "hqq").items()}


class Streams:
    """A thread for each broker writes into the partitions that it leads; a partition is named by
    (topic, number)."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.lock = threading.Lock()
        self.next = collections.Counter()  # partition -> number of the next value
        self.waiting = {}  # live partition -> values that are not acknowledged
        self.accepted = collections.defaultdict(list)  # topic -> values that are
        self.leaders = {}
        self.is_stale = True
        self.is_ending = False
        self.over = threading.Event()
        self.failure = None
        self.threads = [
            threading.Thread(target=self._work, args=(number,), daemon=True)
            for number in cluster.brokers
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(2 * TIMEOUT)
        return False

    def add(self, part):
        with self.lock:
            self.waiting.setdefault(part, [])
            self.is_stale = True

    def forget(self, part):
        """Writes no more; what is not acknowledged by now may be in Kafka or not."""
        with self.lock:
            self.waiting.pop(part, None)

    def end(self):
        """No new values from now on."""
        self.is_ending = True

    def is_quiet(self):
        """All that was begun is acknowledged."""
        self.check()
        return self.is_ending and not any(self.waiting.values())

    def check(self):
        if self.failure:
            raise AssertionError("records could not be written") from self.failure

    def ends(self):
        """{partition: end} of the live ones, None while not all are known."""
        self._refresh()
        found = {}
        for number, broker in self.cluster.brokers.items():
            mine = [part for part in self.waiting if self.leaders.get(part) == number]
            if mine:
                body = struct.pack(">i", -1) + _by_topic({p: struct.pack(">q", -1) for p in mine})
                answer = kafka.ask(broker.port, LIST_OFFSETS, LIST_OFFSETS_VERSION, body, TIMEOUT)
                for part, (error, _, end) in _from_topics(answer, "hqq").items():
                    found[part] = None if error else end
        return found if set(found) == set(self.waiting) and None not in found.values() else None

    # --- the threads ---

    def _work(self, number):
        try:
            while not self.over.wait(PAUSE):
                if self.is_stale:
                    self._refresh()
                self._write_to(number)
        except BaseException as failure:
            self.failure = failure

    def _refresh(self):
        for broker in self.cluster.brokers.values():
            if not broker.identity():
                continue
            try:
                names = sorted({topic for topic, _ in list(self.waiting)})
                topics = kafka.metadata(broker.port, names, TIMEOUT)["topics"]
            except (OSError, struct.error):
                continue
            with self.lock:
                for topic, said in topics.items():
                    for part in said["partitions"]:
                        self.leaders[topic, part["index"]] = part["leader"]
                self.is_stale = any(self.leaders.get(p, -1) < 0 for p in self.waiting)
            return

    def _write_to(self, number):
        mine = {}
        with self.lock:
            for part, values in self.waiting.items():
                if self.leaders.get(part) != number:
                    continue
                if not self.is_ending:
                    values.append(f"{part[0]}/{part[1]}#{self.next[part]}")
                    self.next[part] += 1
                if values:
                    mine[part] = list(values)
        try:
            if mine:
                self._take(mine, self._produce(number, mine))
        except (OSError, struct.error):
            self.is_stale = True  # the broker is gone; the values go to whoever leads then

    def _produce(self, number, values):
        at_ms = time.time_ns() // 1_000_000
        batches = {part: batch(some, at_ms) for part, some in values.items()}
        return produce(self.cluster.brokers[number].port, batches)

    def _take(self, values, errors):
        with self.lock:
            for part, error in errors.items():
                if error:
                    self.is_stale = True
                elif part in self.waiting:
                    # Two threads may have written the same values while the leader changed.
                    new = [value for value in values[part] if value in self.waiting[part]]
                    self.accepted[part[0]] += new
                    self.waiting[part] = [v for v in self.waiting[part] if v not in new]
