# SPDX-License-Identifier: Apache-2.0
"""Processes for the system tests: start one with its log, wait for a condition, kill it, count what
it delivered.

Every process started here dies with the test, also when the test itself is killed.
"""

import collections
import ctypes
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get("MUSTER_SOURCE") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", "..")
)
MUSTER = os.environ.get("MUSTER") or os.path.join(SOURCE, "build", "release", "muster")

# Settings of the person who runs the tests stay out of them.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
ENVIRONMENT["XDG_CONFIG_HOME"] = "/nonexistent"

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For `preexec_fn`: the kernel kills this process when the thread that started it ends."""
    _libc.prctl(1, signal.SIGKILL)


_sets = []  # of processes, that run


LAST_LINES = 8  # of a log, when a test has failed


def last_lines():
    """The end of the log of every process that was started in a set that still runs."""
    said = []
    for processes in _sets:
        for name, process in processes.all.items():
            said.append(f"--- last lines of {name}")
            said += [line[:300] for line in process.log().splitlines()[-LAST_LINES:]]
    return "\n".join(said)


def wait_for(condition, seconds, what):
    """Polls until `condition()` is true and returns its value; after `seconds` fails saying `what`
    was waited for, and what the processes that run have said last.

    The only place in the tests that lets time pass.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(
                f"waited {seconds} s in vain for {what}; last seen: {value!r}\n{last_lines()}"
            )
        time.sleep(0.02)


class Process:
    """A running program with its output in `folder`/`name`.log (stdout apart, if asked for, in
    `name`.out)."""

    def __init__(self, arguments, folder, name, environment=None, is_stdout_apart=False):
        self.arguments = [str(a) for a in arguments]
        self.name = name
        self.log_path = os.path.join(folder, name + ".log")
        self.out_path = os.path.join(folder, name + ".out") if is_stdout_apart else self.log_path
        self.environment = {**ENVIRONMENT, **(environment or {})}
        self.child = None
        self.started_at = None  # time.monotonic() of the last start
        self.start()

    def start(self):
        assert not self.is_alive()
        with open(self.log_path, "ab") as log, open(self.out_path, "ab") as out:
            self.started_at = time.monotonic()
            self.child = subprocess.Popen(
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env=self.environment,
                preexec_fn=die_with_parent,
            )

    @property
    def pid(self):
        return self.child.pid

    def is_alive(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def kill(self):
        """kill -9, and waits until the kernel has let go of it."""
        if self.is_alive():
            self.child.kill()
        return self.child.wait(10)

    def restart(self):
        self.kill()
        self.start()

    def stop(self, seconds=30):
        """SIGTERM; returns the exit code. Fails, after a kill, when the process is still there
        after `seconds`."""
        if self.is_alive():
            self.child.terminate()
        return self.wait(seconds)

    def wait(self, seconds):
        """The exit code of a process that ends by itself."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"'{self.name}' did not end within {seconds} s\n{self.log()[-4000:]}"
            ) from None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_log(self, text, seconds=30):
        """Waits until `text` is in the log; a process that ends before is a failure at once."""

        def is_there():
            if text in self.log():
                return True
            if not self.is_alive() and text not in self.log():
                raise AssertionError(
                    f"'{self.name}' ended with {self.child.returncode} before it logged "
                    f"{text!r}\n{self.log()[-4000:]}"
                )
            return False

        return wait_for(is_there, seconds, f"{text!r} in the log of '{self.name}'")


class Processes:
    """A set of processes that are killed when the `with` block ends."""

    def __init__(self, folder):
        self.folder = folder
        self.all = {}
        self.binary = MUSTER  # of those that are started from now on

    def __enter__(self):
        _sets.append(self)
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and "--- last lines of" not in str(error):
            print(f"{error!r:.2000}\n{last_lines()}", file=sys.stderr)
        _sets.remove(self)
        for process in self.all.values():
            if process.is_alive():
                process.kill()
        return False

    def start(self, name, *arguments, **options):
        """Starts `muster ARGUMENTS...` under that name."""
        process = Process([self.binary, *arguments], self.folder, name, **options)
        self.all[name] = process
        return process

    def __getitem__(self, name):
        return self.all[name]


def run(*arguments, seconds=60, stdin=None, codes=(0,), environment=None):
    """Runs a program to its end and returns it with .stdout and .stderr as text; fails unless its
    code is in `codes`."""
    done = subprocess.run(
        [str(a) for a in arguments],
        input=stdin,
        stdin=None if stdin else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        preexec_fn=die_with_parent,
        check=False,
        env={**ENVIRONMENT, **(environment or {})},
    )
    if done.returncode not in codes:
        raise AssertionError(
            f"{' '.join(done.args)}\nended with {done.returncode}, expected {codes}\n"
            f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return done


def muster(*arguments, **options):
    """Runs `muster ARGUMENTS...` to its end."""
    return run(MUSTER, *arguments, **options)


def muster_json(*arguments, **options):
    """The document that `muster ARGUMENTS... --output json` prints."""
    return json.loads(muster(*arguments, "--output", "json", **options).stdout)


def kcat_produce(bootstrap, topic, values, options=()):
    """Writes one record per value (text without line ends)."""
    run(
        "kcat",
        "-P",
        "-b",
        bootstrap,
        "-t",
        topic,
        "-X",
        "acks=all",
        *options,
        stdin="".join(v + "\n" for v in values),
    )


def kcat_produce_bytes(bootstrap, topic, partition, key, value):
    """Writes one record of any bytes under a key."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(value)
        file.flush()
        to = ["-b", bootstrap, "-t", topic, "-p", partition]
        run("kcat", "-P", *to, "-X", "acks=all", "-k", key, file.name)


def kcat_read(bootstrap, topic, options=(), seconds=60):
    """Every record from the beginning to the end, as dicts with key, payload, partition, offset
    (read_committed)."""
    done = run(
        "kcat",
        "-C",
        "-b",
        bootstrap,
        "-t",
        topic,
        "-o",
        "beginning",
        "-e",
        "-q",
        "-J",
        "-X",
        "isolation.level=read_committed",
        *options,
        seconds=seconds,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def sink_records(*folders, suffix="*"):
    """The records of all file sinks under these folders: dicts as the sink wrote them. An
    unfinished last line is left out."""
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, "**", suffix), recursive=True)):
            if not os.path.isfile(path):
                continue
            with open(path, encoding="utf-8") as file:
                for line in file:
                    if line.endswith("\n") and line.startswith("{"):
                        yield json.loads(line)


class Account:
    """Compares what was produced with what the sinks hold, by topic and value."""

    def __init__(self):
        self.produced = collections.Counter()

    def add(self, topic, value):
        self.produced[topic, value] += 1

    def compare(self, records):
        """{"produced", "delivered" (distinct), "lost": [...], "duplicated", "foreign": [...]}; the
        lists show at most 10."""
        seen = collections.Counter((r["topic"], r["value"]) for r in records)
        lost = [k for k, n in self.produced.items() if seen[k] < n]
        foreign = [k for k in seen if k not in self.produced]
        duplicated = sum(max(0, seen[k] - n) for k, n in self.produced.items())
        return {
            "produced": sum(self.produced.values()),
            "delivered": len(self.produced) - len(lost),
            "lost": lost[:10],
            "lost_count": len(lost),
            "duplicated": duplicated,
            "foreign": foreign[:10],
        }
