# SPDX-License-Identifier: Apache-2.0
"""The commands that write, and the agent, with a coordinator and a collector on a real broker.

PD-12: a file that cannot be read takes nothing away. PD-14: an agent gets another name and nothing
stops. PD-17: a topic named twice is one.
"""

import json
import os
import re
import tempfile
import unittest
import urllib.error
import urllib.request

import kafka
import procs
from cell import PATIENCE, Cell

TOPICS = ["command.t1", "command.t2", "command.t3"]


class CommandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="muster-command-"))
        cls.processes = cls.enterClassContext(procs.Processes(cls.folder))
        cls.cluster.create_topics(TOPICS)
        cls.cell = Cell(cls.cluster, cls.processes, "commands")
        cls.cell.coordinator()
        cls.cell.collector("c1")
        cls.cell.wait_collectors(1)

    def muster(self, *words, code=0, stdin=None):
        flags = [*self.cell.base, "--timeout", "60s"]
        return procs.muster(*words, *flags, codes=(code,), stdin=stdin, seconds=90)

    def answers(self, *words, **options):
        return json.loads(self.muster(*words, "--json", **options).stdout)["items"]

    def wait_topics(self, *names):
        procs.wait_for(
            lambda: sorted(self.cell.units()) == sorted(names), PATIENCE, f"the topics {names}"
        )

    def test_announce_and_withdraw(self):
        (answer,) = self.answers("topic", "announce", *TOPICS, "--agent", "a1", "--wait")
        self.assertEqual(("a1", "done"), (answer["subject"], answer["answer"]))
        # What was answered is decided, so it can be seen at once.
        self.assertEqual(sorted(TOPICS), sorted(self.cell.units()))
        # A unit goes when its owner has let go of it.
        self.answers("topic", "withdraw", TOPICS[0], "--agent", "a1", "--wait")
        self.wait_topics(*TOPICS[1:])
        self.answers("agent", "forget", "a1", "--yes")
        self.wait_topics()

    def test_drain_waits_until_nothing_is_left(self):
        owned = lambda: [u for u in self.cell.units().values() if u["owner"]]
        self.answers("topic", "announce", *TOPICS, "--agent", "d1", "--wait")
        procs.wait_for(lambda: len(owned()) == len(TOPICS), PATIENCE, "the topics to be owned")
        self.answers("collector", "drain", "c1", "--wait")
        self.assertEqual([], owned())
        self.answers("collector", "undrain", "c1", "--wait")
        self.answers("agent", "forget", "d1", "--yes")
        self.wait_topics()

    def test_a_file_of_announcements(self):
        lines = [
            {"agent": "f1", "topics": [{"name": TOPICS[0]}], "id": "mine"},
            {"agent": "f2", "topics": [{"name": TOPICS[1]}]},
            {"agent": "f3", "topics": [{"name": "commands.state"}]},
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        done = self.muster("topic", "announce", "--file", "-", "--wait", "--json", code=1, stdin=text)
        answers = json.loads(done.stdout)["items"]
        self.assertEqual(["done", "done", "refused"], [answer["answer"] for answer in answers])
        self.assertEqual("mine", answers[0]["id"])
        self.assertIn("'f3' is refused: topic 'commands.state' is reserved", done.stderr)
        self.answers("agent", "forget", "f1", "f2", "--yes")
        self.wait_topics()

    def test_a_refused_name_is_found(self):
        wrong = json.dumps({"agent": "w", "topics": [{"name": "command.wrong", "weight": 0}]})
        procs.kcat_produce(self.cluster.bootstrap, "commands.control", [wrong])
        explain = ("topic", "explain", "command.wrong")
        procs.wait_for(
            lambda: "names it, and was refused: topic 'command.wrong': weight is not between 1"
            in self.muster(*explain, code=3).stderr,
            PATIENCE,
            "the refused announcement to be found",
        )
        self.assertNotIn("refused", self.muster("topic", "explain", "command.wro", code=3).stderr)

    def test_orders(self):
        self.answers("pool", "set", "default", "max_topics_per_collector=2")
        (pool,) = self.answers("pool", "show", "default")
        self.assertIn("max_topics_per_collector", json.dumps(pool))
        self.answers("pool", "reset", "default")
        self.answers("pool", "create", "edge", "start=latest")
        self.assertIn("exists already", self.muster("pool", "create", "edge", code=1).stderr)
        # What only the coordinator can know: spread_by was not set before.
        wrong = ("pool", "set", "edge", "spread_max=2")
        self.assertIn("spread_max without spread_by", self.muster(*wrong, code=1).stderr)
        self.assertIn("no such collector", self.muster("collector", "drain", "c9", code=3).stderr)

    def test_collector_is_told_over_kafka(self):
        """MR-28: a collector knows no address of a coordinator, nor it one of the collector."""
        self.answers("topic", "announce", *TOPICS, "--agent", "a1", "--wait")
        self.cell.wait_assigned(len(TOPICS))
        self.answers("collector", "drain", "c1")

        def has_let_go():
            row = self.cell.collectors()["c1"]
            is_applied = row["applied_generation"] == row["generation"]
            return row["drained"] and row["units"] == row["revoking"] == 0 and is_applied

        procs.wait_for(has_let_go, PATIENCE, "the collector to let go of its topics")
        self.answers("collector", "undrain", "c1")
        self.cell.wait_assigned(len(TOPICS))
        self.answers("agent", "forget", "a1", "--yes")
        self.wait_topics()

    def test_what_a_policy_would_do(self):
        """A trial changes nothing; a topic and a collector say why (CB-46)."""
        self.answers("topic", "announce", *TOPICS, "--agent", "a1", "--wait")
        words = ["pool", "set", "default", "AGENTCOUNT=2", "--dry-run"]
        (trial,) = self.answers(*words)
        self.assertEqual((0, 1, 1, 2), tuple(
            trial[key] for key in ("moves", "unplaced", "pending_after", "wanted_after")))
        self.assertEqual({}, self.answers("pool", "show", "default")[0]["policy"])
        wrong = self.muster("pool", "set", "default", "AGENTCOUNT=0", "--dry-run", code=2)
        self.assertIn("AGENTCOUNT: '0' is not a whole number of 1 or more", wrong.stderr)
        self.answers(*words[:-1])
        (pool,) = self.answers("pool", "show", "default")
        self.assertEqual({"max_topics_per_collector": "2"}, pool["policy"])
        self.assertEqual("3 topics / 2 per collector = 2", pool["wanted_why"])
        self.assertEqual(2, self.cell.items("/api/v1/pools/default/wanted")[0]["wanted"])
        procs.wait_for(
            lambda: any(unit["state"] == "pending" for unit in self.cell.units().values()),
            PATIENCE,
            "one topic too many to be pending",
        )
        (pending,) = [name for name, unit in self.cell.units().items() if unit["state"] == "pending"]
        why = self.answers("topic", "explain", pending)[0]["why"]
        self.assertIn("'c1': has as many topics as it may (rule 1)", why)
        self.assertIn("start another one, or raise the cap", why[0])
        why = self.answers("collector", "explain", "c1")[0]["why"]
        self.assertIn("nobody else could take its topics: they would be pending", why)
        self.answers("pool", "reset", "default")
        self.answers("agent", "forget", "a1", "--yes")
        self.wait_topics()

    def test_wrong_questions_of_the_api(self):
        def ask(path):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, json.loads(error.read())["error"]["message"]

        port = self.cell.ports["k1"]
        self.assertEqual((404, "there is no topic 'nix'"), ask("/api/v1/topics/nix"))
        self.assertEqual((404, "there is no pool 'nix'"), ask("/api/v1/pools/nix/wanted"))
        limit = (400, "limit is not a whole number from 1 to 10000")
        self.assertEqual([limit] * 3, [ask(f"/api/v1/lag?limit={n}") for n in ("x", "0", "10001")])
        self.assertEqual(
            (400, "after is not the 'next' of a page before"), ask("/api/v1/agents?after=x")
        )
        # A filter that nobody knows must not answer with everything.
        self.assertEqual(400, ask("/api/v1/topics?stat=pending")[0])
        self.assertEqual(200, ask("/api/v1/topics?state=pending&pool=default&limit=5")[0])
        self.assertEqual(
            (400, "there is no state 'foo', but pending owned revoking missing dormant quarantined"),
            ask("/api/v1/topics?state=foo"),
        )
        # All that the page offers are states.
        page = urllib.request.urlopen(f"http://127.0.0.1:{self.cell.ports['k1']}/").read().decode()
        choice = page.split('<select id="filter-state">')[1].split("</select>")[0]
        for state in re.findall(r"<option>(\w+)</option>", choice):
            self.assertEqual(200, ask(f"/api/v1/topics?state={state}")[0], state)
        for path in ("topics", "collectors", "agents", "lag", "lag/pools"):
            self.assertEqual((404, "there is no pool 'nix'"), ask(f"/api/v1/{path}?pool=nix"))
        self.assertEqual(200, ask("/api/v1/events?pool=nix")[0])  # of one that was deleted
        self.muster("topic", "list", "-p", "nix", code=3)
        self.assertIn("/api/v1/topics/{unit}/explain", ask("/api/v1")[1])
        self.assertIn("there is nothing of 'nix'", self.muster("lag", "show", "nix", code=3).stderr)

    def test_cell_that_is_not_there(self):
        flags = ["-b", self.cluster.bootstrap, "--prefix", "nowhere"]
        done = procs.muster("topic", "announce", TOPICS[0], *flags, codes=(3,))
        self.assertIn("there is no topic 'nowhere.control'", done.stderr)
        for noun in ("topic", "coordinator"):
            done = procs.muster(noun, "list", *flags, codes=(3,))
            self.assertIn("there is no topic 'nowhere.members'", done.stderr)

    def test_coordinators_that_are_all_dead(self):
        """Said the same way while their last beats are young and when they are old."""
        cell = Cell(self.cluster, self.processes, "headless")
        cell.coordinator().kill()
        texts = []

        def ask():
            flags = [*cell.base, "--timeout", "1s"]
            texts.append(procs.muster("topic", "list", *flags, codes=(5,)).stderr)
            return ", and the last one, at" not in texts[-1]

        procs.wait_for(ask, PATIENCE, "the last beat to be old")
        self.assertEqual(
            {
                "muster: no coordinator of the cell 'headless' was heard within 1000 ms"
                f"{last}: 'muster coordinator run' starts one, --api asks one directly\n"
                for last in (f", and the last one, at 127.0.0.1:{cell.ports['k1']}, does not answer", "")
            },
            set(texts),
        )

    def test_an_agent_and_its_file(self):
        path = os.path.join(self.folder, "topics")

        def write(*names):
            with open(path + ".new", "w", encoding="utf-8") as file:
                file.write("".join(name + "\n" for name in names))
            os.replace(path + ".new", path)

        write("# all there are", *TOPICS, TOPICS[0])
        agent = self.processes.start(
            "agent", "agent", "run", *self.cell.base, "--id", "edge", "--file", path
        )
        self.wait_topics(*TOPICS)
        write(TOPICS[0])
        self.wait_topics(TOPICS[0])
        os.unlink(path)
        agent.wait_log("what was announced before stands")
        write(TOPICS[1])
        self.wait_topics(TOPICS[1])
        self.assertEqual(0, agent.stop())
        self.wait_topics()

    def wait_agents(self, *names):
        """Waits until each topic is announced by exactly these agents."""
        procs.wait_for(
            lambda: all(sorted(u["agents"]) == sorted(names) for u in self.cell.units().values()),
            PATIENCE,
            f"the topics to be those of {names}",
        )

    def heads(self):
        """{collector: generation that was written to it last}."""
        return {name: row["generation"] for name, row in self.cell.collectors().items()}

    def test_an_agent_gets_another_name(self):
        """PD-14: the set is said under the new name, then the old one withdraws it: nothing is
        written to any collector, so nothing stops."""
        path = os.path.join(self.folder, "renamed")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(TOPICS) + "\n")

        def start(name):
            words = ("agent", "run", *self.cell.base, "--id", name, "--file", path)
            return self.processes.start(name, *words)

        before = start("before")
        owners = self.cell.wait_assigned(len(TOPICS))
        written = self.heads()
        after = start("after")
        self.wait_agents("before", "after")
        self.assertEqual(0, before.stop())
        self.wait_agents("after")
        self.assertEqual(owners, self.cell.owners())
        self.assertEqual(written, self.heads())
        self.assertEqual(0, after.stop())
        self.wait_topics()


if __name__ == "__main__":
    unittest.main()
