# SPDX-License-Identifier: Apache-2.0
"""`./dev soak`: the faults of tests/system/chaos_test.py for as long as one likes, with 200 topics
and the brokers that lead control, state and the transaction log among those that are killed.

Progress goes to stderr, logs and evidence stay in build/soak; the accountant's report comes last.
The exit code is 1 if he found a breach, or if something that must come did not come.
"""

import argparse
import os
import random
import shutil
import sys
import time

import chaos
import procs

TOPICS = 200
FOLDER = os.path.join(procs.SOURCE, "build", "soak")


def soak(minutes, seed, topics):
    print(f"SEED={seed}, logs in {FOLDER}", file=sys.stderr, flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    with chaos.world(topics, seed, "soak", FOLDER) as world:
        world.begin()
        schedule = chaos.schedule_for_ever(seed)
        over = world.began + 60 * minutes
        while time.monotonic() < over:
            world.play(next(schedule))
        return world.finish()


def main():
    parser = argparse.ArgumentParser(
        prog="dev soak", description="Everything dies at random, and the accountant looks."
    )
    parser.add_argument("--minutes", type=float, default=10, help="for so long faults begin (10)")
    parser.add_argument("--seed", type=int, help="their order; drawn and printed if left out")
    parser.add_argument("--topics", type=int, default=TOPICS, help=f"at the beginning ({TOPICS})")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1 << 32)
    try:
        report = soak(chosen.minutes, seed, chosen.topics)
    except AssertionError as error:
        sys.exit(f"soak: {error}\nsoak: failed, SEED={seed}")
    print(f"SEED={seed}")
    print(report.text())
    sys.exit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
