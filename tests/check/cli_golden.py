# SPDX-License-Identifier: Apache-2.0
"""What the commands print is what they have always printed.

Each tests/golden/cli/NAME.in is a list of commands, NAME.ok their transcript: stdout as it is,
stderr behind "! ", then the exit code. `{api}` is a coordinator that gives the answers of api.json
(a body of null: never). What took time is shown as 0. GOLDEN_UPDATE=1 writes the transcripts anew:
read the difference.
"""

import json
import os
import pathlib
import re
import shlex
import subprocess
import unittest

import procs
from fake_api import FakeApi

FOLDER = pathlib.Path(procs.SOURCE) / "tests" / "golden" / "cli"


def load_answers():
    answers = {}
    for row in json.loads((FOLDER / "api.json").read_text()):
        body = None if row["body"] is None else json.dumps(row["body"])
        answers[row["path"]] = (row.get("code", 200), body)
    return answers


def run(line, api):
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    words = shlex.split(line.replace("{api}", api.url))
    while "=" in words[0]:
        name, value = words.pop(0).split("=", 1)
        environment[name] = value
    done = subprocess.run(
        [os.path.abspath(procs.MUSTER)] + words[1:],
        cwd=FOLDER,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    errors = "".join(f"! {error}\n" for error in done.stderr.splitlines())
    text = f"$ {line}\n{done.stdout}{errors}exit {done.returncode}\n"
    text = re.sub(r'"plan_us":[0-9.]+', '"plan_us":0', text)
    return text.replace(api.url, "{api}")


class GoldenTest(unittest.TestCase):
    maxDiff = None

    def test_transcripts_are_as_ever(self):
        with FakeApi(load_answers()) as api:
            for path in sorted(FOLDER.glob("*.in")):
                lines = path.read_text().splitlines()
                text = "\n".join(run(line, api) for line in lines)
                expected = path.with_suffix(".ok")
                if os.environ.get("GOLDEN_UPDATE"):
                    expected.write_text(text)
                with self.subTest(path.stem):
                    self.assertEqual(expected.read_text(), text)


if __name__ == "__main__":
    unittest.main()
