# SPDX-License-Identifier: Apache-2.0
"""A cell on three brokers in which everything is killed, held still and cut off at random, from a
seed, while numbered records flow; at the end the accountant says whether the promises were kept.

    with chaos.world(topics=60, seed=1) as world:
        world.begin()
        world.play([chaos.World.collector_killed, chaos.World.broker_killed])  # both at once
        report = world.finish()

A fault is a generator: up to its first `yield` it begins, behind that it waits for what must come
of it, and ends. So several of them overlap. Each process reaches each broker through a proxy of its
own.
"""

import collections
import contextlib
import json
import math
import os
import pickle
import random
import signal
import sys
import tempfile
import time

import accountant
import kafka
import kafka_log
import procs
import proxy
from cell import Cell, announcement
from streams import Streams

COORDINATORS = ("k1", "k2", "k3")
COLLECTORS = ("c1", "c2", "c3", "c4", "c5")
BROKERS = (1, 2, 3)
AGENTS = 6
SPLIT = "a0"  # the agent whose topics have several partitions, which are units of their own
PARTITIONS = 2  # of them at first
PATIENCE = 240  # seconds for any one condition, on a machine that is busy with other things
EXIT_IN_USE = 8
EXIT_FAILED = 1
GARBLED = b"nobody can read this"
CLIENT_ENDED = "its Kafka client has ended"  # by an error that it calls fatal

# Short, so that many faults fit; a third of the lease suffices Kafka to see a broker's end.
SETTINGS = {
    "lease.ms": "6000",
    "leader.timeout.ms": "3000",
    "revoke.timeout.ms": "5000",
    "sink.file.rotate.bytes": "0",
}
BROKER_SETTINGS = {
    "broker.session.timeout.ms": 2000,
    "broker.heartbeat.interval.ms": 500,
    "leader.imbalance.check.interval.seconds": 5,
    # Whatever was written stays there for the accountant.
    "log.cleaner.enable": "false",
    "log.retention.check.interval.ms": 2147483647,
}


@contextlib.contextmanager
def world(topics, seed, prefix="chaos", folder=None):
    """`folder`: where the logs and the sinks' files stay; without it they go."""
    with contextlib.ExitStack() as stack:
        proxies = stack.enter_context(proxy.Proxies([*COORDINATORS, *COLLECTORS], BROKERS))
        cluster = stack.enter_context(
            kafka.Cluster(3, properties=BROKER_SETTINGS, heap="384m", advertised=proxies.ports)
        )
        for name, ports in cluster.listeners.items():
            for broker, port in ports.items():
                proxies.aim(name, broker, port)
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=f"muster-{prefix}-"))
        processes = stack.enter_context(procs.Processes(folder))
        addresses = {name: proxies.bootstrap(name) for name in proxies.ports}
        cell = Cell(cluster, processes, prefix, SETTINGS, addresses)
        sinks = stack.enter_context(accountant.SinkWatch(cell.folder))
        streams = stack.enter_context(Streams(cluster))
        yield World(cell, proxies, streams, sinks, topics, seed)


class World:
    def __init__(self, cell, proxies, streams, sinks, topics, seed):
        self.cell, self.cluster, self.proxies = cell, cell.cluster, proxies
        self.streams, self.sinks = streams, sinks
        self.count = topics
        self.random = random.Random(seed)
        self.began = time.monotonic()
        self.agents = {f"a{i}": [] for i in range(AGENTS)}  # agent -> its topics
        self.split = {}  # topic -> its partitions
        self.made = 0  # topics, for their names
        self.excused = set()
        self.down = set()  # processes that do not run, or are held still, because we want it
        self.victims = set()  # processes that something happens to
        self.is_broker_down = False
        self.pauses = collections.defaultdict(list)  # collector -> [(from ms, to ms)]
        self.figures = collections.Counter()

    def say(self, text):
        print(f"  {time.monotonic() - self.began:6.1f} s  {text}", file=sys.stderr, flush=True)

    # --- the ground ---

    def begin(self):
        """Everything runs, all topics are read."""
        for name in COORDINATORS:
            self.cell.coordinator(name, waits=name == COORDINATORS[0])
        for name in COLLECTORS:
            self.cell.collector(name)
        self.wait(self.leader, "a leader")
        self.topics_created(self.count)
        self.calm("at the beginning")

    def topics(self):
        return [topic for topics in self.agents.values() for topic in topics]

    def units(self):
        """{unit: (topic, partition)} of what is announced."""
        found = {topic: (topic, 0) for topic in self.topics() if topic not in self.split}
        for topic in set(self.split).intersection(self.topics()):
            found |= {f"{topic}/{i}": (topic, i) for i in range(self.split[topic])}
        return found

    def announce(self, agents):
        said = [announcement(agent, self.agents[agent]) for agent in agents]
        for topic in (topic for one in said for topic in one["topics"]):
            topic["split"] = topic["name"] in self.split
            if self.split.get(topic["name"], PARTITIONS) > PARTITIONS:
                topic["partitions"] = self.split[topic["name"]]  # nobody asks Kafka again
        self.cell.announce(said)

    def wait(self, condition, what):
        def is_so():
            self.supervise()
            return condition()

        return procs.wait_for(is_so, PATIENCE, what)

    def supervise(self):
        """Starts those again that have ended as they may: a collector that met another life of its
        own id, and whoever has no Kafka client any more. Any other end is a fault."""
        self.streams.check()
        for name in (*COORDINATORS, *COLLECTORS):
            process = self.cell.process(name)
            if name in self.down or process.is_alive():
                continue
            code = process.child.returncode
            is_in_use = name in COLLECTORS and code == EXIT_IN_USE
            if not is_in_use and not (code == EXIT_FAILED and CLIENT_ENDED in process.log()[-500:]):
                raise AssertionError(f"'{name}' ended with {code}\n{process.log()[-4000:]}")
            self.say(f"{name} has left with exit code {code}, starts again")
            self.figures[f"processes that ended with exit code {code}"] += 1
            process.start()

    def leader(self):
        """The coordinator that leads in the newest epoch, as far as one can be asked."""
        best = None
        for name in COORDINATORS:
            status = None if name in self.down else self.cell.status(name)
            if status and status["cell"]["role"] == "leader":
                best = max(best or (0, ""), (status["cell"]["epoch"], name))
        return best and best[1]

    def owners(self):
        """{unit: collector}, None while nobody leads."""
        name = self.leader()
        try:
            return name and {unit: owner for unit, (owner, _) in self.cell.owners(name).items()}
        except (ValueError, KeyError):
            return None  # it was killed in the middle of its answer

    def wait_read_on(self, units, what):
        """Waits until of each of these units a sink has got a record from now on."""
        parts = self.units()
        marks = {parts[unit]: self.streams.next[parts[unit]] for unit in units}
        seen = self.sinks.newest

        def behind():
            if self.sinks.failure:
                raise AssertionError("the sinks cannot be read") from self.sinks.failure
            live = set(self.topics())
            return {
                part: (seen.get(part), mark)
                for part, mark in marks.items()
                if part[0] in live and seen.get(part, -1) < mark
            }

        try:
            self.wait(lambda: not behind(), what)
        except AssertionError as error:
            raise AssertionError(f"{error}; behind are {sorted(behind().items())[:5]}") from error

    def calm(self, when):
        self.wait_read_on(self.units(), f"every topic to be read on {when}")

    # --- the schedule ---

    def play(self, faults):
        """Lets these happen at the same time, and waits until all topics are read on."""
        running = []
        for fault in faults:
            one = fault(self)
            next(one, None)
            running.append(one)
            self.figures[fault.__name__] += 1
        for one in running:
            for _ in one:
                pass
        self.calm("behind " + " and ".join(fault.__name__ for fault in faults))
        self.victims.clear()

    def pick(self, names):
        """One to which nothing happens yet."""
        name = self.random.choice([name for name in names if name not in self.victims])
        self.victims.add(name)
        return name

    def pick_leader(self):
        name = self.wait(self.leader, "a leader")
        self.victims.add(name)
        return name

    def wait_gone(self, name):
        """Waits until others have what this collector had."""

        def is_gone():
            owners = self.owners()
            return owners is not None and name not in owners.values()

        self.wait(is_gone, f"the units of {name} to be with others")

    def wait_other_leader(self, name):
        self.wait(lambda: self.leader() not in (None, name), f"another than {name} to lead")

    def wait_others(self):
        """What nothing happens to is read on meanwhile (CB-36)."""
        owners = self.wait(self.owners, "owners") or {}
        live = self.units()
        theirs = [u for u, owner in owners.items() if owner not in self.victims and u in live]
        self.wait_read_on(theirs, "the topics of the others to be read on")

    # --- faults of collectors ---

    def collector_killed(self):
        """Comes back at once, and proves its former life's death by the lock of the state file."""
        name = self.pick(COLLECTORS)
        self.say(f"{name} is killed and started again")
        self.cell.process(name).restart()
        yield

    def _back_later(self, name):
        """A collector that is killed starts again when the others have its units, or at once."""
        yield
        if self.random.random() < 0.5:
            self.wait_gone(name)
        self.say(f"{name} starts again")
        self.cell.process(name).start()
        self.down.discard(name)

    def collector_killed_without_proof(self):
        name = self.pick(COLLECTORS)
        self.say(f"{name} is killed, its state file is gone")
        self.down.add(name)
        self.cell.process(name).kill()
        os.unlink(os.path.join(self.cell.folder, name + ".state"))
        yield from self._back_later(name)

    def death_published(self):
        """Somebody has waited for the process and says so, by its state file (CB-40)."""
        name = self.pick(COLLECTORS)
        self.say(f"{name} is killed, its death is published")
        self.down.add(name)
        self.cell.process(name).kill()
        state = os.path.join(self.cell.folder, name + ".state")
        procs.muster("collector", "died", *self.cell.base, "--state-file", state)
        yield from self._back_later(name)

    def collector_stopped(self):
        """In order: it says that it leaves when it has let go of everything."""
        name = self.pick(COLLECTORS)
        self.say(f"{name} is asked to stop")
        self.down.add(name)
        process = self.cell.process(name)
        process.signal(signal.SIGTERM)
        yield
        self.wait(lambda: not process.is_alive(), f"{name} to end")
        code = process.child.returncode
        if code != 0:
            raise AssertionError(f"'{name}' was stopped, and ended with {code}")
        self.say(f"{name} starts again")
        process.start()
        self.down.discard(name)

    def collector_drained(self):
        name = self.pick(COLLECTORS)
        self.wait(lambda: self.row(name), f"{name} to be known")
        self.say(f"{name} is drained")
        self.order("collector.drain", {"collector": name})
        yield
        self.wait(lambda: self.is_empty(name), f"{name} to have no units")
        self.say(f"{name} has no units, is not drained any more")
        self.order("collector.undrain", {"collector": name})

    def row(self, name):
        """What the leader says of a collector, None while there is neither."""
        leader = self.leader()
        try:
            return leader and self.cell.collectors(leader).get(name)
        except (ValueError, KeyError):
            return None  # it was killed in the middle of its answer

    def is_empty(self, name):
        """It is drained, and the leader has seen it let go of everything."""
        row = self.row(name)
        return row and row["drained"] and row["units"] == row["revoking"] == 0

    def _pause(self, name, until):
        self.down.add(name)
        began_ms = accountant.now_ms()
        self.cell.process(name).signal(signal.SIGSTOP)
        yield
        until()
        # Looked at before and behind: a write that it had begun lands between the two.
        self.sinks.look()
        woken_ms = accountant.now_ms()
        self.cell.process(name).signal(signal.SIGCONT)
        self.sinks.look()
        self.pauses[name].append((began_ms, woken_ms))
        self.down.discard(name)
        self.say(f"{name} wakes up")

    def collector_paused(self):
        """Longer than its lease: the others get its units, and are not held up meanwhile."""
        name = self.pick(COLLECTORS)
        self.say(f"{name} is held still")

        def until():
            self.wait_others()
            self.wait_gone(name)

        yield from self._pause(name, until)

    def collector_paused_shortly(self):
        """For about as long as two records take, which is less than the lease unless the machine is
        busy."""
        name = self.pick(COLLECTORS)
        self.say(f"{name} is held still for a moment")
        # Of any topic, for each may be deleted meanwhile.
        marks = {part: self.streams.next[part] + 2 for part in self.units().values()}
        has_come = lambda: any(self.streams.next[part] >= mark for part, mark in marks.items())
        until = lambda: self.wait(has_come, "two records")
        yield from self._pause(name, until)

    def collector_cut(self):
        name = self.pick(COLLECTORS)
        self.say(f"{name} is cut off")
        self.proxies[name].cut()
        yield
        self.wait_others()
        self.wait_gone(name)
        self.say(f"{name} is connected again")
        self.proxies[name].restore()

    def collector_loses_one_way(self):
        """What it says is not heard, or what it is told, though its connections stand."""
        name, way = self.pick(COLLECTORS), self.random.choice((proxy.UP, proxy.DOWN))
        self.say(f"{name} loses all that goes {way}")
        self.proxies[name].drop(way)
        yield
        self.wait_gone(name)
        self.say(f"{name} loses nothing more")
        self.proxies[name].restore()

    def collector_loses_one_broker(self):
        """It reaches two of three, so nothing has to come of it but what comes."""
        name, broker = self.pick(COLLECTORS), self.random.choice(BROKERS)
        self.say(f"{name} does not reach broker {broker}")
        self.proxies[name].cut([broker])
        yield
        self.wait_others()
        self.proxies[name].restore()

    def way_delayed(self):
        name = self.pick((*COLLECTORS, *COORDINATORS))
        self.say(f"{name} has a slow network")
        self.proxies[name].delay(0.2)
        yield
        self.wait_others()
        self.proxies[name].restore()

    # --- faults of coordinators ---

    def leader_killed(self):
        name = self.pick_leader()
        self.say(f"{name}, which leads, is killed")
        self.down.add(name)
        self.cell.process(name).kill()
        yield
        if self.random.random() < 0.5:
            self.wait_other_leader(name)
        self.cell.process(name).start()
        self.down.discard(name)
        self.say(f"{name} starts again")

    def leader_paused(self):
        """When it wakes up another leads, and it can write nothing (MR-22)."""
        name = self.pick_leader()
        self.say(f"{name}, which leads, is held still")
        yield from self._pause(name, lambda: self.wait_other_leader(name))
        self.wait(lambda: self.cell.role(name) == "standby", f"{name} to be a standby")
        self.say(f"{name} is a standby")

    def leader_cut(self):
        name, way = self.pick_leader(), self.random.choice((None, proxy.UP, proxy.DOWN))
        self.say(f"{name}, which leads, " + (f"loses all that goes {way}" if way else "is cut off"))
        if way:
            self.proxies[name].drop(way)
        else:
            self.proxies[name].cut()
        yield
        self.wait_other_leader(name)
        self.proxies[name].restore()
        self.wait(lambda: self.cell.role(name) == "standby", f"{name} to be a standby")
        self.say(f"{name} is a standby")

    def standby_killed(self):
        leader = self.leader()
        name = self.pick([name for name in COORDINATORS if name != leader])
        self.say(f"{name}, a standby, is killed and started again")
        self.cell.process(name).restart()
        yield

    # --- faults of brokers ---

    def broker_killed(self, number=None, why=""):
        """Reading goes on without it (CB-33)."""
        number = number or self.random.choice(BROKERS)
        self.say(f"broker {number} is killed{why}")
        self.cluster.kill(number)
        yield
        self.wait_others()
        self.say(f"broker {number} starts again")
        self.cluster.restart(number, PATIENCE)
        self.cluster.wait_in_sync(seconds=PATIENCE)
        self.say(f"broker {number} is in sync")

    def broker_of_control_killed(self):
        yield from self._broker_of("control")

    def broker_of_state_killed(self):
        yield from self._broker_of("state")

    def _broker_of(self, word):
        topic = f"{self.cell.prefix}.{word}"
        part = self.cluster.topics()[topic]["partitions"][0]
        yield from self.broker_killed(part["leader"], f", which leads {topic}")

    def broker_of_transactions_killed(self):
        """The one that keeps the log of the leader's transactions."""
        said = self.cluster.topics()["__transaction_state"]["partitions"]
        number = _java_hash(f"{self.cell.prefix}.coordinator") % len(said)
        leader = next(p["leader"] for p in said if p["index"] == number)
        yield from self.broker_killed(leader, ", which keeps the leader's transactions")

    # --- strangers ---

    def _state(self):
        """{key: value} as they stand in the state."""
        records = kafka_log.read(self.cluster.bootstrap, f"{self.cell.prefix}.state")
        return {record.key: record.value for record in records}

    def state_spoiled(self):
        """What nobody can read decides nothing, and is written over by who leads (MR-11)."""
        known = [key for key, value in self._state().items() if value and key != b"marker"]
        keys = self.random.sample(sorted(known), 3)
        self.say(f"a stranger spoils {', '.join(key.decode() for key in keys)}")
        for key in keys:
            procs.kcat_produce_bytes(
                self.cluster.bootstrap, f"{self.cell.prefix}.state", 0, key.decode(), GARBLED
            )
        yield

        def is_mended():
            state = self._state()
            return not any(state[key] == GARBLED for key in keys)

        self.wait(is_mended, "the state to be mended")
        self.say("the state is mended")

    # --- what people do ---

    def topics_created(self, count=3):
        """Some are announced before they are there."""
        names = self.cell.names(count, f"n{self.made}-")
        self.made += 1
        is_late = self.random.random() < 0.5
        agents = sorted(self.agents)
        for i, name in enumerate(names):
            self.agents[agents[i % AGENTS]].append(name)
        split = [name for name in names if name in self.agents[SPLIT]]
        others = [name for name in names if name not in split]
        self.split |= dict.fromkeys(split, PARTITIONS)
        what = "announced and created" if is_late else "created and announced"
        self.say(f"{count} topics are {what}")
        if is_late:
            self.announce(agents)
        self.cluster.create_topics(others, seconds=PATIENCE)
        self.cluster.create_topics(split, PARTITIONS, seconds=PATIENCE)
        if not is_late:
            self.announce(agents)
        for part in self.units().values():
            self.streams.add(part)
        return iter(())

    def topics_deleted(self, count=2):
        """Some are withdrawn before, some behind it; what nobody had read by then is gone."""
        some = sorted(a for a, topics in self.agents.items() if len(topics) > count)
        agent = self.random.choice(some)
        names = self.random.sample(self.agents[agent], count)
        is_late = self.random.random() < 0.5
        what = "deleted and withdrawn" if is_late else "withdrawn and deleted"
        self.say(f"{count} topics are {what}")
        self.excused.update(names)
        for part in self.units().values():
            if part[0] in names:
                self.streams.forget(part)
        self.agents[agent] = [t for t in self.agents[agent] if t not in names]
        if not is_late:
            self.announce([agent])
        self.cluster.delete_topics(names, seconds=PATIENCE)
        if is_late:
            self.announce([agent])
        return iter(())

    def partitions_added(self):
        """A topic of several partitions gets one more; some are announced before they are there."""
        topic = self.random.choice(sorted(set(self.split).intersection(self.topics())))
        self.split[topic] += 1
        is_late = self.random.random() < 0.5
        what = "announced and added" if is_late else "added and announced"
        self.say(f"a partition of {topic} is {what}")
        if is_late:
            self.announce([SPLIT])
        self.cluster.add_partitions(topic, self.split[topic], seconds=PATIENCE)
        if not is_late:
            self.announce([SPLIT])
        self.streams.add((topic, self.split[topic] - 1))
        return iter(())

    def policy_changed(self):
        """As tight as it can be, or loose; there is room for all when all five live."""
        limit = math.ceil(len(self.units()) / len(COLLECTORS)) + self.random.choice((3, 5, 20))
        self.say(f"at most {limit} topics a collector")
        self.order("pool.set", {"max_topics_per_collector": str(limit)})
        return iter(())

    def order(self, verb, args):
        text = json.dumps({"verb": verb, "args": args, "id": str(self.random.getrandbits(32))})
        procs.kcat_produce(self.cluster.bootstrap, f"{self.cell.prefix}.orders", [text])

    # --- the end ---

    def finish(self):
        """Lets everything come to rest, stops it, and asks the accountant."""
        self.order("pool.reset", {})
        self.calm("at the end")
        self.streams.end()
        self.wait(self.streams.is_quiet, "all records to be acknowledged")
        failure = self.wait_committed()
        for name in COLLECTORS:
            self.down.add(name)
            code = self.cell.process(name).stop(60)
            self.figures[f"collectors stopped with exit code {code}"] += 1
        for name in COORDINATORS:
            self.down.add(name)
            self.cell.process(name).stop(60)
        evidence = accountant.collect(
            *(self.cluster.bootstrap, self.cell.prefix, "default", self.topics(), self.sinks),
            *(self.streams.accepted, self.excused, self.pauses),
        )
        with open(os.path.join(self.cell.processes.folder, "evidence"), "wb") as file:
            pickle.dump(evidence, file)  # so that it can be judged again
        report = accountant.judge(evidence)
        if failure and not report.faults:
            raise failure
        report.figures |= {
            name.replace("_", " "): times for name, times in sorted(self.figures.items())
        }
        return report

    def wait_committed(self):
        """What went wrong, for the accountant knows better why."""
        try:
            self.wait(self.is_committed, "everything to be read and committed")
        except AssertionError as failure:
            self.say(str(failure))
            return failure
        self.say("all is read and committed")
        return None

    def is_committed(self):
        ends = self.streams.ends()
        if ends is None:
            return False
        held = self.cell.committed()
        return all(held.get(part) == end for part, end in ends.items())


def _java_hash(text):
    """String.hashCode without its sign, which is how Kafka spreads transactional ids."""
    code = 0
    for char in text:
        code = (code * 31 + ord(char)) & 0xFFFFFFFF
    return code & 0x7FFFFFFF


EACH = (
    World.collector_killed,
    World.collector_killed_without_proof,
    World.death_published,
    World.collector_stopped,
    World.collector_drained,
    World.collector_paused,
    World.collector_paused_shortly,
    World.collector_cut,
    World.collector_loses_one_way,
    World.leader_killed,
    World.leader_paused,
    World.leader_cut,
    World.broker_killed,
    World.topics_created,
    World.topics_deleted,
    World.partitions_added,
    World.policy_changed,
    World.way_delayed,
    World.state_spoiled,
)
MORE = (
    World.collector_loses_one_broker,
    World.standby_killed,
    World.broker_of_control_killed,
    World.broker_of_state_killed,
    World.broker_of_transactions_killed,
)
OF_LEADERS = (World.leader_killed, World.leader_paused, World.leader_cut)
OF_BROKERS = (World.broker_killed, *MORE[2:])


def fits(faults, one):
    """Two faults of the leader, or of brokers, are one after the other."""
    return not any(
        one in group and any(fault in group for fault in faults)
        for group in (OF_LEADERS, OF_BROKERS)
    )


def schedule(seed):
    """Each fault once, and the kill of a broker that keeps something of the cell, two at a time, in
    an order that the seed gives."""
    order = random.Random(seed)
    left = [*EACH, order.choice(OF_BROKERS[1:])]
    order.shuffle(left)
    while left:
        faults = [left.pop()]
        for one in list(left):
            if len(faults) < 2 and fits(faults, one):
                faults.append(one)
                left.remove(one)
        yield faults


def schedule_for_ever(seed):
    """One to three at a time, of all there are, without end."""
    order = random.Random(seed)
    while True:
        faults = []
        for _ in range(order.choice((1, 2, 2, 3))):
            one = order.choice(EACH + MORE)
            if one not in faults and fits(faults, one):
                faults.append(one)
        yield faults
