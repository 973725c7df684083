# SPDX-License-Identifier: Apache-2.0
"""The ground that the other system tests stand on: a Kafka of three brokers that can lose one and
get it back."""

import unittest

import kafka
import procs


class ClusterTest(unittest.TestCase):
    def test_three_brokers_lose_one_and_get_it_back(self):
        with kafka.Cluster(3) as cluster:
            cluster.create_topics(
                ["one", "two"], partitions=2, config={"cleanup.policy": "compact"}
            )
            self.assertEqual(
                {"one", "two"}, {name for name in cluster.topics() if not name.startswith("__")}
            )
            procs.kcat_produce(cluster.bootstrap, "one", ["k:before"], ["-K:"])
            cluster.kill(2)
            cluster.restart(2)
            cluster.wait_in_sync()
            procs.kcat_produce(cluster.bootstrap, "one", ["k:after"], ["-K:"])
            values = [record["payload"] for record in procs.kcat_read(cluster.bootstrap, "one")]
            self.assertEqual(["before", "after"], values)
            cluster.pause(3)
            cluster.resume(3)
            cluster.delete_topics(["two"])
            self.assertNotIn("two", cluster.topics())

    def test_group_tool_tells_position_end_and_lag(self):
        with kafka.Cluster(1) as cluster:
            cluster.create_topics(["t"])
            procs.kcat_produce(cluster.bootstrap, "t", [str(i) for i in range(10)])
            procs.run(
                "kcat",
                "-b",
                cluster.bootstrap,
                "-G",
                "g",
                "-c",
                "10",
                "-q",
                "-X",
                "auto.offset.reset=earliest",
                "t",
            )
            self.assertEqual(
                {("t", 0): {"position": 10, "end": 10, "lag": 0}}, cluster.group_describe("g")
            )


class AccountTest(unittest.TestCase):
    def test_lost_duplicated_and_foreign_are_told_apart(self):
        account = procs.Account()
        for value in "abc":
            account.add("t", value)
        sink = [{"topic": "t", "value": v} for v in "aab"] + [{"topic": "u", "value": "z"}]
        result = account.compare(sink)
        self.assertEqual([("t", "c")], result["lost"])
        self.assertEqual(1, result["duplicated"])
        self.assertEqual([("u", "z")], result["foreign"])
        self.assertEqual(len(account.produced), result["produced"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
