# SPDX-License-Identifier: Apache-2.0
"""The matrix of commands and exit codes, over the table that the binary itself gives."""

import concurrent.futures
import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

import procs
from fake_api import FakeApi

# Commands that do nothing but ask a coordinator, with the words that they need.
ASKING = {
    ("topic", "list"): [],
    ("topic", "show"): ["cpu0"],
    ("topic", "explain"): ["cpu0"],
    ("collector", "list"): [],
    ("collector", "show"): ["rack1"],
    ("collector", "explain"): ["rack1"],
    ("agent", "list"): [],
    ("agent", "show"): ["host7"],
    ("pool", "list"): [],
    ("pool", "show"): ["default"],
    ("coordinator", "list"): [],
    ("lag", "show"): [],
    ("lag", "pools"): [],
    ("events", "list"): [],
}

# Commands that write to Kafka. What is answered to them: tests/embedded/cli_exchange_test.c.
WRITING = {
    ("topic", "announce"): ["cpu0"],
    ("topic", "withdraw"): ["cpu0"],
    ("topic", "retry"): ["cpu0"],
    ("collector", "drain"): ["rack1"],
    ("collector", "undrain"): ["rack1"],
    ("collector", "evict"): ["rack1"],
    ("collector", "rotate"): ["rack1"],
    ("collector", "report"): ["rack1"],
    ("agent", "forget"): ["host7", "--yes"],
    ("pool", "create"): ["edge", "start=latest"],
    ("pool", "set"): ["default", "max_topics_per_collector=7"],
    ("pool", "reset"): ["default"],
    ("pool", "pause"): ["edge"],
    ("pool", "resume"): ["edge"],
    ("pool", "freeze"): ["edge"],
    ("pool", "unfreeze"): ["edge"],
    ("pool", "rebalance"): ["edge"],
    ("pool", "delete"): ["edge", "--yes"],
    ("cell", "upgrade"): [],
}

# Commands that look after the cell's topics, and those that read what happened, in Kafka itself.
SITE = {("cell", "init"): [], ("cell", "clean"): ["--yes"]}
HISTORY = {("events", "list"): ["--since", "1h"]}

DIED = ("collector", "died")  # publishes a death; needs the state file of the dead
DAEMONS = {("coordinator", "run"), ("collector", "run"), ("agent", "run")}
LOCAL = {  # neither Kafka nor a coordinator
    ("plan", None),
    ("config", "show"),
    ("config", "check"),
    ("demo", None),
    ("help", None),
    ("version", None),
}

# Codes of single commands that take a Kafka to come to, and the tests where they do.
ELSEWHERE = {
    (("collector", "run"), 8): ("tests/system/refusal_test.py", "codes=(8,)"),
    (("pool", "set"), 1): ("tests/embedded/cli_exchange_test.c", ".code = EXIT_FAILED"),
    (("pool", "set"), 3): ("tests/embedded/cli_exchange_test.c", ".code = EXIT_NOT_FOUND"),
    (("pool", "set"), 6): ("tests/embedded/cli_exchange_test.c", ".code = EXIT_TIMEOUT"),
}

STATE = "pool=default\nid=c1\nincarnation=0123456789abcdef0123456789abcdef\n"

SUPPRESSIONS = os.path.join(os.path.dirname(procs.__file__), "lsan_unreached.supp")
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LSAN_OPTIONS": f"suppressions={SUPPRESSIONS}:print_suppressions=0",
}
EMPTY = '{"schema": "x", "items": [], "next": null, "total": 0}'


def refusal(code):
    return (code, json.dumps({"error": {"code": code, "message": "no"}}))


def run(*words):
    return subprocess.run(
        [procs.MUSTER, *words],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class ExitCodesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = json.loads(run("help", "--json").stdout)
        cls.commands = cls.table["items"]

    def check(self, code, *words):
        return self.judge(code, words, run(*words))

    def check_each(self, code, rows, *flags):
        lines = [(*command, *arguments, *flags) for command, arguments in rows.items()]
        return self.check_lines(code, lines)

    def check_lines(self, code, lines):
        """Side by side, because they spend their time waiting."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda words: run(*words), lines))
        return [self.judge(code, words, one) for words, one in zip(lines, done)]

    def judge(self, code, words, done):
        with self.subTest(" ".join(words)):
            self.assertEqual(code, done.returncode, done.stderr)
            # An answer or an error, each where it belongs.
            if code in (0, 7):
                self.assertNotEqual("", done.stdout)
            else:
                self.assertRegex(done.stderr, "^muster: ")
        return done

    def words(self, command):
        return [command["noun"]] + ([command["verb"]] if command["verb"] else [])

    @staticmethod
    @contextlib.contextmanager
    def state_file():
        """That of a collector which has died."""
        with tempfile.NamedTemporaryFile("w", suffix=".state", encoding="utf-8") as file:
            file.write(STATE)
            file.flush()
            yield file.name

    def check_asking(self, code, *flags):
        self.check_each(code, ASKING, *flags)

    def check_answer(self, code, answer):
        with FakeApi({}, answer) as api:
            self.check_asking(code, "--api", api.url)

    def test_table_is_whole(self):
        self.assertEqual("muster.help/1", self.table["schema"])
        self.assertEqual(list(range(10)), [row["code"] for row in self.table["exit_codes"]])
        known = {(command["noun"], command["verb"]) for command in self.commands}
        rows = {*ASKING, *WRITING, *SITE, *HISTORY, DIED, *DAEMONS, *LOCAL}
        self.assertEqual(known, rows)  # a new command needs a row

    def test_codes_that_are_shown_elsewhere(self):
        for (path, text) in ELSEWHERE.values():
            with open(os.path.join(procs.SOURCE, path), encoding="utf-8") as file:
                self.assertIn(text, file.read())

    def test_0_help_at_every_level_has_an_example(self):
        nouns = {command["noun"] for command in self.commands}
        levels = [[]] + [[noun] for noun in nouns] + [self.words(c) for c in self.commands]
        for done in self.check_lines(0, [words + ["--help"] for words in levels]):
            with self.subTest(done.args):
                self.assertIn("example: muster ", done.stdout)

    def test_0_whatever_answers_has_a_schema(self):
        for command in self.commands:
            if command["answers"]:
                done = self.check(0, *self.words(command), *self.fill(command), "-o", "schema")
                schema = json.loads(done.stdout)
                self.assertEqual(command["answers"], schema["properties"]["schema"]["const"])

    @staticmethod
    def fill(command):
        """Arguments that a command cannot do without."""
        needed = command["arguments"].split()
        return ["x" for word in needed if not word.startswith("[")]

    def test_whatever_changes_something_can_be_waited_for(self):
        for command in self.commands:
            row = (command["noun"], command["verb"])
            if row in WRITING or row in SITE or row == DIED:
                with self.subTest(row):
                    self.assertIn("wait", [flag["name"] for flag in command["flags"]])

    def test_2_wrong_usage(self):
        for wrong in (["--no-such-flag"], ["--output", "xml"]):
            self.check_lines(2, [self.words(command) + wrong for command in self.commands])
        self.check(2)
        self.check(2, "nonsense")
        self.check(2, "topic", "nonsense")
        self.check_asking(2, "--set", "lease.ms=soon")
        for (noun, verb), arguments in WRITING.items():
            if arguments:
                self.check(2, noun, verb, "bad/name", *arguments[1:])
        for value in ("nonsense=1", "max_topics_per_collector=abc"):
            for verb in ("set", "create"):
                self.check(2, "pool", verb, "edge", value)
            self.check(2, "pool", "set", "edge", value, "--dry-run")
        self.check(2, "pool", "delete", "edge")
        self.check(2, "agent", "forget", "host7")
        self.check(2, "cell", "clean")
        self.check(2, *DIED)
        self.check(2, "topic", "announce")
        self.check(2, "topic", "announce", "cpu0", "--file", "-")
        self.check(2, "topic", "announce", "--file", "-", "--agent", "a1")
        self.check(2, "topic", "announce", "cpu0", "--label", "zone")
        self.check(2, "pool", "set", "default", "start")
        self.check(2, "agent", "run")
        self.check(2, "plan", "-")
        self.check(2, "demo", "--seconds", "19")

    def test_0_done(self):
        self.check(0, "version")
        self.check(0, "help")
        self.check(0, "config", "show")
        with FakeApi({}, (200, EMPTY)) as api:
            for (noun, verb), arguments in ASKING.items():
                done = run(noun, verb, *arguments, "--api", api.url, "--json")
                with self.subTest(f"{noun} {verb}"):
                    self.assertEqual(0, done.returncode)
                    self.assertEqual([], json.loads(done.stdout)["items"])

    def test_1_failed(self):
        self.check_answer(1, refusal(500))
        self.check_answer(1, (200, "<html>"))
        with open("/dev/full", "w", encoding="utf-8") as full:
            workload = "tests/golden/cli/files/cap.jsonl"
            for words in (["config", "show"], ["version"], ["help"], ["plan", workload]):
                done = subprocess.run(
                    [procs.MUSTER, *words],
                    env=ENVIRONMENT,
                    cwd=procs.SOURCE,
                    stdout=full,
                    check=False,
                )
                with self.subTest(words):
                    self.assertEqual(1, done.returncode)

    def test_3_not_found(self):
        self.check_answer(3, refusal(404))
        self.check(3, "help", "nonsense")
        self.check(3, "topic", "announce", "--file", "/nonexistent/announcements")
        self.assertEqual("", self.check(3, "config", "show", "no.such.setting").stdout)
        self.check(3, "config", "check", "/nonexistent/muster.conf")
        self.check(3, "plan", "/nonexistent/workload.jsonl")
        self.check(3, *DIED, "--state-file", "/nonexistent/c1.state")

    def test_4_not_allowed(self):
        self.check_answer(4, refusal(403))

    def test_5_not_reached(self):
        self.check_answer(5, refusal(503))
        self.check_asking(5, "--api", "http://127.0.0.1:1")
        # The same where the brokers are to say who coordinates.
        self.check(5, "topic", "list", "-b", "127.0.0.1:1", "--timeout", "500ms")
        for rows in (WRITING, SITE, HISTORY):
            self.check_each(5, rows, "-b", "127.0.0.1:1", "--timeout", "300ms")
        with self.state_file() as path:
            self.check(5, *DIED, "--state-file", path, "-b", "127.0.0.1:1", "--timeout", "300ms")

    def test_5_an_api_that_does_not_speak_http(self):
        """As when it is Kafka's port: the connection is closed without a word."""
        with socket.create_server(("127.0.0.1", 0), backlog=100) as stranger:

            def hang_up():
                for _ in ASKING:
                    connection, _ = stranger.accept()
                    connection.recv(4096)
                    connection.close()

            thread = threading.Thread(target=hang_up)
            thread.start()
            url = f"http://127.0.0.1:{stranger.getsockname()[1]}"
            for done in self.check_each(5, ASKING, "--api", url):
                self.assertIn(f"'{url}' does not speak HTTP: is it another program?", done.stderr)
            thread.join()

    def check_mute(self, address):
        """What takes connections there is no Kafka: every command says it in the same words."""
        for rows in (ASKING, WRITING, SITE, HISTORY):
            for done in self.check_each(5, rows, "-b", address, "--timeout", "1s"):
                with self.subTest(done.args):
                    self.assertRegex(
                        done.stderr,
                        f"^muster: '{address}' is connected but does not answer( .*)?: is it Kafka?",
                    )

    def test_5_connected_without_an_answer(self):
        with socket.create_server(("127.0.0.1", 0), backlog=100) as mute:
            self.check_mute(f"127.0.0.1:{mute.getsockname()[1]}")

    def test_5_connected_to_what_is_not_kafka(self):
        with FakeApi({}) as api:
            self.check_mute(api.url.removeprefix("http://"))

    def test_6_timed_out(self):
        with FakeApi({}, (200, None)) as api:
            self.check_asking(6, "--api", api.url, "--timeout", "1s")

    def test_7_the_check_found_a_problem(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
            file.write("leas.ms = 3s\n")
            file.flush()
            self.check(7, "config", "check", file.name)

    def test_9_stopped_with_work_left(self):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write("cpu0\n")
            file.flush()
            words = ["agent", "run", "--id", "a", "--file", file.name, "-b", "127.0.0.1:1"]
            agent = subprocess.Popen(
                [procs.MUSTER, *words, "--set", "stop.timeout.ms=1"],
                env=ENVIRONMENT,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=procs.die_with_parent,
            )
            with agent:
                while "announces 1 topics" not in agent.stderr.readline():
                    self.assertIsNone(agent.poll())
                agent.send_signal(signal.SIGTERM)
                self.assertEqual(9, agent.wait(60))


if __name__ == "__main__":
    unittest.main()
