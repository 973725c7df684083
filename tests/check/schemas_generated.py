# SPDX-License-Identifier: Apache-2.0
"""The C that follows from the schemas is fresh, and what was released stays readable when they change."""

import base64
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("MUSTER_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
GENERATED = ["src/proto/records.h", "src/wire/tables.h", "src/wire/tables.c"]


def generate(root, *words):
    return subprocess.run([sys.executable, SOURCE / "schemas/generate.py", "--root", root, *words],
                          capture_output=True, text=True, check=False)


def released(root):
    lines = (root / "schemas/released/levels.txt").read_text().splitlines()
    return [line.split() for line in lines if not line.startswith("#")]


def former_tool():
    """The codec of the tree as it is."""
    return os.path.join(os.environ.get("MUSTER_BUILD") or os.path.join(SOURCE, "build", "asan"), "tools", "wire_tool")


class FreshTest(unittest.TestCase):
    def test_generated_files_are_fresh_and_schemas_released(self):
        done = generate(SOURCE, "--check")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_released_schemas_have_a_sample(self):
        marks = {mark for _, _, mark in released(SOURCE)}
        for suffix in ("avro", "json"):
            self.assertEqual(marks, {path.stem for path in (SOURCE / "tests/golden/wire").glob(f"*.{suffix}")})
        self.assertEqual(marks, {path.stem for path in (SOURCE / "schemas/released").glob("*.avsc")})

    def test_generated_files_keep_the_format(self):
        formatter = shutil.which("clang-format")
        if not formatter:
            self.skipTest("clang-format is not installed")
        done = subprocess.run([formatter, "--dry-run", "-Werror", *GENERATED], cwd=SOURCE, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


class ReadmeTest(unittest.TestCase):
    """The examples of schemas/README.md: what stands in JSON is what stands in base64 below it."""

    def setUp(self):
        spec = importlib.util.spec_from_file_location("generate", SOURCE / "schemas/generate.py")
        self.generate = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.generate)
        self.text = (SOURCE / "schemas/README.md").read_text()

    def test_examples_are_right(self):
        examples = re.findall(r"```json (\w+)\n(.*?)```(.*?)(?=```json|\Z)", self.text, re.DOTALL)
        self.assertEqual(sorted(name for name, _, _ in examples),
                         sorted(path.stem for path in (SOURCE / "schemas").glob("*.avsc")))
        for name, words, rest in examples:
            record = self.generate.load(SOURCE / f"schemas/{name}.avsc")
            value = self.generate.whole(record, json.loads(words))
            if name == "event":
                continue
            expected = self.generate.single_object(record, value)
            with self.subTest(record=name):
                self.assertEqual(re.search(r"echo (\S+) \| base64 -d", rest).group(1),
                                 base64.b64encode(expected).decode())

    def test_lines_of_kcat_announce_what_can_be_read(self):
        for words, topic in re.findall(r"echo '(.*?)' \| kcat -P -b BROKER -t muster\.(\w+)", self.text):
            record = self.generate.load(SOURCE / f"schemas/{topic.replace('control', 'announcement').rstrip('s')}.avsc")
            with self.subTest(line=words):
                self.generate.whole(record, json.loads(words))


class ChangeTest(unittest.TestCase):
    """What happens to a copy of the tree when its schemas change."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for part in ("schemas", "src/base", "src/proto", "src/wire", "tests/golden/wire", "tests/tools"):
            shutil.copytree(SOURCE / part, self.root / part)
        (self.root / "schemas/README.md").write_text("")  # its examples are of today's schemas

    def change(self, name, change):
        path = self.root / f"schemas/{name}.avsc"
        schema = json.loads(path.read_text())
        change(schema["fields"])
        path.write_text(json.dumps(schema))

    def build(self):
        """The codec of the changed tree as the program wire_tool."""
        sources = [str(p) for part in ("base", "proto", "wire") for p in sorted((self.root / "src" / part).glob("*.c"))]
        tool = self.root / "wire_tool"
        words = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I", self.root / "src", "-o", tool]
        subprocess.run(["cc", *words, self.root / "tests/tools/wire_tool.c", *sources], check=True, timeout=100)
        return tool

    def test_stale_file_is_seen(self):
        self.change("marker", lambda fields: fields.append({"name": "note", "type": "string", "default": "x"}))
        done = generate(self.root, "--check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("src/wire/tables.c is stale: run schemas/generate.py", done.stderr)
        self.assertIn("schemas/marker.avsc is not released", done.stderr)

    def test_former_records_are_read_after_a_change(self):
        def change(fields):
            topic = fields[4]["type"]["items"]["fields"]
            del topic[1]  # cluster
            topic.append({"name": "note", "type": "string", "default": "none said"})
            topic[1]["type"] = "long"  # partitions, an int so far
            del fields[5]  # labels
            fields.insert(0, {"name": "rank", "type": "long", "default": -7})

        former = next(mark for _, name, mark in released(self.root) if name == "announcement")
        golden = self.root / f"tests/golden/wire/{former}"
        self.change("announcement", change)
        done = generate(self.root, "--release", "2")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        marks = {mark: level for level, name, mark in released(self.root) if name == "announcement"}
        self.assertEqual(sorted(marks.values()), ["1", "2"])
        self.assertIn("enum { RECORD_LEVEL = 2 };", (self.root / "src/proto/records.h").read_text())
        tool = self.build()
        samples = [golden.with_suffix(".avro")] + [
            self.root / f"tests/golden/wire/{mark}.avro" for mark in marks if mark != former]
        lines = "".join(f"{sample.read_bytes().hex()}\n" for sample in samples)
        out = subprocess.run([tool, "decode"], input=lines, capture_output=True, encoding="utf-8", check=True).stdout
        read = [json.loads(re.sub("^announcement ", "", line)) for line in out.splitlines()]
        expected = json.loads(golden.with_suffix(".json").read_text())
        del expected["labels"]
        expected["rank"] = -7
        for topic in expected["topics"]:
            del topic["cluster"]
            topic["note"] = "none said"
        self.assertEqual(read[0], expected)
        self.assertEqual(read[1]["topics"][1]["note"], json.loads(samples[1].with_suffix(".json").read_text())[
            "topics"][1]["note"])
        self.check_written_for_readers_of_the_former_level(tool, samples[1].with_suffix(".json"), former)

    def check_written_for_readers_of_the_former_level(self, tool, sample, former):
        record = json.dumps(json.loads(sample.read_text())) + "\n"

        def written(*words):
            return subprocess.run([tool, "encode", "announcement", *words], input=record, capture_output=True,
                                  encoding="utf-8", check=True).stdout.strip()

        def mark(line):
            return bytes.fromhex(line)[2:10][::-1].hex()

        self.assertNotEqual(mark(written()), former)
        self.assertEqual(written("2"), written())
        self.assertEqual(mark(written("1")), former)
        lines = subprocess.run([former_tool(), "decode"],
                               input=written("1") + "\n", capture_output=True, encoding="utf-8", check=True).stdout
        read = json.loads(re.sub("^announcement ", "", lines))
        said = json.loads(record)
        self.assertEqual(read["labels"], {})
        self.assertEqual(read["topics"][0]["cluster"], "")
        self.assertEqual(read["topics"][0]["weight"], said["topics"][0]["weight"])
        self.assertEqual(read["id"], said["id"])

    def refused(self, name, change, reason):
        self.change(name, change)
        done = generate(self.root)
        self.assertEqual(done.returncode, 1)
        self.assertIn(reason, done.stderr)

    def test_new_field_needs_a_default(self):
        self.refused("death", lambda fields: fields.append({"name": "note", "type": "string"}),
                     "death.note needs a default")

    def test_type_may_not_change(self):
        def change(fields):
            fields[0]["type"] = "string"
        self.refused("marker", change, "marker.epoch was of another type when released")

    def test_schema_the_codec_cannot_serve_is_refused(self):
        self.refused("marker", lambda fields: fields.append({"name": "x", "type": "double", "default": 0}), "double")

    def test_default_that_is_no_default_of_the_codec_is_refused(self):
        self.refused("order", lambda fields: fields.append(
            {"name": "x", "type": {"type": "map", "values": "string"}, "default": {"a": "b"}}), "order.x")

    def test_released_record_may_not_go(self):
        (self.root / "schemas/death.avsc").unlink()
        done = generate(self.root)
        self.assertIn("death was released and has no schema today", done.stderr)
        self.assertEqual(done.returncode, 1)

    def test_released_schema_may_not_change(self):
        mark = next(mark for _, name, mark in released(self.root) if name == "marker")
        path = self.root / f"schemas/released/{mark}.avsc"
        path.write_text(path.read_text().replace('"seq"', '"sequence"'))
        done = generate(self.root)
        self.assertIn("its fingerprint is another", done.stderr)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
