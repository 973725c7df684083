# SPDX-License-Identifier: Apache-2.0
"""The systemd units: exposure of 1.5 at most, and nothing that systemd would ignore."""

import os
import re
import shutil
import tempfile
import unittest

import procs
import tree

EXPOSURE_MAX = 1.5


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class UnitsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="muster-units-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.paths = []
        for path in tree.files("deploy/systemd", ".service"):
            # The binary need not be installed for its unit to be checked; an instance stands for
            # its template.
            text = re.sub("/usr/bin/muster", "/bin/true", tree.read(path))
            name = os.path.basename(path).replace("@.", "@1.")
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
            self.paths.append(os.path.join(self.folder, name))

    def test_the_three_daemons_have_units(self):
        self.assertEqual(
            ["muster-agent.service", "muster-collector@1.service", "muster-coordinator.service"],
            [os.path.basename(path) for path in self.paths],
        )

    def test_systemd_has_nothing_to_say(self):
        # It answers 0 also for keys it does not know, and only says so.
        for path in self.paths:
            with self.subTest(unit=path):
                done = procs.run("systemd-analyze", "verify", "--man=no", path)
                self.assertEqual("", done.stdout + done.stderr)

    def test_drop_in_of_the_manual_fits(self):
        text = re.search(r"```ini drop-in\n(.*?)```", tree.read("deploy/README.md"), re.DOTALL).group(1)
        unit = next(path for path in self.paths if "collector" in path)
        os.mkdir(unit + ".d")
        with open(os.path.join(unit + ".d", "sink.conf"), "w", encoding="utf-8") as file:
            file.write(text)
        done = procs.run("systemd-analyze", "verify", "--man=no", unit)
        self.assertEqual("", done.stdout + done.stderr)

    def test_exposure_is_low(self):
        for path in self.paths:
            with self.subTest(unit=path):
                done = procs.run(
                    "systemd-analyze", "security", "--offline=true", "--no-pager", path
                )
                level = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout).group(1)
                self.assertLessEqual(float(level), EXPOSURE_MAX)

    def commands(self):
        """(unit, [words], [flags]) of each line that runs muster."""
        for path in tree.files("deploy/systemd", ".service"):
            for line in re.findall(
                r"^Exec\w+=-?/usr/bin/muster (.*)$", tree.read(path), re.MULTILINE
            ):
                words = line.split()
                flags = [i for i, word in enumerate(words) if word.startswith("--")]
                yield path, words[: flags[0]], [words[i] for i in flags]

    def test_commands_and_flags_exist(self):
        for path, words, flags in self.commands():
            with self.subTest(unit=path, command=words):
                text = procs.muster(*words, "--help").stdout
                self.assertEqual([], [flag for flag in flags if flag not in text])

    def test_settings_exist(self):
        reference = tree.read("conf/muster.conf")
        for path in tree.files("deploy/systemd", ".service"):
            for name in re.findall(r"^Environment=MUSTER_(\w+)=", tree.read(path), re.MULTILINE):
                setting = name.lower().replace("_", ".")
                with self.subTest(unit=path, setting=setting):
                    self.assertRegex(reference, rf"(?m)^#?\s*{re.escape(setting)}\s*=")


if __name__ == "__main__":
    unittest.main()
