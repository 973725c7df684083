#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check the protocol models with spin and print what it found.

Each model is searched exhaustively for an error (S1 and the others it asserts). Then, unless
--sound is given, each BREAK_x takes one rule away and must give a counterexample of the assertion
named with it, and each REACH_x must be found, so that no model is right for want of events.
The exit code is 1 if anything is otherwise, or if a search did not end.
"""

import argparse
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
MEMORY_MB = 5000
JOBS = 2

# name, file, defines
SOUND = [
    ("handover", "handover", ["BATCHES=6", "TERMS=2"]),
    ("handover-3-terms", "handover", ["BATCHES=5", "TERMS=3"]),
    ("lives", "lives", ["BATCHES=6"]),
    ("lives-sink", "lives", ["BATCHES=5", "SINK"]),
    ("lease", "lease", ["MEMBERS=3", "LEASE=1"]),
    ("lease-2-ticks", "lease", ["MEMBERS=3", "LEASE=2"]),
    ("stuck", "stuck", []),
    ("takeover", "takeover", ["BATCHES=3", "MEMBERS=3"]),
    ("takeover-sink", "takeover", ["BATCHES=2", "MEMBERS=2", "SINK"]),
    ("lineage", "lineage", ["LEASE_X=2"]),
    ("lineage-too-long", "lineage", ["LEASE_X=1", "TOO_LONG"]),
    ("lineage-prompt", "lineage", ["LEASE_X=2", "PROMPT"]),
]

# what is taken away, file, defines, what it breaks: shorter searches of the same files
BREAKS = [
    ("ack-without-head", "handover", ["BATCHES=3", "TERMS=1"], "s1_broken"),
    ("ack-before-flush", "handover", ["BATCHES=3", "TERMS=1"], "s1_broken"),
    ("grant-before-ack", "handover", ["BATCHES=3", "TERMS=1"], "s1_broken"),
    ("restore-to-end-asked-for", "handover", ["BATCHES=4", "TERMS=2"], "s1_broken"),
    ("no-producer-fence", "handover", ["BATCHES=3", "TERMS=2"], "s1_broken"),
    ("waiting-ack-counts", "lives", ["BATCHES=4"], "s1_broken"),
    ("newcomer-reads-at-once", "lives", ["BATCHES=4"], "s1_broken"),
    ("leaving-before-stopping", "lives", ["BATCHES=4"], "s1_broken"),
    ("evicted-is-forgotten", "lives", ["BATCHES=4"], "s1_broken"),
    ("fence-not-raised", "lives", ["BATCHES=4", "SINK"], "s6_broken"),
    ("death-by-stale-end", "lease", [], "s1_broken"),
    ("lease-from-ack", "lease", [], "s1_broken"),
    ("late-first-ack-begins-lease", "lease", ["MEMBERS=2"], "s1_broken"),
    ("no-margin", "lease", [], "s1_broken"),
    ("new-leader-does-not-wait", "lease", [], "s1_broken"),
    ("beats-without-reading", "stuck", [], "s8_broken"),
    ("beats-while-holding", "stuck", [], "s8_broken"),
    ("goodbye-believed-uncommitted", "takeover", [], "picture_broken"),
    ("goodbye-beside-the-commit", "takeover", [], "goodbye_broken"),
    ("leads-without-fencing", "takeover", [], "s1_broken"),
    ("death-of-another", "takeover", [], "s5_broken"),
    ("late-beat-admitted", "takeover", [], "ended_named"),
    ("one-end-remembered", "takeover", [], "ended_named"),
    ("admitted-without-a-fence", "takeover", ["BATCHES=2", "MEMBERS=2", "SINK"], "s6_broken"),
    ("new-lineage-does-not-wait", "lineage", [], "s1_broken"),
    ("admits-before-the-own-beat", "lineage", [], "s1_broken"),
    ("waits-by-stale-end", "lineage", [], "s1_broken"),
    ("beats-by-another-not-counted", "lineage", [], "s1_broken"),
    ("beats-by-none-not-counted", "lineage", [], "s1_broken"),
    ("promise-not-heeded", "lineage", ["LEASE_X=2"], "s1_broken"),
    ("promise-not-heard", "lineage", ["LEASE_X=2", "TOO_LONG"], "s1_broken"),
    ("nobody-is-told", "lineage", ["PROMPT"], "waits_on"),
    ("goes-on-by-the-former", "lineage", ["PROMPT"], "waits_on"),
    ("every-cell-has-a-past", "lineage", ["PROMPT"], "waits_on"),
]

REACHES = [
    ("both-in-one-batch", "handover", ["BATCHES=3", "TERMS=1"]),
    ("moved-under-two-leaders", "handover", ["BATCHES=3", "TERMS=2"]),
    ("there-and-back", "handover", ["BATCHES=5", "TERMS=1"]),
    ("admitted-with-the-same-units", "lives", ["BATCHES=4"]),
    ("waits-beside-the-incumbent", "lives", ["BATCHES=4"]),
    ("moved-by-revoke", "lives", ["BATCHES=4"]),
    ("moved-by-death", "lives", ["BATCHES=4"]),
    ("late-write-refused", "lives", ["BATCHES=4", "SINK"]),
    ("moved-by-death", "lease", []),
    ("both-own-one", "lease", []),
    ("death-unnoticed", "lease", []),
    ("lease-kept-by-a-late-ack", "lease", []),
    ("freed-from-a-blind-one", "stuck", []),
    ("freed-from-a-clinging-one", "stuck", []),
    ("claimed-after-goodbye", "takeover", []),
    ("goodbye-lost", "takeover", []),
    ("replaced-by-the-lock", "takeover", []),
    ("death-heard-by-the-next", "takeover", []),
    ("late-beat-ignored", "takeover", []),
    ("late-write-refused", "takeover", ["BATCHES=2", "MEMBERS=2", "SINK"]),
    ("waits-for-one-unheard", "lineage", []),
    ("new-cell-admits-at-once", "lineage", []),
    ("ended-by-the-new-head", "lineage", []),
    ("named-when-all-is-lost", "lineage", []),
]


class Failed(Exception):
    """A step of a job that did not end as it should."""


def run(command, folder, seconds):
    """Run one command in a folder; its output as text."""
    try:
        done = subprocess.run(command, cwd=folder, timeout=seconds, text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{command[0]} did not end within {seconds} s") from late
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-2000:]}")
    return done.stdout


def search(folder, model, defines, options, seconds):
    """Build the search of one model in a folder of its own, run it; spin's report."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run(["spin", "-a"] + ["-D" + define for define in defines] + [str(HERE / f"{model}.pml")],
        folder, 60)
    run(["gcc", "-O2", "-w", "-DSAFETY", f"-DMEMLIM={MEMORY_MB}"] + options
        + ["-o", "pan", "pan.c"], folder, 120)
    return run(["./pan", "-n", "-m1000000"], folder, seconds)


def check_sound(build, timeout_s, job):
    """Search a sound model to its end: no error, nothing cut off."""
    name, model, defines = job
    began = time.monotonic()
    report = search(build / name, model, defines, ["-DCOLLAPSE"], timeout_s)
    line = next((text for text in report.splitlines() if text.startswith("State-vector")), None)
    if line is None:
        raise Failed("spin said nothing about the search\n" + report[-2000:])
    cut_off = re.search(r"max search depth too small|out of memory|not completed|memory limit",
                        report, re.IGNORECASE)
    stored = re.search(r"^\s*(\S+) states, stored", report, re.MULTILINE)
    text = f"{name}: {line} ({stored.group(1)} states, {time.monotonic() - began:.0f} s)"
    if not line.endswith("errors: 0"):
        raise Failed(text + "\n" + report[:1000])
    if cut_off:
        raise Failed(f"{text}\nthe search was not exhaustive: {cut_off.group(0)}")
    return text


def find(build, timeout_s, job):
    """Search, breadth first, for the shortest way to an assertion; its number of steps."""
    kind, name, model, defines, wanted = job
    define = f"{kind}_{name.upper().replace('-', '_')}"
    report = search(build / f"{model}-{define.lower()}", model, defines + [define], ["-DBFS"],
                    timeout_s)
    hit = re.search(r"assertion violated\s+(.*?) \(at depth (\d+)\)", report)
    if not hit:
        raise Failed("not found\n" + report[:1000])
    if wanted not in hit.group(1):
        raise Failed(f"found another assertion: {hit.group(1)}, not {wanted}")
    said = "counterexample of" if kind == "BREAK" else "reached in"
    label = name if kind == "BREAK" else f"{model} {name}"
    return f"{label}: {said} {hit.group(2)} steps"


def check_all(work, jobs, build, timeout_s):
    """Run jobs, two at a time; print their lines in the order of the tables; how many failed."""
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=JOBS) as pool:
        running = [(job, pool.submit(work, build, timeout_s, job)) for job in jobs]
        for job, future in running:
            try:
                print(future.result(), flush=True)
            except Failed as failed:
                failures += 1
                print(f"{' '.join(job[:3] if job[0] in ('BREAK', 'REACH') else job[:1])}:"
                      f" FAILED: {failed}", flush=True)
    return failures


def main():
    """Parse the arguments, run the jobs, answer with the exit code."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sound", action="store_true", help="only the sound models")
    parser.add_argument("--build", default="build/model", metavar="DIR", help="folder to work in")
    parser.add_argument("--timeout", type=int, default=400, metavar="SECONDS",
                        help="for each search (default 400)")
    arguments = parser.parse_args()
    for tool in ("spin", "gcc"):
        if shutil.which(tool) is None:
            print(f"'{tool}' is not installed", file=sys.stderr)
            return 1
    build = pathlib.Path(arguments.build).resolve()
    failures = check_all(check_sound, SOUND, build, arguments.timeout)
    if not arguments.sound:
        failures += check_all(find, [("BREAK",) + job for job in BREAKS], build,
                              arguments.timeout)
        failures += check_all(find, [("REACH",) + job + ("found",) for job in REACHES], build,
                              arguments.timeout)
    if failures:
        print(f"{failures} failed", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
