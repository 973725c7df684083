# SPDX-License-Identifier: Apache-2.0
"""A cell on a real Kafka for the system tests: its daemons, what is announced to it, what is
produced for it, and the account of every record that its sinks have got."""

import collections
import glob
import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request

import kafka
import procs

PATIENCE = 120  # seconds; for a machine that is busy with other things


def tell(what, value, unit=""):
    """One measured figure, a line of its own."""
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    print(f"  {what}: {text}{' ' + unit if unit else ''}", flush=True)


class Cell:
    """The daemons of one prefix; `settings` go to all of them as --set NAME=VALUE. `addresses` give
    a daemon brokers of its own: {name: bootstrap}."""

    def __init__(self, cluster, processes, prefix, settings=None, addresses=None):
        self.cluster = cluster
        self.processes = processes
        self.prefix = prefix
        self.addresses = addresses or {}
        self.base = ["-b", cluster.bootstrap, "--prefix", prefix]
        self.common = _settings(settings)
        self.folder = os.path.join(processes.folder, prefix)
        self.ports = {}
        os.makedirs(self.folder, exist_ok=True)

    def _base_of(self, name):
        return ["-b", self.addresses.get(name, self.cluster.bootstrap), "--prefix", self.prefix]

    # --- daemons ---

    def coordinator(self, name="k1", settings=None, waits=True):
        """Starts a coordinator; `waits` until it is ready."""
        (self.ports[name],) = kafka.free_ports(1)
        process = self.processes.start(
            f"{self.prefix}-{name}",
            *("coordinator", "run", *self._base_of(name), "--id", name),
            *("--listen", f"127.0.0.1:{self.ports[name]}"),
            *self.common,
            *_settings(settings),
        )
        if waits:
            self.wait_ready(name)
        return process

    def collector(self, name, settings=None, has_state=True, environment=None):
        """Starts a collector with the sink file; `has_state` gives it a state file."""
        state = ("--state-file", os.path.join(self.folder, name + ".state")) if has_state else ()
        return self.processes.start(
            f"{self.prefix}-{name}",
            *("collector", "run", *self._base_of(name), "--id", name, "--sink", "file"),
            *("--file", self.sink_path(name), *state),
            *self.common,
            *_settings(settings),
            environment=environment,
        )

    def process(self, name):
        return self.processes[f"{self.prefix}-{name}"]

    def sink_path(self, collector):
        return os.path.join(self.folder, collector + ".lines")

    # --- what the coordinators say ---

    def get(self, path, coordinator="k1"):
        """The body of an answer, None while there is none."""
        url = f"http://127.0.0.1:{self.ports[coordinator]}{path}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def status(self, coordinator="k1"):
        body = self.get("/api/v1/status", coordinator)
        return json.loads(body) if body else None

    def role(self, coordinator="k1"):
        status = self.status(coordinator)
        return status["cell"]["role"] if status else None

    def counts(self, coordinator="k1"):
        status = self.status(coordinator)
        return status["counts"] if status else {}

    def metric(self, name, coordinator="k1"):
        """A metric without labels."""
        for line in (self.get("/metrics", coordinator) or "").splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        return None

    def wait_ready(self, coordinator="k1"):
        def is_ready():
            process = self.process(coordinator)
            if not process.is_alive():
                raise AssertionError(f"'{coordinator}' ended\n{process.log()[-3000:]}")
            return (self.get("/readyz", coordinator) or "").startswith("ready")

        procs.wait_for(is_ready, PATIENCE, f"coordinator '{coordinator}' to be ready")

    def wait_role(self, role, coordinator="k1"):
        procs.wait_for(
            lambda: self.role(coordinator) == role, PATIENCE, f"'{coordinator}' to be {role}"
        )

    def items(self, path, coordinator="k1"):
        """All items of a list of the API."""
        found, after = [], ""
        while True:
            page = json.loads(self.get(f"{path}?limit=10000{after}", coordinator) or "{}")
            found += page.get("items", [])
            if not page.get("next"):
                return found
            after = f"&after={page['next']}"

    def units(self, coordinator="k1"):
        """{unit: item} of the topic list."""
        return {item["unit"]: item for item in self.items("/api/v1/topics", coordinator)}

    def owners(self, coordinator="k1"):
        """{unit: (owner, fence)} of the units that have an owner and are not being revoked."""
        return {
            unit: (item["owner"], item["fence"])
            for unit, item in self.units(coordinator).items()
            if item["state"] == "owned"
        }

    def collectors(self, coordinator="k1"):
        return {item["id"]: item for item in self.items("/api/v1/collectors", coordinator)}

    def wait_collectors(self, count, coordinator="k1"):
        """Waits until so many collectors have been admitted."""
        procs.wait_for(
            lambda: self.counts(coordinator).get("collectors") == count,
            PATIENCE,
            f"{count} collectors to be admitted",
        )

    def wait_assigned(self, units, among=None, coordinator="k1"):
        """Waits until that many units are owned, by these collectors (any), each of which has its
        even share and has applied it; returns {unit: (owner, fence)}."""

        def are_assigned():
            held = self.counts(coordinator).get("assigned", 0)
            if held != units:
                return None
            owners = self.owners(coordinator)
            shares = collections.Counter(owner for owner, _ in owners.values())
            is_even = among is None or (
                set(shares) == set(among) and max(shares.values()) - min(shares.values()) <= 1
            )
            is_applied = all(
                row["applied_generation"] == row["generation"] and row["revoking"] == 0
                for name, row in self.collectors(coordinator).items()
                if name in shares
            )
            return owners if len(owners) == units and is_even and is_applied else None

        return procs.wait_for(are_assigned, PATIENCE, f"{units} units with owners")

    def events(self):
        """Every event as it lies in Kafka, in order."""
        records = procs.kcat_read(self.cluster.bootstrap, f"{self.prefix}.events")
        return [json.loads(record["payload"]) for record in records]

    # --- what people and agents say ---

    def announce(self, announcements):
        """Writes announcements (dicts) with one call of kcat, from a file."""
        path = os.path.join(self.folder, "announcements.json")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in announcements)
        topic = f"{self.prefix}.control"
        procs.run(
            *("kcat", "-P", "-b", self.cluster.bootstrap, "-t", topic, "-X", "acks=all"),
            *("-l", path),
        )

    def names(self, count, word="t"):
        return [f"{self.prefix}.data.{word}{i:04}" for i in range(count)]

    # --- what Kafka knows of the group ---

    def committed(self, pool="default"):
        """{(topic, partition): offset} that the group of the pool has committed, as the broker has
        it now."""
        return committed_offsets(self.cluster, f"{self.prefix}.{pool}")

    def wait_committed(self, producer):
        """Waits until the group has committed everything that was produced; returns it, as
        `committed` does."""
        ends = {(name, 0): end for name, end in producer.next.items()}

        def is_committed():
            held = self.committed()
            return all(held.get(part, 0) == end for part, end in ends.items())

        procs.wait_for(is_committed, PATIENCE, "everything to be committed")
        return ends


def announcement(agent, topics, **more):
    """A set of topics, of which Kafka is asked whether they exist."""
    return {"agent": agent, "topics": [{"name": name} for name in topics], **more}


def _settings(settings):
    return [word for pair in (settings or {}).items() for word in ("--set", "=".join(pair))]


def committed_offsets(cluster, group):
    """OffsetFetch (version 2) of all topics of a group, asked of the brokers in turn: only the
    group's own one answers it."""
    not_coordinator, loading = 16, 14
    body = kafka._text(group) + b"\xff\xff\xff\xff"
    for broker in cluster.brokers.values():
        if not broker.identity():
            continue
        answer = kafka.ask(broker.port, 9, 2, body)

        def partition(a=answer):
            index, offset, _ = a.number("i"), a.number("q"), a.text()
            return index, offset, a.number("h")

        rows = answer.array(lambda a=answer: (a.text(), a.array(partition)))
        error = answer.number("h")
        if error == 0:
            return {(topic, i): at for topic, parts in rows for i, at, _ in parts if at >= 0}
        assert error in (not_coordinator, loading), f"OffsetFetch is refused with {error}"
    return {}


def delete_group(cluster, group):
    """DeleteGroups (version 0): everything that a group has committed is gone, as when it expires."""
    not_coordinator, loading, errors = 16, 14, []
    for broker in cluster.brokers.values():
        if not broker.identity():
            continue
        answer = kafka.ask(broker.port, 42, 0, kafka._array([kafka._text(group)]))
        answer.number("i")  # throttled for
        errors = [error for _, error in answer.array(lambda a=answer: (a.text(), a.number("h")))]
        if errors == [0]:
            return
        assert set(errors) <= {not_coordinator, loading}, f"DeleteGroups is refused with {errors}"
    raise AssertionError(f"no broker deletes the group: {errors}")


class Producer:
    """Writes numbered records with kcat, several topics at a time, and knows what Kafka has
    acknowledged."""

    AT_A_TIME = 4

    def __init__(self, cluster):
        self.cluster = cluster
        self.next = collections.Counter()  # topic -> number of the next record
        self.account = procs.Account()
        self.is_running = False
        self.thread = None
        self.failure = None

    def write(self, topics, count):
        """`count` records into each topic; returns when all are acknowledged."""
        waiting, running = list(topics), []
        while waiting or running:
            while waiting and len(running) < self.AT_A_TIME:
                running.append(self._begin(waiting.pop(0), count))
            self._end(*running.pop(0))

    def _begin(self, topic, count):
        first = self.next[topic]
        self.next[topic] += count
        values = [f"{topic}#{number}" for number in range(first, first + count)]
        child = subprocess.Popen(
            ["kcat", "-P", "-b", self.cluster.bootstrap, "-t", topic, "-X", "acks=all"]
            + ["-X", "enable.idempotence=true", "-X", "linger.ms=0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=procs.die_with_parent,
        )
        child.stdin.write("".join(value + "\n" for value in values))
        child.stdin.close()
        return topic, values, child

    def _end(self, topic, values, child):
        errors = child.stderr.read()
        child.stderr.close()
        if child.wait(PATIENCE) != 0:
            raise AssertionError(f"kcat could not write into '{topic}': {errors[-1000:]}")
        for value in values:
            self.account.add(topic, value)

    def begin(self, topics, count=5):
        """Goes on writing into these topics, one after the other, until `end`."""

        def work():
            try:
                while self.is_running:
                    for topic in topics:
                        if self.is_running:
                            self._end(*self._begin(topic, count))
            except BaseException as failure:
                self.failure = failure

        self.is_running = True
        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def end(self):
        self.is_running = False
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "kcat hangs"
        self.check()

    def check(self):
        if self.failure:
            raise AssertionError("records could not be written") from self.failure

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_running = False


class Sinks:
    """What the file sinks of a cell hold: by whom, in which order and how often each record was
    delivered. Files are read on from where they were read before."""

    def __init__(self, cell):
        self.cell = cell
        self.at = collections.Counter()
        self.delivered = collections.defaultdict(list)  # (topic, partition, offset) -> deliveries
        self.newest = collections.defaultdict(lambda: -1)  # (topic, partition) -> offset
        self.values = collections.Counter()  # (topic, value) -> times

    def refresh(self):
        for path in glob.glob(os.path.join(self.cell.folder, "*.lines")):
            collector = os.path.basename(path)[: -len(".lines")]
            with open(path, "rb") as file:
                file.seek(self.at[path])
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self.at[path] += len(whole)
            for line in whole.splitlines():
                self._take(collector, json.loads(line))
        return self

    def _take(self, collector, record):
        place = record["topic"], record["partition"], record["offset"]
        self.delivered[place].append((collector, record["fence"]))
        self.newest[place[:2]] = max(self.newest[place[:2]], record["offset"])
        self.values[record["topic"], record["value"]] += 1

    def missing(self, account):
        """The produced values that no sink has."""
        return [key for key in account.produced if self.values[key] == 0]

    def wait_all(self, account, what="every record in the sinks"):
        """Waits until each produced record is there; returns how many are."""
        procs.wait_for(lambda: not self.refresh().missing(account), PATIENCE, what)
        return sum(1 for key in account.produced if self.values[key])

    def wait_beyond(self, marks, what, producer=None):
        """Waits until each partition has a record at or behind its offset in {(topic, partition):
        offset}; returns the moment (time.monotonic). Fails at once if the producer has failed."""

        def behind():
            if producer is not None:
                producer.check()
            newest = self.refresh().newest
            return {key: newest[key] for key, offset in marks.items() if newest[key] < offset}

        try:
            procs.wait_for(lambda: not behind(), PATIENCE, what)
        except AssertionError as error:
            wanted = {key: (at, marks[key]) for key, at in sorted(behind().items())[:5]}
            raise AssertionError(f"{error}; first of those that are behind: {wanted}") from None
        return time.monotonic()

    def duplicates(self):
        """{place: deliveries} of what was delivered more than once."""
        return {place: by for place, by in self.refresh().delivered.items() if len(by) > 1}

    def foreign(self, account):
        """What the sinks have and nobody produced."""
        return [key for key in self.refresh().values if key not in account.produced]
