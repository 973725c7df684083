# SPDX-License-Identifier: Apache-2.0
"""The demo, played to its end: what it says about itself is true, and nothing is left behind."""

import json
import os
import re
import shutil
import signal
import socket
import tempfile
import unittest
import urllib.request

import procs

SHORT = 20  # seconds, the shortest play there is


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return [int(child) for child in children.read().split()]


class DemoTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def check_document(self, document):
        self.assertEqual("muster.demo/1", document["schema"])
        topics = document["topics"]
        self.assertGreaterEqual(topics["announced"], 24)
        self.assertEqual(topics["announced"], topics["assigned"])
        self.assertEqual(0, topics["pending"])
        self.assertEqual(3, document["collectors"])
        records = document["records"]
        self.assertEqual(0, records["lost"])
        self.assertEqual(records["produced"], records["delivered"])
        # Ten seconds at least, a record a second from each source.
        self.assertGreater(records["produced"], 10 * topics["announced"])
        self.assertGreaterEqual(document["moves"]["made"], topics["announced"] // 3)
        self.assertEqual(document["moves"]["minimum"], document["moves"]["made"])
        self.assertGreater(document["read_again_s"], 0)
        self.assertGreaterEqual(document["lag_records_max"], 0)

    def test_played_to_its_end(self):
        environment = {"TMPDIR": self.folder, "MUSTER_PREFIX": "of.the.person"}
        done = procs.muster("demo", "--seconds", SHORT, "--json", seconds=120, environment=environment)
        self.check_document(json.loads(done.stdout))
        for what in (
            r"page at http://127\.0\.0\.1:\d+/",
            r"kill -9 of collector 'c2'",
            r"all of its topics are read again, after [\d.]+ s",
            r"collector 'c4' joins",
            r"announced by a plain JSON record",
            r"it is gone",
            r"max_topics_per_collector=\d+",
        ):
            self.assertRegex(done.stderr, what)
        # A pipe sees lines and nothing that drives a terminal.
        self.assertNotRegex(done.stderr, r"[\x00-\x09\x0b-\x1f]")
        self.assertEqual([], os.listdir(self.folder))

    def begin(self, processes):
        """An endless play that has assigned its topics, while somebody has the usual port."""
        demo = processes.start("demo", "demo", environment={"TMPDIR": self.folder}, is_stdout_apart=True)
        demo.wait_log("all assigned after", 60)
        return demo

    def test_ended_by_a_signal(self):
        with tempfile.TemporaryDirectory() as folder, procs.Processes(folder) as processes:
            with socket.socket() as taken:
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    taken.bind(("127.0.0.1", 8600))
                    taken.listen()
                except OSError:
                    pass  # somebody else has it: that is as good
                demo = self.begin(processes)
                url = re.search(r"page at (http://127\.0\.0\.1:\d+/)", demo.log()).group(1)
                self.assertFalse(url.endswith(":8600/"))
                with urllib.request.urlopen(url, timeout=10) as page:
                    self.assertIn(b"<html", page.read().lower())
                demo.signal(signal.SIGINT)
                self.assertEqual(0, demo.wait(60))
            with open(demo.out_path, encoding="utf-8") as out:
                self.assertRegex(out.read(), r"(?m)^records .* 0 lost")
            self.assertEqual([], os.listdir(self.folder))

    def test_killed_it_takes_its_processes_with_it(self):
        with tempfile.TemporaryDirectory() as folder, procs.Processes(folder) as processes:
            demo = self.begin(processes)
            children = children_of(demo.pid)
            self.assertEqual(4, len(children))
            demo.kill()
            procs.wait_for(
                lambda: not any(is_running(child) for child in children), 10, "the processes to end"
            )

    def test_too_short_a_play_is_refused(self):
        done = procs.muster("demo", "--seconds", SHORT - 1, codes=(2,))
        self.assertIn("too short", done.stderr)
        self.assertEqual("", done.stdout)


if __name__ == "__main__":
    unittest.main()
