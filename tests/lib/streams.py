# SPDX-License-Identifier: Apache-2.0
"""Continuous numbered records into many topics at once, whatever happens to the brokers meanwhile.

    with streams.Streams(cluster) as producer:
        producer.add("t1")          # writes t1#0, t1#1, ... from now on
        producer.next["t1"]         # the number that comes next
        producer.remove("t1")       # returns when all of it is acknowledged
        producer.end()

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


def _end_of(answer):
    """(topic, end) of one topic in the answer of ListOffsets."""

    def partition():
        _, error, _, end = (answer.number(form) for form in "ihqq")
        return None if error else end

    return answer.text(), answer.array(partition)[0]


class Streams:
    """A thread for each broker writes into the topics that the broker leads."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.lock = threading.Lock()
        self.next = collections.Counter()  # topic -> number of the next value
        self.waiting = {}  # live topic -> values that are not acknowledged
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

    def add(self, topic):
        with self.lock:
            self.waiting.setdefault(topic, [])
            self.is_stale = True

    def forget(self, topic):
        """Writes no more; what is not acknowledged by now may be in Kafka or not."""
        with self.lock:
            self.waiting.pop(topic, None)

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
        """{topic: end of its only partition} of the live topics, None while not all are known."""
        self._refresh()
        found = {}
        for number, broker in self.cluster.brokers.items():
            names = [topic for topic in self.waiting if self.leaders.get(topic) == number]
            parts = kafka._array([struct.pack(">iq", 0, -1)])
            body = struct.pack(">i", -1) + kafka._array([kafka._text(n) + parts for n in names])
            if names:
                answer = kafka.ask(broker.port, LIST_OFFSETS, LIST_OFFSETS_VERSION, body, TIMEOUT)
                found |= dict(answer.array(lambda a=answer: _end_of(a)))
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
                topics = kafka.metadata(broker.port, list(self.waiting), TIMEOUT)["topics"]
            except (OSError, struct.error):
                continue
            with self.lock:
                for topic, said in topics.items():
                    for part in said["partitions"]:
                        self.leaders[topic] = part["leader"]
                self.is_stale = any(self.leaders.get(t, -1) < 0 for t in self.waiting)
            return

    def _write_to(self, number):
        mine = {}
        with self.lock:
            for topic, values in self.waiting.items():
                if self.leaders.get(topic) != number:
                    continue
                if not self.is_ending:
                    values.append(f"{topic}#{self.next[topic]}")
                    self.next[topic] += 1
                if values:
                    mine[topic] = list(values)
        try:
            if mine:
                self._take(mine, self._produce(number, mine))
        except (OSError, struct.error):
            self.is_stale = True  # the broker is gone; the values go to whoever leads then

    def _produce(self, number, values):
        """{topic: error} of one request."""
        at_ms = time.time_ns() // 1_000_000
        topics = []
        for topic, some in values.items():
            data = batch(some, at_ms)
            part = struct.pack(">ii", 0, len(data)) + data
            topics.append(kafka._text(topic) + kafka._array([part]))
        body = struct.pack(">hhi", -1, ALL, TIMEOUT * 1000) + kafka._array(topics)
        port = self.cluster.brokers[number].port
        answer = kafka.ask(port, PRODUCE, PRODUCE_VERSION, body, 2 * TIMEOUT)

        def partition():
            _, error, _, _ = (answer.number(form) for form in "ihqq")
            return error

        return dict(answer.array(lambda: (answer.text(), answer.array(partition)[0])))

    def _take(self, values, errors):
        with self.lock:
            for topic, error in errors.items():
                if error:
                    self.is_stale = True
                elif topic in self.waiting:
                    # Two threads may have written the same values while the leader changed.
                    new = [value for value in values[topic] if value in self.waiting[topic]]
                    self.accepted[topic] += new
                    self.waiting[topic] = [v for v in self.waiting[topic] if v not in new]
