# SPDX-License-Identifier: Apache-2.0
"""Every command that a document shows is run, on one real broker and in the order of the document, or
stands in ELSEWHERE with the reason why not. A command of a kind that is not known here fails.

Commands are the lines of ```sh blocks, and the indented lines that begin with a word of COMMANDS.
Addresses and paths of the documents are replaced by those of the test. `systemctl` is carried out
without systemd: the unit's own lines are run, with its environment and specifiers.
"""

import json
import os
import re
import shlex
import shutil
import signal
import tempfile
import unittest
import urllib.request

import kafka
import procs

BUILD = os.environ.get("MUSTER_BUILD") or os.path.join(procs.SOURCE, "build", "release")
PATIENCE = 120

PAGES = (
    "README.md ARCHITECTURE.md HACKING.md conf/README.md conf/POLICY.md deploy/README.md schemas/README.md "
    "tests/README.md"
).split()
# First words of commands; an indented block that begins otherwise must be of NO_COMMANDS.
COMMANDS = (
    "muster kcat echo printf curl cmake systemctl ./dev python3 systemd-analyze DESTDIR= "
    "kafka-topics.sh kafka-configs.sh"
).split()
# Python; an example of a commit; states of a coordinator.
NO_COMMANDS = ("import fastavro", "control: hold", "A restart under", "standby -> claiming")
ELSEWHERE = (
    (r"\./dev (test|check|build|setup|lint)\b", "what runs this test has run it"),
    (r"\./dev demo", "tests/system/demo_test.py plays the demo"),
    (r"\./dev model", "a tier of its own"),
    (r"\./dev kafka", "tests/lib/kafka.py, which this test stands on"),
    (r"python3 tests/check/statements.py", "would write into the checkout"),
)
# These go on for ever: they are started, and the next command waits for what they bring.
ENDLESS = r"muster (coordinator|collector|agent) run\b|kcat -C .*-o end(?! -e)"
# Kafka's own tools, run from its jars.
TOOLS = {
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
}


def read(path):
    with open(os.path.join(procs.SOURCE, path), encoding="utf-8") as file:
        return file.read()


def blocks(text):
    """(name of the fence or 'indented', text) of every code block; one in a list is one too."""
    pattern = r"^( *)```([^\n]*)\n(.*?)^\1```$|((?:^    [^\n]*\n)+)"
    for match in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
        if match.group(4):
            yield "indented", re.sub(r"^    ", "", match.group(4), flags=re.MULTILINE)
        else:
            yield match.group(2), re.sub(rf"^{match.group(1)}", "", match.group(3), flags=re.MULTILINE)


def is_command(line):
    return any(line == word or line.startswith((word + " ", "DESTDIR=")) for word in COMMANDS)


def commands(path):
    """The commands of a document, in order."""
    found = []
    for name, text in blocks(read(path)):
        lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]
        if name == "indented" and not is_command(lines[0]):
            assert lines[0].startswith(NO_COMMANDS), f"{path}: what is '{lines[0]}'?"
        elif name in ("sh", "indented"):
            wrong = [line for line in lines if not is_command(line)]
            assert not wrong, f"{path}: it is not known how to run {wrong}"
            # In an indented block what stands behind a wide gap explains the command.
            found += [re.split(r" {4,}", line)[0] for line in lines]
    return found


class Unit:
    """A systemd unit as far as this test needs it: its lines, run without systemd."""

    def __init__(self, reader, name):
        self.reader, self.name = reader, name
        family, _, instance = name.partition("@")
        file = f"{family}@.service" if instance else f"{family}.service"
        self.text = read("deploy/systemd/" + file)
        if instance:
            self.text += reader.drop_in
        self.state = os.path.join(reader.folder, "lib", name.replace("@", "-"))
        os.makedirs(self.state, exist_ok=True)
        self.specifiers = {"%H": "host", "%i": instance, "%S": os.path.join(reader.folder, "lib")}
        self.process = None

    def _filled(self, text):
        for name, value in self.specifiers.items():
            text = text.replace(name, value)
        return text.replace("${STATE_DIRECTORY}", self.state)

    def _line(self, key):
        found = re.search(rf"^{key}=-?/usr/bin/muster (.*)$", self.text, re.MULTILINE)
        return shlex.split(self.reader.translated(self._filled(found.group(1)))) if found else None

    def environment(self):
        pairs = re.findall(r"^Environment=(\w+)=(.*)$", self.text, re.MULTILINE)
        placed = {name: self.reader.translated(self._filled(value)) for name, value in pairs}
        return {**self.reader.environment, **placed}

    def start(self):
        self.process = self.reader.processes.start(
            self.name, *self._line("ExecStart"), environment=self.environment()
        )
        self.reader.begun(self.name, self.process)

    def stop(self, number=signal.SIGTERM):
        self.process.signal(number)
        code = self.process.wait(60)
        assert number == signal.SIGKILL or code == 0, f"{self.name} ended with {code}"
        after = self._line("ExecStopPost")
        if after:  # its failure is no failure of the unit's
            procs.muster(*after, environment=self.environment(), codes=range(10))


class Reader:
    """Does what a document says, command by command."""

    def __init__(self, cluster, processes):
        self.cluster, self.processes = cluster, processes
        self.folder = processes.folder
        self.drop_in = ""
        self.units = {}
        # Any port: that of the documents may be taken on this machine.
        self.environment = {
            "MUSTER_API_LISTEN": "127.0.0.1:0",
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "TMPDIR": self.folder,
        }
        for name in ("bin", "etc/muster", "lib"):
            os.makedirs(os.path.join(self.folder, name))
        os.symlink(procs.MUSTER, os.path.join(self.folder, "bin", "muster"))
        with open(os.path.join(self.folder, "announcements.json"), "w", encoding="utf-8") as file:
            file.write('{"agent":"many","topics":[{"name":"orders"}]}\n')

    def translated(self, text):
        for ours, theirs in (
            (r"\blocalhost:9092\b|\bBROKER\b", self.cluster.bootstrap),
            (r"/etc/muster\b", os.path.join(self.folder, "etc/muster")),
            (r"/tmp/muster-root\b", os.path.join(self.folder, "root")),
            (r"\bbuild/release\b", BUILD),
        ):
            text = re.sub(ours, theirs, text)
        return text

    def take_files(self, path):
        """Files that the document shows."""
        for name, text in blocks(read(path)):
            if name == "ini muster.conf":
                with open(f"{self.folder}/etc/muster/muster.conf", "w", encoding="utf-8") as file:
                    file.write(self.translated(text))
            elif name == "ini drop-in":
                self.drop_in = text

    # --- one command ---

    def do(self, command):
        """Runs it; the reason instead where it is run elsewhere."""
        for pattern, reason in ELSEWHERE:
            if re.match(pattern, command):
                return reason
        first = command.split()[0]
        if first == "systemctl":
            self.do_systemctl(shlex.split(command)[1:])
        elif first == "curl":
            self.do_curl(command)
        elif first in TOOLS:
            words = shlex.split(self.translated(command))[1:]
            procs.run(*kafka.java("-XX:TieredStopAtLevel=1", TOOLS[first], *words))
        elif re.match(ENDLESS, command):
            self.do_endless(command)
        else:
            self.do_shell(command)
        return None

    def do_shell(self, command):
        line = f"set -o pipefail; cd {shlex.quote(self.folder)}; {self.translated(command)}"
        if "cmake --install" in command:
            line = line.replace(f"cd {shlex.quote(self.folder)}", f"cd {shlex.quote(procs.SOURCE)}")
        # What is printed may be Avro.
        procs.run("bash", "-c", f"{{ {line}\n}} > {self.folder}/out", environment=self.environment)

    def do_endless(self, command):
        words = shlex.split(self.translated(command))
        name = f"{len(self.processes.all)}-" + "-".join(words[:3])
        if words[0] == "muster":
            ours = r"^([\w-]+\.(?:jsonl|state))$"
            paths = [re.sub(ours, rf"{self.folder}/\1", word) for word in words[1:]]
            process = self.processes.start(name, *paths, environment=self.environment)
            self.begun(words[1], process)
        else:
            # The newest record it can see is still to be written; that it has begun is enough.
            process = procs.Process(words, self.folder, name, environment=self.environment)
            self.processes.all[name] = process
            procs.wait_for(process.is_alive, 10, f"'{command}' to run")

    def do_curl(self, command):
        path = re.search(r"http://127\.0\.0\.1:8600(/\S*)", command).group(1)
        assert self.get(path), f"{path} answers nothing"

    def get(self, path):
        """What the leader answers with 200."""
        (row,) = [c for c in self.coordinators() if c["state"] == "leading"]
        with urllib.request.urlopen(f"http://{row['address']}{path}", timeout=30) as answer:
            return answer.read().decode()

    def do_systemctl(self, words):
        verb, names = words[0], [word for word in words[1:] if word.startswith("muster-")]
        for name in names:
            unit = self.units.setdefault(name, Unit(self, name))
            if verb == "kill":
                unit.stop(signal.SIGKILL)
            elif verb in ("stop", "restart"):
                unit.stop()
            if verb in ("enable", "start", "restart", "kill"):
                unit.start()

    # --- waiting for what a command brings ---

    def answer(self, *words):
        """The items that a command answers with, [] while it cannot."""
        done = procs.muster(
            *words, "-b", self.cluster.bootstrap, "--json", "--timeout", "5s", codes=range(10)
        )
        return json.loads(done.stdout)["items"] if done.returncode == 0 else []

    def coordinators(self):
        return self.answer("coordinator", "list")

    def begun(self, name, process):
        """Waits until the daemon has its place in the cell."""

        def is_there():
            assert process.is_alive(), f"'{name}' ended\n{process.log()[-3000:]}"
            if "coordinator" in name:
                return any(row["state"] == "leading" for row in self.coordinators())
            if "collector" in name:
                return any(str(row["pid"]) == str(process.pid) for row in self.collectors())
            return "announce" in process.log()

        procs.wait_for(is_there, PATIENCE, f"'{name}' to take its place")

    def collectors(self):
        """Those that are admitted."""
        rows = self.answer("collector", "list", "--output", "json")
        return [row for row in rows if row["state"] == "active"]


class DocumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(kafka.Cluster(1))
        cls.cluster.create_topics(["orders", "payments", "t1", "t2"])

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="muster-documents-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.processes = self.enterContext(procs.Processes(self.folder))
        self.reader = Reader(self.cluster, self.processes)

    def begin_with_nothing(self):
        """A Kafka as `./dev kafka start` leaves it: what is needed, the document makes."""
        shutil.rmtree(self.folder)
        os.mkdir(self.folder)
        cluster = self.enterContext(kafka.Cluster(1, properties=kafka.USUAL))
        self.processes = self.enterContext(procs.Processes(self.folder))
        self.reader = Reader(cluster, self.processes)

    def tearDown(self):
        # Whoever is to say goodbye wants a leader that hears it.
        for process in reversed(self.processes.all.values()):
            if process.is_alive():
                process.stop()

    def follow(self, path):
        print(f"{path}:", flush=True)
        self.reader.take_files(path)
        for command in commands(path):
            print(f"  {command[:100]}", flush=True)
            reason = self.reader.do(command)
            if reason:
                print(f"    not here: {reason}", flush=True)

    def test_readme(self):
        self.begin_with_nothing()
        self.follow("README.md")
        self.assertEqual({"orders", "payments"}, self.topics())
        self.wait_sunk("orders", '{"order":1}')
        self.wait_sunk("payments", '{"payment":1}')

    def test_deploy(self):
        self.follow("deploy/README.md")
        # The state was deleted, and all that was announced is back.
        self.assertLessEqual({"orders", "payments"}, self.topics())
        self.wait_read("orders", "after all this")
        there = set(re.findall(r"^# TYPE (\w+)", self.reader.get("/metrics"), re.MULTILINE))
        told = set(re.findall(r"`(muster_\w+)", read("deploy/README.md")))
        self.assertEqual(told, there)

    def test_settings_of_topics_are_those_that_are_made(self):
        layout = set(re.findall(r'SETTING\("([a-z.]+)", "([^"]+)"\)', read("src/kafka/layout.c")))
        policies = {pair for pair in layout if pair[0] == "cleanup.policy"}
        told = set(re.findall(r"\b([a-z]+(?:\.[a-z]+)+)=([\w.]*\w)", self.section("## The cell's topics")))
        self.assertEqual(layout - policies, told - {("min.insync.replicas", "2")})

    def section(self, title):
        """The text of that section of deploy/README.md, without its commands."""
        text = read("deploy/README.md").split(title + "\n")[1].split("\n## ")[0]
        return re.sub(r"```.*?```", "", text, flags=re.DOTALL)

    def test_schemas(self):
        self.reader.do_endless("muster coordinator run -b localhost:9092")
        self.follow("schemas/README.md")

    def test_documents_with_commands_for_people_alone(self):
        for path in (
            "HACKING.md ARCHITECTURE.md tests/README.md tests/model/README.md conf/POLICY.md"
        ).split():
            self.follow(path)

    def test_commands_named_in_the_text_exist(self):
        told = json.loads(procs.muster("help", "--json").stdout)["items"]
        known = {f"{item['noun']} {item['verb'] or ''}".strip() for item in told}
        for path in PAGES:
            for words in re.findall(r"`muster ([a-z]+(?: [a-z]+)?)", read(path)):
                with self.subTest(document=path, command=words):
                    self.assertTrue(words in known or words.split()[0] in known)

    def topics(self):
        return {row["unit"] for row in self.reader.answer("topic", "list")}

    def wait_read(self, topic, value):
        """A record that is written now reaches a sink."""
        procs.kcat_produce(self.cluster.bootstrap, topic, [value])
        self.wait_sunk(topic, value)

    def wait_sunk(self, topic, value):
        procs.wait_for(
            lambda: any(
                (record["topic"], record["value"]) == (topic, value)
                for record in procs.sink_records(self.folder, suffix="*.jsonl")
            ),
            PATIENCE,
            f"'{value}' in a sink",
        )


if __name__ == "__main__":
    unittest.main()
