# SPDX-License-Identifier: Apache-2.0
"""src/kafka against a real Kafka: runs tests/tools/kafka_room.c, beside a consumer group with a
member for the test of commits that are refused."""

import os
import subprocess
import sys

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


def main():
    with kafka.Cluster(1) as cluster:
        member = join_group(cluster)
        try:
            for line in member.stderr:
                if "assigned" in line:
                    break
            else:
                raise AssertionError("kcat did not join the group")
            environment = {
                **os.environ,
                "MUSTER_TEST_SERVERS": cluster.bootstrap,
                "MUSTER_TEST_GROUP": GROUP,
            }
            return subprocess.run(
                [os.path.join(BUILD, "tools", "kafka_room"), *sys.argv[1:]],
                env=environment,
                timeout=600,
                check=False,
            ).returncode
        finally:
            member.kill()
            member.wait()


if __name__ == "__main__":
    sys.exit(main())
