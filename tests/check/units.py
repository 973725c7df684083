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
            # The binary need not be installed for its unit to be checked; an instance stands for its template.
            text = re.sub("/usr/bin/muster", "/bin/true", tree.read(path))
            name = os.path.basename(path).replace("@.", "@1.")
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
            self.paths.append(os.path.join(self.folder, name))

    def test_the_three_daemons_have_units(self):
        self.assertEqual(["muster-agent.service", "muster-collector@1.service", "muster-coordinator.service"],
                         [os.path.basename(path) for path in self.paths])

    def test_systemd_has_nothing_to_say(self):
        # It answers 0 also for keys it does not know, and only says so.
        for path in self.paths:
            with self.subTest(unit=path):
                done = procs.run("systemd-analyze", "verify", "--man=no", path)
                self.assertEqual("", done.stdout + done.stderr)

    def test_exposure_is_low(self):
        for path in self.paths:
            with self.subTest(unit=path):
                done = procs.run("systemd-analyze", "security", "--offline=true", "--no-pager", path)
                level = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout).group(1)
                self.assertLessEqual(float(level), EXPOSURE_MAX)


if __name__ == "__main__":
    unittest.main()
