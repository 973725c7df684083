# SPDX-License-Identifier: Apache-2.0
"""src/kafka against a real Kafka: runs tests/tools/kafka_room.c, beside a consumer group with a
member for the test of commits that are refused."""

import os
import subprocess
import unittest

import kafka
import procs

BUILD = os.environ.get("MUSTER_BUILD") or os.path.join(procs.SOURCE, "build", "debug")
GROUP = "stranger"


def join_group(cluster):
    """A member that stays: kcat in the group, seen to have got its partition."""
    cluster.create_topics(["joined"])
    return subprocess.Popen(
        ["kcat", "-b", cluster.bootstrap, "-X", "session.timeout.ms=60000", "-G", GROUP, "joined"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=procs.die_with_parent,
    )


def run_tool(cluster, *tests):
    environment = {
        **os.environ,
        "MUSTER_TEST_SERVERS": cluster.bootstrap,
        "MUSTER_TEST_GROUP": GROUP,
    }
    return subprocess.run(
        [os.path.join(BUILD, "tools", "kafka_room"), *tests],
        env=environment,
        timeout=600,
        check=False,
    ).returncode


class RoomTest(unittest.TestCase):
    def test_one_broker(self):
        with kafka.Cluster(1) as cluster:
            member = join_group(cluster)
            try:
                self.assertTrue(any("assigned" in line for line in member.stderr))
                self.assertEqual(0, run_tool(cluster))
            finally:
                member.kill()
                member.wait()
                member.stderr.close()

    def test_topics_are_replicated_on_three_brokers(self):
        with kafka.Cluster(3) as cluster:
            tests = ["successor_fences_its_predecessor", "cell_is_laid_out_and_accepted"]
            self.assertEqual(0, run_tool(cluster, *tests))
            said = cluster.topics()
            self.assertEqual(3, len(said["fence"]["partitions"][0]["replicas"]))
            self.assertEqual(4, len(said["cell.assignments"]["partitions"]))


if __name__ == "__main__":
    unittest.main()
