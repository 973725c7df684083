# SPDX-License-Identifier: Apache-2.0
"""The accountant of the fault tests: from what lies in Kafka, what the sinks' files hold and when
their lines were seen to appear, he says whether the promises were kept. He shares no code with
muster and asks none of its processes: kafka_log.py reads for him, `collect` gathers, `judge`
decides.

    report = accountant.judge(accountant.collect(...))
    print(report.text()); assert not report.faults

What he proves, by the name of the rule under which a breach is told:

delivered   every record of a data topic is in a sink, as it is in Kafka, and nothing else is
duplicates  whatever is read again is read from the position that was committed when the owner
            changed
committed   no position is committed before the sink has what lies below it; in the end all is, by
            the newest owner (what a former owner's client sends late is counted, not judged)
one owner   the former owner of a unit has acknowledged, left, been proved dead, or not been heard
            for its lease, before the next is granted it (S1, S2, S4); nobody writes without a
            grant, nor behind its end, nor behind a line of a higher fence
versions    generations, epochs and fences only rise; a head fits its buckets; nobody applies what
            was not published to it

All times are of one machine's clock: Kafka's log append time, and the wall clock of `SinkWatch`.
"""

import bisect
import collections
import glob
import itertools
import json
import os
import threading
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import kafka_log

EDGES_MS = (0, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 60000)
SHOWN = 5  # breaches of one rule that are printed


def now_ms():
    return time.time_ns() // 1_000_000


# --- evidence ---


class Delivery(NamedTuple):
    """One line of a sink's file; it was written after `after_ms` and not later than `before_ms`."""

    collector: str
    topic: str
    partition: int
    offset: int
    fence: int
    value: str
    after_ms: int
    before_ms: int


class Member(NamedTuple):
    """A beat of a collector, or a death, as it lies in the members topic."""

    at_ms: int
    is_death: bool
    fields: dict


class Assignment(NamedTuple):
    """A head or bucket as it lies in the assignments topic; fields is None for a tombstone."""

    partition: int
    at_ms: int
    key: str
    fields: dict | None


@dataclass
class Evidence:
    produced: dict = field(default_factory=dict)  # (topic, partition) -> {offset: value}
    acknowledged: dict = field(default_factory=dict)  # topic -> values that Kafka has accepted
    excused: set = field(default_factory=set)  # topics deleted with records nobody had to read
    deliveries: list = field(default_factory=list)  # in the order of each file
    commits: list = field(default_factory=list)  # kafka_log.Commit, in order
    assignments: list = field(default_factory=list)  # in the order of each partition
    members: list = field(default_factory=list)  # in order
    events: list = field(default_factory=list)  # (epoch, generation), in order
    pauses: dict = field(default_factory=dict)  # collector -> [(from ms, to ms)] held by SIGSTOP


class SinkWatch:
    """Reads on in every *.lines file under a folder, and so knows when each line appeared."""

    PAUSE = 0.1  # between looks; a line's time is known as exactly as that

    def __init__(self, folder):
        self.folder = folder
        self.deliveries = []
        self.newest = {}  # (topic, partition) -> greatest number behind '#' in its values
        self.at = collections.Counter()  # path -> bytes taken
        self.looked_ms = {}  # path -> when there was nothing behind them yet
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(60)
        return False

    def _work(self):
        try:
            while not self.over.wait(self.PAUSE):
                self.look()
        except BaseException as failure:
            self.failure = failure

    def look(self):
        with self.lock:
            for path in sorted(glob.glob(os.path.join(self.folder, "*.lines"))):
                self._read_on(path)

    def _read_on(self, path):
        began_ms = now_ms()
        with open(path, "rb") as file:
            file.seek(self.at[path])
            data = file.read()
        before_ms = now_ms()
        whole = data[: data.rfind(b"\n") + 1]
        after_ms = self.looked_ms.get(path, 0)
        # A line that is there in part may have been begun before this look.
        self.looked_ms[path] = began_ms if len(whole) == len(data) else after_ms
        self.at[path] += len(whole)
        collector = os.path.basename(path)[: -len(".lines")]
        for line in whole.splitlines():
            self._take(collector, json.loads(line), after_ms, before_ms)

    def _take(self, collector, line, after_ms, before_ms):
        value = line["value"]
        place = line["topic"], line["partition"], line["offset"]
        self.deliveries.append(
            Delivery(collector, *place, line["fence"], value, after_ms, before_ms)
        )
        number = int(value.rpartition("#")[2])
        if number > self.newest.get(place[:2], -1):
            self.newest[place[:2]] = number


def assignments_of(records, schemas):
    """What the records of the assignments topic say."""
    return [
        Assignment(
            r.partition, r.at_ms, r.key.decode(), schemas.decode(r.value)[1] if r.value else None
        )
        for r in records
    ]


def members_of(records, schemas):
    """The beats and deaths of collectors in the members topic."""
    found = []
    for record in records:
        name, fields = schemas.decode(record.value)
        if fields["role"] == "collector":
            found.append(Member(record.at_ms, name == "death", fields))
    return found


def collect(bootstrap, prefix, pool, topics, sinks, producer, excused, pauses):
    """Reads everything there is to know of a cell; `topics` are those that can be read still."""
    schemas = kafka_log.Schemas()
    produced = collections.defaultdict(dict)
    for record in kafka_log.read_many(bootstrap, sorted(topics), f"{prefix}-accountant"):
        produced[record.topic, record.partition][record.offset] = record.value.decode()
    sinks.look()
    if sinks.failure:
        raise AssertionError("the sinks could not be read") from sinks.failure
    events = [json.loads(r.value) for r in kafka_log.read(bootstrap, f"{prefix}.events")]
    return Evidence(
        produced=dict(produced),
        acknowledged=producer,
        excused=set(excused),
        deliveries=list(sinks.deliveries),
        commits=kafka_log.commits(bootstrap, f"{prefix}.{pool}"),
        assignments=assignments_of(kafka_log.read(bootstrap, f"{prefix}.assignments"), schemas),
        members=members_of(kafka_log.read(bootstrap, f"{prefix}.members"), schemas),
        events=[(event["epoch"], event["generation"]) for event in events],
        pauses=pauses,
    )


# --- who held what, from the assignments and members topics ---


@dataclass
class Life:
    """One incarnation of a collector, as others heard it."""

    collector: str
    lease_ms: int
    at_ms: list = field(default_factory=list)  # of its beats
    applied: list = field(default_factory=list)  # the generation in each
    seq: int = 0  # of the newest
    gap_ms: int | None = None  # when it had first been silent for a lease; 0 = never
    repeated: int = 0  # beats that came behind a newer one
    ended_ms: int | None = None  # it said that it leaves, was replaced, or was proved dead

    def end(self, at_ms):
        self.ended_ms = at_ms if self.ended_ms is None else min(self.ended_ms, at_ms)

    def applied_at(self, generation, from_ms):
        """When it first said, from then on, that it had applied that generation."""
        for i in range(bisect.bisect_left(self.at_ms, from_ms), len(self.at_ms)):
            if self.applied[i] >= generation:
                return self.at_ms[i]
        return None

    def lease_end(self, by_ms=None):
        """When its lease had run out at the latest, by what lay in Kafka at `by_ms`. A beat that lies
        behind a gap of a lease came too late: none was acknowledged in the gap."""
        if self.gap_ms is None:
            pairs = zip(self.at_ms, self.at_ms[1:])
            gaps = (a + self.lease_ms for a, b in pairs if b - a >= self.lease_ms)
            self.gap_ms = next(gaps, 0)
        if self.gap_ms and (by_ms is None or self.gap_ms <= by_ms):
            return self.gap_ms
        heard = self.last_beat(by_ms)
        return None if heard is None else heard + self.lease_ms

    def last_beat(self, by_ms=None):
        count = len(self.at_ms) if by_ms is None else bisect.bisect_right(self.at_ms, by_ms)
        return self.at_ms[count - 1] if count else None


@dataclass
class Hold:
    """A unit in the hands of one life, from one head to another."""

    unit: str
    collector: str
    incarnation: str
    fence: int
    generation: int
    begin_ms: int
    revoked_generation: int | None = None
    revoked_ms: int | None = None

    def released_at(self, lives, by_ms=None):
        """When it was over for everybody to see, not later than `by_ms`; None = it was not."""
        life = lives.get(self.incarnation)
        if life is None:
            return None
        ends = [life.ended_ms]
        if self.revoked_generation is not None:
            ends.append(life.applied_at(self.revoked_generation, self.revoked_ms))
        ends.append(life.lease_end(by_ms) or self.begin_ms + life.lease_ms)
        return min(end for end in ends if end is not None)


def lives_of(members):
    lives = {}
    for member in members:
        fields = member.fields
        incarnation = fields["incarnation"]
        if member.is_death:
            if incarnation in lives:
                lives[incarnation].end(member.at_ms)
            continue
        life = lives.setdefault(incarnation, Life(fields["id"], fields["lease_ms"]))
        if fields["seq"] <= life.seq:
            # Kafka's client may write a record again that it gave up: sent before the newest,
            # it gives no lease.
            life.repeated += 1
            continue
        life.seq = fields["seq"]
        life.at_ms.append(member.at_ms)
        life.applied.append(fields["applied_generation"])
        if fields["state"] == "leaving":
            life.end(member.at_ms)
        if fields["replaces"] in lives:
            lives[fields["replaces"]].end(member.at_ms)
    return lives


class Ledger:
    """Replays the assignments topic: heads, buckets, and the holds they make."""

    def __init__(self, assignments, tell):
        self.tell = tell
        self.buckets = collections.defaultdict(dict)  # collector -> {number: (generation, units)}
        self.heads = collections.defaultdict(list)  # collector -> [(generation, epoch)]
        self.newest_epoch = {}  # partition -> epoch
        self.lineages = set()
        self.open = collections.defaultdict(dict)  # collector -> {unit: hold}
        self.holds = []
        for record in assignments:
            words = record.key.split("/")
            collector = words[1]
            if len(words) == 3:
                self._bucket(collector, int(words[2]), record)
            elif record.fields is None:
                self._apply(collector, None, {}, record.at_ms, None)
            else:
                self._head(collector, record)

    def _bucket(self, collector, number, record):
        if record.fields is None:
            self.buckets[collector].pop(number, None)
            return
        generation = record.fields["generation"]
        before = self.buckets[collector].get(number, (0, {}))[0]
        if generation < before:
            self.tell("versions", f"bucket {record.key}: generation {generation} behind {before}")
        units = {unit["unit"]: unit["fence"] for unit in record.fields["units"]}
        self.buckets[collector][number] = (generation, units)

    def _head(self, collector, record):
        head = record.fields
        generation, epoch = head["generation"], head["epoch"]
        before = self.heads[collector][-1][0] if self.heads[collector] else 0
        if generation <= before:
            self.tell("versions", f"head of {collector}: generation {generation} behind {before}")
        if epoch < self.newest_epoch.get(record.partition, 0):
            self.tell("versions", f"head of {collector}: epoch {epoch} behind a newer one")
        self.newest_epoch[record.partition] = epoch
        self.heads[collector].append((generation, epoch))
        self.lineages.add(head["lineage"])
        units = {}
        for number, wanted in enumerate(head["buckets"]):
            held, some = self.buckets[collector].get(number, (0, {}))
            if held != wanted:
                self.tell(
                    "versions",
                    f"head of {collector}: bucket {number} is {held}, it names {wanted}",
                )
            units.update(some)
        fences = {unit: max(fence, head["admitted"]) for unit, fence in units.items()}
        self._apply(collector, head["incarnation"], fences, record.at_ms, generation)

    def _apply(self, collector, incarnation, fences, at_ms, generation):
        held = self.open[collector]
        for unit, hold in list(held.items()):
            if hold.incarnation == incarnation and fences.get(unit) == hold.fence:
                continue
            if hold.incarnation == incarnation:
                hold.revoked_generation, hold.revoked_ms = generation, at_ms
            del held[unit]
        if not incarnation:
            return
        for unit, fence in fences.items():
            if unit not in held:
                held[unit] = Hold(unit, collector, incarnation, fence, generation, at_ms)
                self.holds.append(held[unit])

    def by_unit(self):
        found = collections.defaultdict(list)
        for hold in sorted(self.holds, key=lambda h: (h.generation, h.fence)):
            found[hold.unit].append(hold)
        return found


# --- the judgement ---


@dataclass
class Report:
    faults: dict = field(default_factory=lambda: collections.defaultdict(list))
    figures: dict = field(default_factory=dict)
    without_owner_ms: list = field(default_factory=list)

    def tell(self, rule, text):
        self.faults[rule].append(text)

    def histogram(self):
        """[(from ms, to ms or None, count)] of the times for which a unit had no owner."""
        counts = [0] * len(EDGES_MS)
        for gap in self.without_owner_ms:
            counts[bisect.bisect_right(EDGES_MS, gap) - 1] += 1
        return list(zip(EDGES_MS, [*EDGES_MS[1:], None], counts))

    def text(self):
        lines = [f"  {name}: {value}" for name, value in self.figures.items()]
        lines.append("  changes of owner by the time that the unit had none:")
        for low, high, count in self.histogram():
            if count:
                lines.append(f"    {low} ms to {f'{high} ms' if high else 'more'}: {count}")
        for rule, texts in self.faults.items():
            lines.append(f"  BREACH of '{rule}', {len(texts)} times:")
            lines += [f"    {text}" for text in texts[:SHOWN]]
        lines.append(f"  breaches: {sum(map(len, self.faults.values()))}")
        return "\n".join(lines)


class _Case:
    """One judgement: the evidence, sorted, and the report that grows."""

    def __init__(self, evidence):
        self.evidence = evidence
        self.report = Report()
        self.tell = self.report.tell
        self.lives = lives_of(evidence.members)
        self.ledger = Ledger(evidence.assignments, self.tell)
        self.holds = self.ledger.by_unit()
        self.by_fence = {(h.unit, h.fence): h for hold in self.holds.values() for h in hold}
        self.parts = collections.defaultdict(list)  # (topic, partition) -> deliveries
        for delivery in evidence.deliveries:
            self.parts[delivery.topic, delivery.partition].append(delivery)
        for deliveries in self.parts.values():
            deliveries.sort(key=lambda d: d.fence)  # stable: the order of each file stays
        self.commits = collections.defaultdict(list)
        for commit in evidence.commits:
            self.commits[commit.topic, commit.partition].append((commit, _fence_of(commit)))

    def unit_of(self, topic, partition):
        split = f"{topic}/{partition}"
        return split if split in self.holds else topic

    # delivered

    def check_delivered(self):
        lost = total = 0
        for part, records in self.evidence.produced.items():
            got = {d.offset: d.value for d in self.parts.get(part, ())}
            total += len(records)
            for offset, value in records.items():
                if offset not in got and part[0] not in self.evidence.excused:
                    lost += 1
                    self.tell("delivered", f"{part} offset {offset} ({value}) is in no sink")
        self._check_foreign()
        self._check_written()
        self.report.figures |= {
            "records": total,
            "lost": lost,
            "gone with their topic": self._count_excused(),
        }

    def _count_excused(self):
        """Accepted values of deleted topics that no sink has."""
        got = {d.value for d in self.evidence.deliveries if d.topic in self.evidence.excused}
        return sum(
            len(set(self.evidence.acknowledged.get(topic, ())) - got)
            for topic in self.evidence.excused
        )

    def _check_foreign(self):
        for part, deliveries in self.parts.items():
            records = self.evidence.produced.get(part)
            if records is None:
                if part[0] not in self.evidence.excused:
                    self.tell("delivered", f"a sink has {part}, which nobody produced")
                continue
            for d in deliveries:
                if records.get(d.offset) != d.value:
                    self.tell("delivered", f"{part} offset {d.offset}: a sink has '{d.value}'")

    def _check_written(self):
        """What Kafka has acknowledged to the producer is in its log."""
        values = collections.defaultdict(set)
        for (topic, _), records in self.evidence.produced.items():
            values[topic].update(records.values())
        for topic, accepted in self.evidence.acknowledged.items():
            missing = set(accepted) - values[topic] if topic not in self.evidence.excused else ()
            if missing:
                self.tell("delivered", f"Kafka has lost {len(missing)} records of '{topic}'")

    # duplicates

    def check_duplicates(self):
        twice = 0
        for part, deliveries in self.parts.items():
            seen = set()
            previous = None
            for d in deliveries:
                if previous is None or (d.fence, d.offset) != (previous.fence, previous.offset + 1):
                    self._check_start(part, previous, d)
                twice += d.offset in seen
                seen.add(d.offset)
                previous = d
        self.report.figures["delivered twice"] = twice

    def _check_start(self, part, previous, first):
        """A run of records begins where the group was when its reader was granted the unit."""
        hold = self.by_fence.get((self.unit_of(*part), first.fence))
        if hold is None:
            return  # told by check_writers
        is_new = previous is None or previous.fence != first.fence
        from_ms = hold.begin_ms if is_new else previous.after_ms
        held, allowed = 0, set()
        for commit, fence in self.commits[part]:
            if commit.at_ms < from_ms:
                held = max(commit.offset, 0)
            elif commit.at_ms <= first.before_ms and (fence < first.fence or not is_new):
                allowed.add(max(commit.offset, 0))
        allowed.add(held)
        if first.offset not in allowed:
            self.tell(
                "duplicates",
                f"{part}: fence {first.fence} of {first.collector} begins at {first.offset}, "
                f"committed was {sorted(allowed)}",
            )

    # committed

    def check_committed(self):
        late = back = covered = 0
        for part, commits in self.commits.items():
            arrived = {}
            for d in self.parts.get(part, ()):
                arrived[d.offset] = min(d.after_ms, arrived.get(d.offset, d.after_ms))
            highest = -1
            position = 0
            for commit, fence in commits:
                if commit.offset < 0:
                    continue  # Kafka forgets a deleted topic
                seen_ms = arrived.get(commit.offset - 1, commit.at_ms + 1)
                if commit.offset > 0 and seen_ms > commit.at_ms:
                    self.tell(
                        "committed", f"{part}: {commit.offset} by fence {fence} before the sink"
                    )
                # Kafka's client may send a commit again that its owner has given up: read again
                # from there, if the owner dies just then, and nothing lost.
                back += fence == highest and commit.offset < position
                late += fence < highest
                if fence >= highest:
                    highest, position = fence, commit.offset
            covered += commits[-1][0].offset >= 0 and commits[-1][0].offset != position
            self._check_final(part, position)
        for part in self.evidence.produced:
            if part not in self.commits and part[0] not in self.evidence.excused:
                self.tell("committed", f"{part} was never committed")
        self.report.figures |= {
            "commits": len(self.evidence.commits),
            "commits of a lower fence, late": late,
            "commits that went back": back,
            "positions that a late commit covers at the end": covered,
        }

    def _check_final(self, part, position):
        """What the newest owner committed last: a commit of a former one may come late, at the very
        end too, and is then found by its lower fence."""
        records = self.evidence.produced.get(part)
        if records and part[0] not in self.evidence.excused and position != max(records) + 1:
            last = [(c.offset, fence, c.at_ms) for c, fence in self.commits[part][-4:]]
            self.tell(
                "committed",
                f"{part} ends at {max(records) + 1}, committed is {position}; the last commits as "
                f"(position, fence, at ms): {last}",
            )

    # one owner

    def check_owners(self):
        """Between two holds of a unit the first has ended before the second was published."""
        changes = 0
        for unit, holds in self.holds.items():
            for former, latter in zip(holds, holds[1:]):
                released = former.released_at(self.lives, latter.begin_ms)
                if released is None or released > latter.begin_ms:
                    self.tell(
                        "one owner",
                        f"{unit}: {latter.collector} was granted it at {latter.begin_ms}, "
                        f"{former.collector} ({former.incarnation[:8]}) held it until {released}",
                    )
                changes += former.collector != latter.collector
                self._count_gap(former, latter)
        self.report.figures |= {
            "collectors' lives": len(self.lives),
            "beats behind newer ones": sum(life.repeated for life in self.lives.values()),
            "holds": len(self.ledger.holds),
            "of them moves": changes,
        }

    def _count_gap(self, former, latter):
        """From the last that was heard of the former owner, or its acknowledgement, to the latter's
        word that it has applied the grant."""
        old, new = self.lives.get(former.incarnation), self.lives.get(latter.incarnation)
        if old is None or new is None:
            return
        applied = new.applied_at(latter.generation, latter.begin_ms)
        ended = former.released_at(self.lives, latter.begin_ms)
        heard = old.last_beat(latter.begin_ms)
        if applied is None or ended is None or heard is None:
            return
        self.report.without_owner_ms.append(max(0, applied - min(ended, heard)))

    def check_writers(self):
        """Nobody writes without a grant, before it, or behind its end."""
        self.report.figures["late writes at waking"] = 0
        released = {}
        for d in self.evidence.deliveries:
            unit = self.unit_of(d.topic, d.partition)
            hold = self.by_fence.get((unit, d.fence))
            if hold is None or hold.collector != d.collector:
                self.tell(
                    "one owner",
                    f"{unit} offset {d.offset}: {d.collector} wrote it with fence {d.fence}, "
                    "which was not granted to it",
                )
                continue
            if d.before_ms < hold.begin_ms:
                self.tell("one owner", f"{unit} offset {d.offset}: written before its grant")
            if id(hold) not in released:
                released[id(hold)] = hold.released_at(self.lives)
            end = released[id(hold)]
            if end is not None and d.after_ms > end:
                self._tell_late(d, f"{d.after_ms - end} ms behind the end of the grant")

    def check_order(self):
        """No line appears behind one of a higher fence."""
        for deliveries in self.parts.values():
            higher = None  # the earliest line of all fences above
            for _, some in itertools.groupby(reversed(deliveries), key=lambda d: d.fence):
                some = list(some)
                for d in some:
                    if higher is not None and d.after_ms > higher.before_ms:
                        self._tell_late(d, f"behind fence {higher.fence} of {higher.collector}")
                first = min(some, key=lambda d: d.before_ms)
                if higher is None or first.before_ms < higher.before_ms:
                    higher = first

    def _tell_late(self, d, what):
        """A write that was begun when its process was stopped may land when it wakes up: that is
        beyond any clock, and is what the fence in the line is for."""
        for _, woken_ms in self.evidence.pauses.get(d.collector, ()):
            if d.after_ms <= woken_ms <= d.before_ms:
                self.report.figures["late writes at waking"] += 1
                return
        self.tell(
            "one owner",
            f"{d.topic}/{d.partition} offset {d.offset}: {d.collector} wrote it with "
            f"fence {d.fence} {what}",
        )

    # versions

    def check_versions(self):
        epochs = sorted(pair for heads in self.ledger.heads.values() for pair in heads)
        for (generation, epoch), (later, newer) in zip(epochs, epochs[1:]):
            if newer < epoch or (later == generation and newer != epoch):
                self.tell(
                    "versions", f"generation {later} is of epoch {newer}, {generation} of {epoch}"
                )
        if len(self.ledger.lineages) > 1:
            self.tell("versions", f"{len(self.ledger.lineages)} lineages")
        for before, after in zip(self.evidence.events, self.evidence.events[1:]):
            if after[0] < before[0] or after[1] < before[1]:
                self.tell("versions", f"event of (epoch, generation) {after} behind {before}")
        for unit, holds in self.holds.items():
            for former, latter in zip(holds, holds[1:]):
                if latter.fence <= former.fence:
                    self.tell("versions", f"{unit}: fence {latter.fence} behind {former.fence}")
        self._check_applied()
        self.report.figures |= {
            "generations": epochs[-1][0] if epochs else 0,
            "epochs": len({epoch for _, epoch in epochs}),
        }

    def _check_applied(self):
        for incarnation, life in self.lives.items():
            published = {generation for generation, _ in self.ledger.heads[life.collector]} | {0}
            for before, after in zip(life.applied, life.applied[1:]):
                if after < before:
                    self.tell("versions", f"{life.collector}: applied {after} behind {before}")
            for generation in set(life.applied) - published:
                self.tell(
                    "versions",
                    f"{life.collector} ({incarnation[:8]}) applied {generation}, "
                    "which no head of it says",
                )


def _fence_of(commit):
    try:
        return json.loads(commit.metadata)["fence"]
    except (ValueError, KeyError, TypeError):
        return -1


def judge(evidence):
    case = _Case(evidence)
    case.check_delivered()
    case.check_duplicates()
    case.check_committed()
    case.check_owners()
    case.check_writers()
    case.check_order()
    case.check_versions()
    return case.report
