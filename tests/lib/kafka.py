# SPDX-License-Identifier: Apache-2.0
"""A real Apache Kafka (KRaft mode) on loopback, for the system tests and for `./dev kafka`.

    with kafka.Cluster(3) as cluster:
        cluster.create_topics(["a", "b"], partitions=2)
        ... cluster.bootstrap ...
        cluster.kill(1); cluster.restart(1)

The jars come from Maven Central once and are kept under build/kafka/libs. Readiness is asked for in
Kafka's own protocol, with the cluster's id compared, so a broker of somebody else on the same port
is noticed.
"""

import argparse
import base64
import fcntl
import hashlib
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import uuid

import procs

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(procs.SOURCE, "build", "kafka")
LIBS = os.path.join(CACHE, "libs")
POM = os.path.join(HERE, "kafka", "pom.xml")


def fetch():
    """Makes sure that the jars are there; tests that start at the same time wait for one
    another."""
    os.makedirs(CACHE, exist_ok=True)
    with open(POM, "rb") as pom:
        wanted = hashlib.sha256(pom.read()).hexdigest()
    stamp = os.path.join(CACHE, "libs.sha256")
    with open(os.path.join(CACHE, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(stamp):
            with open(stamp, encoding="utf-8") as file:
                if file.read() == wanted:
                    return
        print(
            "kafka: fetching Apache Kafka from Maven Central into build/kafka/libs", file=sys.stderr
        )
        shutil.rmtree(LIBS, ignore_errors=True)
        shutil.copy(POM, os.path.join(CACHE, "pom.xml"))
        subprocess.run(
            [
                "mvn",
                "-q",
                "-B",
                "-f",
                os.path.join(CACHE, "pom.xml"),
                "dependency:copy-dependencies",
                "-DoutputDirectory=" + LIBS,
                "-DincludeScope=runtime",
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(wanted)


def java(*arguments):
    """The command line of a Java program on Kafka's class path."""
    log4j = os.path.join(HERE, "kafka", "log4j2.properties")
    return ["java", "-Dlog4j2.configurationFile=" + log4j, "-cp", LIBS + "/*", *arguments]


def free_ports(count):
    """Ports that nobody listens on, below the range from which the kernel picks ports for outgoing
    connections."""
    held = []
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        below = max(int(file.read().split()[0]), 12000)
    while len(held) < count:
        attempt = socket.socket()
        try:
            attempt.bind(("127.0.0.1", random.SystemRandom().randrange(10000, below)))
            held.append(attempt)
        except OSError:
            attempt.close()
    ports = [s.getsockname()[1] for s in held]
    for one in held:
        one.close()
    return ports


class Reader:
    """Walks the bytes of one answer in Kafka's protocol."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def number(self, form):
        (value,) = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def text(self):
        size = self.number("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size : self.at].decode()

    def array(self, read):
        return [read() for _ in range(self.number("i"))]


def _text(value):
    return struct.pack(">h", len(value.encode())) + value.encode()


def _array(parts):
    return struct.pack(">i", len(parts)) + b"".join(parts)


def ask(port, api, version, body, seconds=10):
    """Sends one request to a broker on loopback and returns a Reader behind the answer's header."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        request = struct.pack(">hhi", api, version, 1) + _text("tests") + body
        connection.sendall(struct.pack(">i", len(request)) + request)
        stream = connection.makefile("rb")
        (size,) = struct.unpack(">i", stream.read(4))
        return Reader(stream.read(size)[4:])


def metadata(port, topics=(), seconds=10):
    """What a broker says of its cluster: {"id", "brokers": {id: port}, "topics": {name: {...}}};
    topics=None asks for all."""
    names = struct.pack(">i", -1) if topics is None else _array([_text(t) for t in topics])
    answer = ask(port, 3, 2, names, seconds)

    def broker():
        number, _, its_port, _ = (
            answer.number("i"),
            answer.text(),
            answer.number("i"),
            answer.text(),
        )
        return number, its_port

    def partition():
        error, index, leader = answer.number("h"), answer.number("i"), answer.number("i")
        replicas = answer.array(lambda: answer.number("i"))
        return {
            "error": error,
            "index": index,
            "leader": leader,
            "replicas": replicas,
            "isr": answer.array(lambda: answer.number("i")),
        }

    def topic():
        error, name, _ = answer.number("h"), answer.text(), answer.number("b")
        return name, {"error": error, "partitions": answer.array(partition)}

    brokers = dict(answer.array(broker))
    cluster_id = answer.text()
    answer.number("i")  # the controller
    return {"id": cluster_id, "brokers": brokers, "topics": dict(answer.array(topic))}


def _is_same_process(pid, started):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z" and fields[19] == started


def _start_time(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[19]


class Broker:
    """One broker and controller; its folder holds server.properties, data, log and pid."""

    def __init__(self, folder, number, port):
        self.folder = folder
        self.number = number
        self.port = port
        self.child = None

    def _path(self, name):
        return os.path.join(self.folder, name)

    def configure(self, lines):
        os.makedirs(self.folder, exist_ok=True)
        with open(self._path("server.properties"), "w", encoding="utf-8") as file:
            file.writelines(f"{key}={value}\n" for key, value in lines.items())

    def format_begin(self, cluster_id):
        return subprocess.Popen(
            java(
                "-XX:TieredStopAtLevel=1",
                "kafka.tools.StorageTool",
                "format",
                "-t",
                cluster_id,
                "-c",
                self._path("server.properties"),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self, is_daemon, heap):
        with open(self._path("log"), "ab") as log:
            self.child = subprocess.Popen(
                java("-Xmx" + heap, "kafka.Kafka", self._path("server.properties")),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=is_daemon,
                preexec_fn=None if is_daemon else procs.die_with_parent,
            )
        with open(self._path("pid"), "w", encoding="utf-8") as file:
            file.write(f"{self.child.pid} {_start_time(self.child.pid)}\n")

    def identity(self):
        """(pid, start time) of the process, if it still runs; a pid that was reused counts as
        gone."""
        try:
            with open(self._path("pid"), encoding="utf-8") as file:
                pid, started = file.read().split()
        except (OSError, ValueError):
            return None
        if self.child is not None:
            self.child.poll()
        return (int(pid), started) if _is_same_process(pid, started) else None

    def signal(self, number):
        identity = self.identity()
        if identity:
            os.kill(identity[0], number)

    def end(self, number, seconds):
        """Sends the signal and waits until the process is gone; kills it after `seconds`."""
        self.signal(number)
        try:
            procs.wait_for(lambda: not self.identity(), seconds, f"broker {self.number} to end")
        except AssertionError:
            self.signal(signal.SIGKILL)
            procs.wait_for(lambda: not self.identity(), 10, f"broker {self.number} to die")
        if self.child is not None:
            self.child.wait(10)

    def log(self):
        if not os.path.exists(self._path("log")):
            return ""
        with open(self._path("log"), encoding="utf-8", errors="replace") as file:
            return file.read()


class Cluster:
    """`brokers` brokers (1 or 3). Without a folder: a temporary one that goes away with the
    cluster.

    `properties` are added to every server.properties, over the defaults below. `advertised`
    ({name: {broker: port}}) gives each broker one listener more for each name, which tells its
    clients that port; where it listens itself is in `listeners[name][broker]`.
    """

    def __init__(
        self,
        brokers=1,
        folder=None,
        properties=None,
        heap="512m",
        is_daemon=False,
        advertised=None,
    ):
        self.count = brokers
        self.advertised = advertised or {}
        self.listeners = {}
        self.is_temporary = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="muster-kafka-")
        self.properties = properties or {}
        self.heap = heap
        self.is_daemon = is_daemon
        self.id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if self.id.startswith("-"):
            self.id = "a" + self.id[1:]
        self.brokers = {}

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, kind, error, trace):
        if error is not None:
            for broker in self.brokers.values():
                print(
                    f"--- last lines of broker {broker.number}\n{broker.log()[-1500:]}",
                    file=sys.stderr,
                )
        self.stop()
        return False

    @property
    def bootstrap(self):
        return ",".join(f"127.0.0.1:{b.port}" for b in self.brokers.values())

    def _extra(self, number):
        """The listeners that are advertised elsewhere; one thread is enough for each."""
        names = list(self.advertised)
        mine = {name: self.listeners[name][number] for name in names}
        told = {name: self.advertised[name][number] for name in names}
        return {
            "listeners": "".join(f",{n.upper()}://127.0.0.1:{mine[n]}" for n in names),
            "advertised.listeners": "".join(f",{n.upper()}://127.0.0.1:{told[n]}" for n in names),
            "map": "".join(f",{n.upper()}:PLAINTEXT" for n in names),
            "lines": {f"listener.name.{n.lower()}.num.network.threads": 1 for n in names},
        }

    def _lines(self, number, ports, controller_ports):
        extra = self._extra(number)
        replicas = 3 if self.count >= 3 else 1
        voters = ",".join(f"{i + 1}@127.0.0.1:{p}" for i, p in enumerate(controller_ports))
        clients = f"PLAINTEXT://127.0.0.1:{ports[number - 1]}"
        controllers = f"CONTROLLER://127.0.0.1:{controller_ports[number - 1]}"
        return {
            "process.roles": "broker,controller",
            "node.id": number,
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{clients},{controllers}" + extra["listeners"],
            "advertised.listeners": clients + extra["advertised.listeners"],
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
            + extra["map"],
            "inter.broker.listener.name": "PLAINTEXT",
            **extra["lines"],
            "log.dirs": os.path.join(self.folder, str(number), "data"),
            "num.partitions": 4,
            "default.replication.factor": replicas,
            "min.insync.replicas": 2 if replicas == 3 else 1,
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": 2 if replicas == 3 else 1,
            "group.initial.rebalance.delay.ms": 0,
            "unclean.leader.election.enable": "false",
            "message.max.bytes": 4 * 1024 * 1024,
            **self.properties,
        }

    def start(self, seconds=90):
        """Formats and starts all brokers, and returns the cluster once each of them names all of
        them."""
        fetch()
        for _ in range(3):
            try:
                return self._start(seconds)
            except AssertionError:
                # Somebody may have taken a port between its choice and its use.
                if not any("Address already in use" in b.log() for b in self.brokers.values()):
                    raise
                for broker in self.brokers.values():
                    broker.end(signal.SIGKILL, 10)
                    shutil.rmtree(broker.folder)
        raise AssertionError("no free ports for the brokers, three times over")

    def _start(self, seconds):
        ports = free_ports((2 + len(self.advertised)) * self.count)
        for i, name in enumerate(self.advertised):
            some = ports[(2 + i) * self.count : (3 + i) * self.count]
            self.listeners[name] = dict(enumerate(some, 1))
        for i in range(self.count):
            broker = Broker(os.path.join(self.folder, str(i + 1)), i + 1, ports[i])
            controllers = ports[self.count : 2 * self.count]
            broker.configure(self._lines(i + 1, ports[: self.count], controllers))
            self.brokers[i + 1] = broker
        for broker, formatting in [(b, b.format_begin(self.id)) for b in self.brokers.values()]:
            output, _ = formatting.communicate(timeout=seconds)
            if formatting.returncode != 0:
                raise AssertionError(f"broker {broker.number} cannot be formatted:\n{output}")
        for broker in self.brokers.values():
            broker.start(self.is_daemon, self.heap)
        self.wait_ready(seconds=seconds)
        return self

    def _is_ready(self, broker, numbers):
        if not broker.identity():
            raise AssertionError(f"broker {broker.number} ended:\n{broker.log()[-3000:]}")
        try:
            said = metadata(broker.port, seconds=2)
        except (OSError, struct.error):
            return False
        if said["id"] != self.id:
            raise AssertionError(
                f"port {broker.port} is answered by the cluster '{said['id']}', not by '{self.id}'"
            )
        return set(said["brokers"]) >= set(numbers)

    def wait_ready(self, numbers=None, seconds=90):
        """Waits until each of these brokers (all) answers and names all of these."""
        numbers = list(numbers or self.brokers)
        for number in numbers:
            procs.wait_for(
                lambda n=number: self._is_ready(self.brokers[n], numbers),
                seconds,
                f"broker {number} to answer metadata",
            )

    def stop(self, is_gentle=False):
        for broker in self.brokers.values():
            broker.signal(signal.SIGCONT)
            broker.signal(signal.SIGTERM if is_gentle else signal.SIGKILL)
        for broker in self.brokers.values():
            broker.end(0, 10)
        if self.is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self, number):
        """kill -9 of one broker."""
        self.brokers[number].end(signal.SIGKILL, 10)

    def pause(self, number):
        self.brokers[number].signal(signal.SIGSTOP)

    def resume(self, number):
        self.brokers[number].signal(signal.SIGCONT)

    def restart(self, number, seconds=90):
        """Starts a killed broker again and waits until it is back with the others that run."""
        self.brokers[number].start(self.is_daemon, self.heap)
        self.wait_ready([n for n, b in self.brokers.items() if b.identity()], seconds)

    def wait_in_sync(self, topics=None, seconds=60):
        """Waits until every partition (of these topics, or of all) has a leader and all its
        replicas in sync."""

        def is_in_sync():
            for broker in self.brokers.values():
                if broker.identity():
                    said = metadata(broker.port, topics)["topics"]
                    return all(
                        p["leader"] >= 0 and len(p["isr"]) == len(p["replicas"])
                        for t in said.values()
                        for p in t["partitions"]
                    )
            return False

        procs.wait_for(is_in_sync, seconds, "all replicas in sync")

    def _any_port(self):
        return next(b.port for b in self.brokers.values() if b.identity())

    def create_topics(self, names, partitions=1, replication=None, config=None, seconds=60):
        """Creates topics, 500 a request, and waits until each partition has a leader."""
        replication = replication or min(3, self.count)
        configs = _array([_text(k) + _text(str(v)) for k, v in (config or {}).items()])
        names = list(names)
        for i in range(0, len(names), 500):
            some = names[i : i + 500]
            topics = [
                _text(n) + struct.pack(">ih", partitions, replication) + _array([]) + configs
                for n in some
            ]
            body = _array(topics) + struct.pack(">ib", seconds * 1000, 0)
            answer = ask(self._any_port(), 19, 2, body, seconds)
            answer.number("i")
            for name, error, text in answer.array(
                lambda a=answer: (a.text(), a.number("h"), a.text())
            ):
                if error:
                    raise AssertionError(f"topic '{name}' is not created: {error} {text}")
            procs.wait_for(
                lambda s=some: self._have_leaders(s, partitions),
                seconds,
                "leaders of the new topics",
            )

    def add_partitions(self, topic, count, seconds=60):
        """CreatePartitions (version 0): the topic has so many afterwards."""
        body = _array([_text(topic) + struct.pack(">ii", count, -1)])
        body += struct.pack(">ib", seconds * 1000, 0)
        answer = ask(self._any_port(), 37, 0, body, seconds)
        answer.number("i")
        for name, error, text in answer.array(
            lambda a=answer: (a.text(), a.number("h"), a.text())
        ):
            if error:
                raise AssertionError(f"'{name}' does not grow: {error} {text}")
        procs.wait_for(lambda: self._have_leaders([topic], count), seconds, "the new partitions")

    def _have_leaders(self, names, partitions):
        said = metadata(self._any_port(), names)["topics"]
        return all(
            len(said[n]["partitions"]) == partitions
            and all(p["leader"] >= 0 for p in said[n]["partitions"])
            for n in names
        )

    def delete_topics(self, names, seconds=60):
        answer = ask(
            self._any_port(),
            20,
            1,
            _array([_text(n) for n in names]) + struct.pack(">i", seconds * 1000),
            seconds,
        )
        answer.number("i")
        for name, error in answer.array(lambda: (answer.text(), answer.number("h"))):
            if error:
                raise AssertionError(f"topic '{name}' is not deleted: {error}")
        procs.wait_for(
            lambda: not set(names) & set(self.topics()), seconds, "the topics to be gone"
        )

    def topics(self):
        """{name: {"error", "partitions": [...]}} of every topic."""
        return metadata(self._any_port(), None)["topics"]

    def group_describe(self, group):
        """Kafka's own view of a group: {(topic, partition): {"position", "end", "lag"}}, None where
        it prints '-'."""
        done = procs.run(
            *java(
                "-XX:TieredStopAtLevel=1",
                "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
                "--bootstrap-server",
                self.bootstrap,
                "--describe",
                "--group",
                group,
            ),
            seconds=60,
        )
        rows = [line.split() for line in done.stdout.splitlines() if line.startswith(group + " ")]
        number = lambda text: None if text == "-" else int(text)
        return {
            (r[1], int(r[2])): {"position": number(r[3]), "end": number(r[4]), "lag": number(r[5])}
            for r in rows
        }


# What `./dev kafka start` has as most clusters do, and the tests do not.
USUAL = {"auto.create.topics.enable": "true"}


def _command_start(count):
    running = os.path.join(CACHE, "running")
    if os.path.exists(running):
        _command_stop()
    cluster = Cluster(count, os.path.join(running), properties=USUAL, is_daemon=True)
    try:
        cluster.start()
    except BaseException:
        cluster.stop()
        raise
    with open(os.path.join(CACHE, "bootstrap"), "w", encoding="utf-8") as file:
        file.write(cluster.bootstrap + "\n")
    print(cluster.bootstrap)


def _command_stop():
    """Ends the brokers that their pid files name, and forgets their data."""
    running = os.path.join(CACHE, "running")
    cluster = Cluster(0, running)
    numbers = sorted(os.listdir(running)) if os.path.isdir(running) else []
    for number in numbers:
        cluster.brokers[number] = Broker(os.path.join(running, number), number, 0)
    cluster.stop(is_gentle=True)
    shutil.rmtree(running, ignore_errors=True)
    if os.path.exists(os.path.join(CACHE, "bootstrap")):
        os.unlink(os.path.join(CACHE, "bootstrap"))
    print(f"kafka: {len(numbers)} brokers stopped", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(
        prog="dev kafka", description="A real Apache Kafka on loopback under build/kafka."
    )
    words = parser.add_subparsers(dest="word", required=True)
    start = words.add_parser(
        "start", help="start 1 or 3 brokers with empty data; prints the bootstrap address"
    )
    start.add_argument("count", nargs="?", type=int, choices=(1, 3), default=1)
    words.add_parser("stop", help="stop them and forget their data")
    words.add_parser("fetch", help="only fetch the jars")
    chosen = parser.parse_args()
    try:
        if chosen.word == "start":
            _command_start(chosen.count)
        elif chosen.word == "stop":
            _command_stop()
        else:
            fetch()
    except (AssertionError, subprocess.CalledProcessError) as error:
        sys.exit(f"kafka: {error}")


if __name__ == "__main__":
    main()
