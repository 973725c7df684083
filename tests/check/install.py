# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts where, with DESTDIR respected and nothing written outside of it."""

import os
import shutil
import tempfile
import unittest

import procs
import tree


class InstallTest(unittest.TestCase):
    def test_files_are_where_the_units_look_for_them(self):
        folder = tempfile.mkdtemp(prefix="muster-install-")
        self.addCleanup(shutil.rmtree, folder)
        procs.run("env", "DESTDIR=" + folder, "cmake", "--install", tree.BUILD)
        installed = {
            os.path.relpath(os.path.join(place, name), folder)
            for place, _, names in os.walk(folder)
            for name in names
        }
        wanted = {"usr/bin/muster", "etc/muster/muster.conf", "usr/share/doc/muster/LICENSE"}
        wanted |= {
            "usr/lib/systemd/system/" + os.path.basename(p)
            for p in tree.files("deploy/systemd", ".service")
        }
        wanted |= {"usr/share/muster/" + p for p in tree.files("schemas", ".avsc")}
        self.assertEqual(set(), wanted - installed)


if __name__ == "__main__":
    unittest.main()
