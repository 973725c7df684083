# SPDX-License-Identifier: Apache-2.0
"""What lies in Kafka, read by kcat and taken apart by nothing of ours but the published schemas:
for the accountant, who must not trust the code that he checks.

    records = kafka_log.read(bootstrap, "muster.assignments")
    name, fields = schemas.decode(records[0].value)
    commits = kafka_log.commits(bootstrap, "muster.default")
"""

import glob
import json
import os
import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass

import procs

FORMAT = r"%t %p %o %T %K %S\n%k%s\n"
OFFSETS_TOPIC = "__consumer_offsets"
_HEAD = re.compile(rb"(\S+) (\d+) (\d+) (-?\d+) (-?\d+) (-?\d+)\n")


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    at_ms: int  # the broker's clock where the topic has LogAppendTime
    key: bytes | None
    value: bytes | None


def split(data):
    """The records in kcat's output of FORMAT."""
    at = 0
    while at < len(data):
        head = _HEAD.match(data, at)
        if head is None:
            raise AssertionError(f"kcat printed {data[at : at + 80]!r}")
        topic, partition, offset, time, key_size, size = head.groups()
        at = head.end()
        parts = []
        for count in (int(key_size), int(size)):
            parts.append(None if count < 0 else data[at : at + count])
            at += max(count, 0)
        at += 1  # the line end
        yield Record(topic.decode(), int(partition), int(offset), int(time), *parts)


def _kcat(words, seconds):
    with tempfile.TemporaryFile() as out:
        done = subprocess.run(
            ["kcat", *words, "-e", "-q", "-f", FORMAT],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
            preexec_fn=procs.die_with_parent,
        )
        if done.returncode != 0:
            raise AssertionError(f"kcat {' '.join(words)}: {done.stderr.decode()[-1000:]}")
        out.seek(0)
        return list(split(out.read()))


def read(bootstrap, topic, seconds=120):
    """Every committed record of a topic, by partition and offset."""
    words = ["-C", "-b", bootstrap, "-t", topic, "-o", "beginning"]
    records = _kcat([*words, "-X", "isolation.level=read_committed"], seconds)
    return sorted(records, key=lambda r: (r.partition, r.offset))


def read_many(bootstrap, topics, group, seconds=240):
    """Every record of several topics with one call; `group` is one that nobody else uses."""
    words = ["-b", bootstrap, "-G", group, "-X", "auto.offset.reset=earliest"]
    words += ["-X", "enable.auto.commit=false"]
    records = _kcat([*words, *topics], seconds) if topics else []
    return sorted(records, key=lambda r: (r.topic, r.partition, r.offset))


# --- the commits of a group, as Kafka keeps them ---


@dataclass(frozen=True)
class Commit:
    topic: str
    partition: int
    offset: int  # next to be read; -1 = the position was deleted
    metadata: str
    at_ms: int


class _Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        (value,) = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def take(self, size):
        self.at += size
        return self.data[self.at - size : self.at].decode()

    def text(self):
        return self.take(self.number("h"))

    def compact_text(self):
        size, shift = 0, 0
        while True:
            byte = self.number("B")
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return self.take(size - 1)


def _commit_of(record, group):
    """The commit in a record of the offsets topic, None if it is something else."""
    key = _Bytes(record.key)
    if key.number("h") > 1 or key.text() != group:
        return None
    topic, partition = key.text(), key.number("i")
    if record.value is None:
        return Commit(topic, partition, -1, "", record.at_ms)
    value = _Bytes(record.value)
    version, offset = value.number("h"), value.number("q")
    if version >= 3:
        value.number("i")  # the leader's epoch
    metadata = value.compact_text() if version >= 4 else value.text()
    return Commit(topic, partition, offset, metadata, record.at_ms)


def commits(bootstrap, group):
    """Every commit of a group in the order in which Kafka took them."""
    found = (_commit_of(r, group) for r in read(bootstrap, OFFSETS_TOPIC) if r.key)
    return [commit for commit in found if commit is not None]


# --- Avro, along the published schemas ---


class Schemas:
    """The schemas of a folder, whose file names are their fingerprints."""

    def __init__(self, folder=os.path.join(procs.SOURCE, "schemas", "released")):
        self.by_mark = {}
        for path in glob.glob(os.path.join(folder, "*.avsc")):
            with open(path, encoding="utf-8") as file:
                self.by_mark[int(os.path.basename(path)[:16], 16)] = json.load(file)

    def decode(self, data):
        """(name of the record, its fields) of the bytes of a single object."""
        if data[:2] != b"\xc3\x01":
            raise AssertionError(f"no Avro: {data[:16]!r}")
        (mark,) = struct.unpack_from("<Q", data, 2)
        if mark not in self.by_mark:
            raise AssertionError(f"schema {mark:016x} was never released")
        schema = self.by_mark[mark]
        reader = _Avro(data, 10)
        fields = reader.value(schema)
        if reader.at != len(data):
            raise AssertionError(f"{len(data) - reader.at} bytes behind a {schema['name']}")
        return schema["name"], fields


class _Avro:
    def __init__(self, data, at):
        self.data, self.at = data, at

    def long(self):
        bits, shift = 0, 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            bits |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return (bits >> 1) ^ -(bits & 1)

    def string(self):
        size = self.long()
        self.at += size
        return self.data[self.at - size : self.at].decode()

    def blocks(self):
        """The number of each item of an array or a map."""
        while count := self.long():
            if count < 0:
                self.long()  # the block's size
            yield from range(abs(count))

    def value(self, schema):
        kind = schema if isinstance(schema, str) else schema["type"]
        if isinstance(kind, (dict, list)):
            return self.value(kind)
        if kind == "record":
            return {field["name"]: self.value(field["type"]) for field in schema["fields"]}
        if kind == "array":
            return [self.value(schema["items"]) for _ in self.blocks()]
        if kind == "map":
            return {self.string(): self.value(schema["values"]) for _ in self.blocks()}
        if kind in ("int", "long"):
            return self.long()
        if kind == "string":
            return self.string()
        if kind == "boolean":
            self.at += 1
            return self.data[self.at - 1] != 0
        raise AssertionError(f"'{kind}' is in no schema of ours")
