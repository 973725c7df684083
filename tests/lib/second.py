# SPDX-License-Identifier: Apache-2.0
"""A binary of the next level: the tree as it is with a field more in some records, released as the
next level, compiled. It reads what this binary writes, and this one cannot read what it writes."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import procs

FOLDERS = ("cmake", "conf", "deploy", "schemas", "src", "tests")
FILES = ("CMakeLists.txt", "CMakePresets.json", "LICENSE")
CHANGED = ("beat", "bucket", "head", "report", "state_cell", "state_unit")


def _change(root, name):
    path = root / f"schemas/{name}.avsc"
    schema = json.loads(path.read_text())
    schema["fields"].append({"name": "later", "type": "string", "default": "", "doc": "of the next level"})
    path.write_text(json.dumps(schema))


def build(root):
    """Makes the tree in the folder `root` and returns the path of its binary."""
    root = pathlib.Path(root)
    source = pathlib.Path(procs.SOURCE)
    for folder in FOLDERS:
        shutil.copytree(source / folder, root / folder)
    for file in FILES:
        shutil.copy(source / file, root / file)
    for name in CHANGED:
        _change(root, name)
    words = [sys.executable, source / "schemas/generate.py", "--root", root, "--release", "2"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    build_folder = root / "build"
    subprocess.run(
        ["cmake", "-G", "Ninja", "-S", root, "-B", build_folder, "-DCMAKE_BUILD_TYPE=Debug"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    subprocess.run(
        ["cmake", "--build", build_folder, "--target", "muster", "-j", str(os.cpu_count())],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return str(build_folder / "muster")
