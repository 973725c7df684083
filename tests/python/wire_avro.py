# SPDX-License-Identifier: Apache-2.0
"""Python's avro and fastavro read what we write and write what we read, for every record and both of them.

Runs in build/venv (`./dev test python` makes it) with the program tests/tools/wire_tool.c.
"""

import io
import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

try:
    import avro.io
    import avro.schema
    import fastavro
except ImportError as error:
    print(f"skipped: {error}; './dev test python' makes build/venv, which has it", file=sys.stderr)
    sys.exit(77)

SOURCE = pathlib.Path(os.environ.get("MUSTER_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOOL = pathlib.Path(os.environ.get("MUSTER_BUILD", SOURCE / "build/release")) / "tools/wire_tool"
ROUNDS = 40
ALPHABET = ["a", "topic-1", "\"", "\\", "\n", "\t", "\x01", "\x7f", "ä", "€", "\U0001f600", " ", "{", "]"]


def released():
    """(name, text of the schema, fingerprint) of all that was ever released."""
    for line in (SOURCE / "schemas/released/levels.txt").read_text().splitlines():
        if not line.startswith("#"):
            _, name, mark = line.split()
            yield name, (SOURCE / f"schemas/released/{mark}.avsc").read_text(), int(mark, 16)


def today():
    return [(path.stem, path.read_text()) for path in sorted((SOURCE / "schemas").glob("*.avsc"))]


def make(kind, dice, known):
    """A random value of a type of a schema."""
    if isinstance(kind, dict) and kind["type"] == "record":
        known[f"muster.{kind['name']}"] = kind
        return {f["name"]: make(f["type"], dice, known) for f in kind["fields"]}
    if isinstance(kind, dict) and kind["type"] == "array":
        return [make(kind["items"], dice, known) for _ in range(dice.randrange(4))]
    if isinstance(kind, dict) and kind["type"] == "map":
        return {f"{dice.getrandbits(64):x}": make(kind["values"], dice, known) for _ in range(dice.randrange(4))}
    if kind == "string":
        return "".join(dice.choice(ALPHABET) for _ in range(dice.randrange(6)))
    if kind == "boolean":
        return dice.random() < 0.5
    if kind in ("int", "long"):
        bits = 31 if kind == "int" else 63
        return dice.choice([0, -1, 2**bits - 1, -2**bits, dice.getrandbits(bits) >> dice.randrange(bits)])
    return make(known[kind], dice, known)


def run(words, lines):
    done = subprocess.run([TOOL, *words], input="".join(f"{line}\n" for line in lines), capture_output=True,
                          encoding="utf-8", check=True, timeout=120)
    return done.stdout.splitlines()


class Avro:
    """The avro package of Apache Avro."""

    def __init__(self, text):
        self.schema = avro.schema.parse(text)

    def fingerprint(self):
        return int.from_bytes(self.schema.fingerprint("CRC-64-AVRO"), "little")

    def write(self, value):
        out = io.BytesIO()
        avro.io.DatumWriter(self.schema).write(value, avro.io.BinaryEncoder(out))
        return out.getvalue()

    def read(self, body):
        source = io.BytesIO(body)
        value = avro.io.DatumReader(self.schema).read(avro.io.BinaryDecoder(source))
        return value, source.read()


class FastAvro:
    """The fastavro package."""

    def __init__(self, text):
        self.raw = json.loads(text)
        self.schema = fastavro.parse_schema(self.raw)

    def fingerprint(self):
        canonical = fastavro.schema.to_parsing_canonical_form(self.raw)
        # fastavro prints the bytes of the fingerprint in little endian.
        return int.from_bytes(bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")), "little")

    def write(self, value):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self.schema, value)
        return out.getvalue()

    def read(self, body):
        source = io.BytesIO(body)
        return fastavro.schemaless_reader(source, self.schema, None), source.read()


class WireAvroTest(unittest.TestCase):
    def each(self):
        for library in (Avro, FastAvro):
            for name, text in today():
                with self.subTest(library=library.__name__, record=name):
                    peer = library(text)
                    dice = random.Random(name)
                    yield name, peer, [make(json.loads(text), dice, {}) for _ in range(ROUNDS)]

    def test_we_read_what_they_write(self):
        for name, peer, values in self.each():
            header = b"\xc3\x01" + peer.fingerprint().to_bytes(8, "little")
            answers = run(["decode"], [(header + peer.write(value)).hex() for value in values])
            self.assertEqual(len(answers), len(values))
            for value, answer in zip(values, answers):
                kind, _, text = answer.partition(" ")
                self.assertEqual(kind, name, answer)
                self.assertEqual(json.loads(text), value)

    def test_they_read_what_we_write(self):
        for name, peer, values in self.each():
            answers = run(["encode", name], [json.dumps(value, ensure_ascii=False) for value in values])
            self.assertEqual(len(answers), len(values))
            for value, answer in zip(values, answers):
                record = bytes.fromhex(answer)
                self.assertEqual(record[:10], b"\xc3\x01" + peer.fingerprint().to_bytes(8, "little"))
                self.assertEqual(peer.read(record[10:]), (value, b""))

    def test_fingerprints_of_released_schemas_are_theirs(self):
        for name, text, mark in released():
            with self.subTest(record=name):
                self.assertEqual(f"{Avro(text).fingerprint():016x}", f"{mark:016x}")
                self.assertEqual(f"{FastAvro(text).fingerprint():016x}", f"{mark:016x}")

    def test_samples_of_released_schemas_are_read_by_them(self):
        for name, text, mark in released():
            with self.subTest(record=name):
                golden = SOURCE / f"tests/golden/wire/{mark:016x}"
                body = golden.with_suffix(".avro").read_bytes()[10:]
                value = json.loads(golden.with_suffix(".json").read_text())
                self.assertEqual(Avro(text).read(body), (value, b""))
                self.assertEqual(FastAvro(text).read(body), (value, b""))

    def test_a_changed_record_is_noticed(self):
        # The tests above would be worth nothing if the tool answered whatever it was asked.
        name, text = today()[0]
        value = make(json.loads(text), random.Random(1), {})
        peer = FastAvro(text)
        header = b"\xc3\x01" + peer.fingerprint().to_bytes(8, "little")
        self.assertTrue(run(["decode"], [(header + peer.write(value) + b"\0").hex()])[0].startswith("refused "), name)


if __name__ == "__main__":
    unittest.main()
