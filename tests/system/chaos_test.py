# SPDX-License-Identifier: Apache-2.0
"""Three brokers, three coordinators and five collectors, of which everything is killed, held still
and cut off in turn, two things at a time, while records flow; then the accountant looks at all that
is left. `./dev soak` is the same for longer; SEED=N plays one order again.

From the logs, not from what the processes say, it proves: CB-28, EE-12: whatever dies, every record
reaches a sink, and what comes twice begins at the position that was committed. CB-29, TG-18, EE-13:
nobody is granted a unit, reads or writes it beside another. CB-39, CB-40: who is cut off or held
still loses its units to others, and writes nothing behind its lease. CB-36: the others' topics are
read on meanwhile. CB-33: so they are while a broker is away. CB-44, MR-22: one leader writes at a
time, and one that was paused or cut off is a standby afterwards. PD-19: generations only rise.
"""

import os
import random
import unittest

import chaos

TOPICS = 60


class ChaosTest(unittest.TestCase):
    def test_promises_are_kept_whatever_dies(self):
        seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
        print(f"SEED={seed}", flush=True)
        with chaos.world(TOPICS, seed) as world:
            world.begin()
            for faults in chaos.schedule(seed):
                world.play(faults)
            report = world.finish()
        print(report.text(), flush=True)
        self.assertEqual({}, dict(report.faults), f"SEED={seed}")


if __name__ == "__main__":
    unittest.main()
