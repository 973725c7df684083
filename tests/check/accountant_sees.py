# SPDX-License-Identifier: Apache-2.0
"""The accountant of the fault tests can fail: forged logs, in each of which one promise is broken,
are seen, and a run in which everything is as it must be is not blamed."""

import copy
import struct
import tempfile
import unittest

import accountant
import kafka_log
from accountant import Assignment, Delivery, Evidence, Member
from kafka_log import Commit

FIRST, SECOND = "1" * 32, "2" * 32  # incarnations of c1 and c2
LEASE = 1000


def head(collector, at_ms, generation, incarnation, admitted, bucket, epoch=1, partition=0):
    fields = {
        "lineage": "l",
        "epoch": epoch,
        "generation": generation,
        "incarnation": incarnation,
        "admitted": admitted,
        "buckets": [bucket] + [0] * 15,
    }
    return Assignment(partition, at_ms, f"default/{collector}", fields)


def bucket(collector, at_ms, generation, fence, partition=0):
    """A bucket with the unit `t`, or without if its fence is None."""
    units = [{"unit": "t", "fence": fence}] if fence else []
    fields = {"generation": generation, "units": units}
    return Assignment(partition, at_ms, f"default/{collector}/0", fields)


def beat(collector, incarnation, at_ms, applied, state="active", replaces=""):
    fields = {"id": collector, "incarnation": incarnation, "applied_generation": applied}
    fields |= {"state": state, "lease_ms": LEASE, "replaces": replaces, "seq": at_ms}
    return Member(at_ms, False, fields)


def line(collector, offset, fence, at_ms):
    return Delivery(collector, "t", 0, offset, fence, f"t#{offset}", at_ms - 100, at_ms)


def commit(offset, fence, at_ms):
    return Commit("t", 0, offset, f'{{"fence":{fence},"lineage":"l"}}', at_ms)


def killed():
    """c1 reads up to 5, has committed 4, and dies; c2 is granted `t` behind its lease and reads on
    at 4, to the end at 10."""
    return Evidence(
        produced={("t", 0): {i: f"t#{i}" for i in range(10)}},
        acknowledged={"t": [f"t#{i}" for i in range(10)]},
        deliveries=[line("c1", i, 5, 2000 + i) for i in range(6)]
        + [line("c2", i, 10, 5000 + i) for i in range(4, 10)],
        commits=[commit(0, 5, 1600), commit(4, 5, 2500), commit(4, 10, 4700), commit(10, 10, 5900)],
        assignments=[
            head("c1", 1000, 3, FIRST, 3, 0),
            bucket("c1", 1500, 5, 5),
            head("c1", 1500, 5, FIRST, 3, 5),
            head("c2", 1000, 4, SECOND, 4, 0, partition=1),
            bucket("c2", 4500, 10, 10, partition=1),
            head("c2", 4500, 10, SECOND, 4, 10, partition=1),
        ],
        members=sorted(
            [beat("c1", FIRST, at, 5 if at > 1600 else 0) for at in range(900, 3001, 300)]
            + [beat("c2", SECOND, at, 10 if at > 4600 else 4) for at in range(1000, 6001, 300)],
            key=lambda member: member.at_ms,
        ),
        events=[(1, 3), (1, 5), (1, 10)],
    )


def revoked():
    """As `killed`, but c1 lives: it is told to let go, commits 6, and says that it has."""
    evidence = killed()
    evidence.assignments[3:3] = [
        bucket("c1", 3000, 8, None),
        head("c1", 3000, 8, FIRST, 3, 8),
    ]
    evidence.members += [beat("c1", FIRST, at, 8) for at in range(3200, 6001, 300)]
    evidence.members.sort(key=lambda member: member.at_ms)
    evidence.commits[2:3] = [commit(6, 5, 3100), commit(6, 10, 4700)]
    evidence.deliveries = [d for d in evidence.deliveries if d[0] == "c1" or d.offset >= 6]
    return evidence


class AccountantTest(unittest.TestCase):
    def judge(self, evidence):
        return accountant.judge(evidence)

    def expect(self, rule, evidence, text=""):
        """The rule is told broken, with that in its text."""
        faults = self.judge(evidence).faults
        self.assertIn(rule, faults)
        self.assertIn(text, "\n".join(faults[rule]))

    # --- as it must be ---

    def test_death_behind_its_lease_is_no_breach(self):
        report = self.judge(killed())
        self.assertEqual({}, dict(report.faults), report.text())
        self.assertEqual(2, report.figures["delivered twice"])
        self.assertEqual(1, report.figures["of them moves"])
        self.assertEqual([1900], report.without_owner_ms)  # last beat 3000, applied 4900
        self.assertIn((1000, 2000, 1), report.histogram())

    def test_acknowledged_revoke_is_no_breach(self):
        report = self.judge(revoked())
        self.assertEqual({}, dict(report.faults), report.text())
        self.assertEqual(0, report.figures["delivered twice"])

    def test_proof_of_death_is_faster_than_the_lease(self):
        evidence = killed()
        evidence.members.append(beat("c1", "3" * 32, 3050, 0, "joining", replaces=FIRST))
        evidence.members.sort(key=lambda member: member.at_ms)
        self.move_grant(evidence, 3100)
        self.assertEqual({}, dict(self.judge(evidence).faults))

    # --- delivered ---

    def test_lost_record(self):
        evidence = killed()
        del evidence.deliveries[8]
        self.expect("delivered", evidence, "offset 6 (t#6) is in no sink")

    def test_record_of_a_deleted_topic_is_excused(self):
        evidence = killed()
        del evidence.deliveries[-1]
        del evidence.commits[-1]
        evidence.excused = {"t"}
        self.assertEqual({}, dict(self.judge(evidence).faults))

    def test_other_value_than_kafka_has(self):
        evidence = killed()
        evidence.deliveries[0] = evidence.deliveries[0]._replace(value="t#9")
        self.expect("delivered", evidence, "a sink has 't#9'")

    def test_topic_that_nobody_produced(self):
        evidence = killed()
        evidence.deliveries.append(evidence.deliveries[0]._replace(topic="u"))
        self.expect("delivered", evidence, "nobody produced")

    def test_acknowledged_record_that_kafka_has_not(self):
        evidence = killed()
        evidence.acknowledged["t"].append("t#10")
        self.expect("delivered", evidence, "Kafka has lost 1")

    # --- duplicates ---

    def test_read_again_from_below_the_committed_position(self):
        evidence = killed()
        evidence.deliveries.append(line("c2", 3, 10, 4990))
        evidence.deliveries.sort(key=lambda d: (d.fence, d.offset))
        self.expect("duplicates", evidence, "begins at 3, committed was [4]")

    def test_read_on_above_the_committed_position(self):
        evidence = killed()
        evidence.deliveries = [d for d in evidence.deliveries if d.fence < 10 or d.offset > 4]
        self.expect("duplicates", evidence, "begins at 5, committed was [4]")

    def test_read_twice_by_one_owner(self):
        evidence = killed()
        evidence.deliveries.append(line("c2", 5, 10, 5950))
        self.expect("duplicates", evidence, "begins at 5")

    # --- committed ---

    def test_position_before_the_sink_has_it(self):
        evidence = killed()
        evidence.commits[1] = commit(4, 5, 1700)
        self.expect("committed", evidence, "4 by fence 5 before the sink")

    def test_position_that_goes_back_is_counted(self):
        evidence = killed()
        evidence.commits[2:2] = [commit(2, 5, 2600), commit(4, 5, 2700)]
        report = self.judge(evidence)
        self.assertEqual({}, dict(report.faults), report.text())
        self.assertEqual(1, report.figures["commits that went back"])

    def test_end_that_is_not_committed(self):
        evidence = killed()
        del evidence.commits[-1]
        self.expect("committed", evidence, "ends at 10, committed is 4")

    def test_late_commit_of_the_former_owner_at_the_very_end_is_counted(self):
        evidence = killed()
        evidence.commits.append(commit(4, 5, 6100))
        report = self.judge(evidence)
        self.assertEqual({}, dict(report.faults), report.text())
        self.assertEqual(1, report.figures["commits of a lower fence, late"])

    def test_newest_owner_that_ends_on_a_lower_position(self):
        evidence = killed()
        evidence.commits.append(commit(4, 10, 6100))
        self.expect("committed", evidence, "ends at 10, committed is 4")

    # --- one owner ---

    def move_grant(self, evidence, at_ms):
        """c2 is granted the unit at another time."""
        for i, record in enumerate(evidence.assignments):
            if record.at_ms == 4500:
                evidence.assignments[i] = record._replace(at_ms=at_ms)

    def test_grant_inside_the_lease_of_the_former_owner(self):
        evidence = killed()
        self.move_grant(evidence, 3900)
        self.expect("one owner", evidence, "c1 (11111111) held it until 4000")

    def test_grant_beside_an_owner_that_beats_on(self):
        evidence = killed()
        evidence.members += [beat("c1", FIRST, at, 5) for at in (3900, 4400)]
        evidence.members.sort(key=lambda member: member.at_ms)
        self.expect("one owner", evidence, "held it until 5400")

    def test_grant_before_the_revoke_is_acknowledged(self):
        evidence = revoked()
        for member in evidence.members:
            if member.fields["id"] == "c1":
                applied = member.fields["applied_generation"]
                member.fields["applied_generation"] = min(5, applied)
        self.expect("one owner", evidence, "c2 was granted it at 4500")

    def test_line_behind_the_end_of_the_lease(self):
        evidence = killed()
        evidence.deliveries[5] = line("c1", 5, 5, 4300)
        self.expect("one owner", evidence, "behind the end of the grant")

    def test_line_behind_the_acknowledged_revoke(self):
        evidence = revoked()
        evidence.deliveries[5] = line("c1", 5, 5, 3400)
        self.expect("one owner", evidence, "behind the end of the grant")

    def test_line_behind_one_of_a_higher_fence(self):
        evidence = killed()
        evidence.deliveries[5] = line("c1", 5, 5, 5200)
        self.expect("one owner", evidence, "behind fence 10 of c2")

    def test_write_that_a_stopped_process_had_begun(self):
        evidence = killed()
        evidence.deliveries[5] = line("c1", 5, 5, 5200)
        evidence.pauses = {"c1": [(3000, 5150)]}
        report = self.judge(evidence)
        self.assertEqual({}, dict(report.faults), report.text())
        self.assertEqual(2, report.figures["late writes at waking"])
        evidence.pauses = {"c1": [(3000, 5050)]}
        self.expect("one owner", evidence)

    def test_writer_that_was_granted_nothing(self):
        evidence = killed()
        evidence.deliveries[0] = evidence.deliveries[0]._replace(collector="c3")
        self.expect("one owner", evidence, "was not granted to it")

    def test_line_before_the_grant(self):
        evidence = killed()
        evidence.deliveries[0] = line("c1", 0, 5, 1400)
        self.expect("one owner", evidence, "before its grant")

    def test_beat_behind_a_silent_lease_gives_none(self):
        evidence = killed()
        evidence.members.append(beat("c1", FIRST, 4200, 5))
        evidence.members.sort(key=lambda member: member.at_ms)
        self.assertEqual({}, dict(self.judge(evidence).faults))

    def test_beat_that_comes_again_gives_no_lease(self):
        evidence = killed()
        again = beat("c1", FIRST, 2700, 5)
        evidence.members.append(again._replace(at_ms=4400))
        evidence.members.sort(key=lambda member: member.at_ms)
        report = self.judge(evidence)
        self.assertEqual({}, dict(report.faults), report.text())
        self.assertEqual(1, report.figures["beats behind newer ones"])

    # --- versions ---

    def test_fence_that_goes_back(self):
        evidence = killed()
        evidence.assignments[4] = bucket("c2", 4500, 10, 5, partition=1)
        self.expect("versions", evidence, "fence 5 behind 5")

    def test_generation_of_a_head_that_goes_back(self):
        evidence = killed()
        evidence.assignments.append(head("c2", 6000, 9, SECOND, 4, 10, partition=1))
        self.expect("versions", evidence, "generation 9 behind 10")

    def test_epoch_that_goes_back(self):
        evidence = killed()
        evidence.assignments[0] = head("c1", 1000, 3, FIRST, 3, 0, epoch=2)
        self.expect("versions", evidence, "epoch 1 behind")
        self.expect("versions", evidence, "generation 4 is of epoch 1, 3 of 2")

    def test_head_that_names_what_is_not_there(self):
        evidence = killed()
        del evidence.assignments[4]
        self.expect("versions", evidence, "bucket 0 is 0, it names 10")

    def test_event_behind_a_newer_one(self):
        evidence = killed()
        evidence.events.append((1, 9))
        self.expect("versions", evidence, "(1, 9) behind (1, 10)")

    def test_generation_that_was_never_published(self):
        evidence = killed()
        evidence.members.append(beat("c2", SECOND, 7000, 11))
        self.expect("versions", evidence, "applied 11, which no head of it says")

    def test_evidence_is_left_as_it_was(self):
        evidence = killed()
        before = copy.deepcopy(evidence)
        self.judge(evidence)
        self.assertEqual(before, evidence)


class LogTest(unittest.TestCase):
    """What is read from Kafka is taken apart as it was put together."""

    def test_records_are_split_by_their_sizes(self):
        records = list(kafka_log.split(b"t 0 7 99 3 5\na\nbc\nd\ne\nt 1 8 99 -1 -1\n\n"))
        self.assertEqual([(b"a\nb", b"c\nd\ne"), (None, None)], [(r.key, r.value) for r in records])
        self.assertEqual((1, 8), (records[1].partition, records[1].offset))

    def test_commits_of_both_layouts_are_read(self):
        key = struct.pack(">hh", 1, 1) + b"g" + struct.pack(">h", 1) + b"t" + struct.pack(">i", 3)
        old = struct.pack(">hqih", 3, 42, -1, 2) + b"{}" + struct.pack(">q", 99)
        new = struct.pack(">hqiB", 4, 43, -1, 3) + b"{}" + struct.pack(">qB", 99, 0)
        for value, offset in ((old, 42), (new, 43)):
            record = kafka_log.Record(kafka_log.OFFSETS_TOPIC, 0, 0, 99, key, value)
            self.assertEqual(Commit("t", 3, offset, "{}", 99), kafka_log._commit_of(record, "g"))
            self.assertIsNone(kafka_log._commit_of(record, "other"))

    def test_schemas_read_what_the_golden_records_hold(self):
        # The example of a bucket in schemas/README.md.
        data = bytes.fromhex("c3015e8b0e5cfc3ee5b5") + b"\xd8\x0c\x02\x04t1\xd8\x0c\x00\x00\x00"
        name, fields = kafka_log.Schemas().decode(data)
        self.assertEqual("bucket", name)
        self.assertEqual(
            {
                "generation": 812,
                "units": [{"unit": "t1", "fence": 812, "begun": False, "from": []}],
            },
            fields,
        )
        with self.assertRaises(AssertionError):
            kafka_log.Schemas().decode(data + b"\x00")


class SinkWatchTest(unittest.TestCase):
    def test_lines_are_taken_when_they_are_whole(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = f"{folder}/c1.lines"
        text = '{"topic":"t","partition":0,"offset":%d,"fence":5,"value":"t#%d"}\n'
        watch = accountant.SinkWatch(folder)
        with open(path, "a", encoding="utf-8") as file:
            file.write(text % (0, 0) + text[:10])
            file.flush()
            watch.look()
            self.assertEqual([0], [d.offset for d in watch.deliveries])
            file.write((text % (1, 1))[10:])
            file.flush()
        watch.look()
        first, second = watch.deliveries
        self.assertEqual(("c1", "t", 0, 1, 5), second[:5])
        self.assertEqual(0, second.after_ms)  # its beginning was there at the look before
        self.assertLessEqual(first.after_ms, first.before_ms)
        self.assertEqual({("t", 0): 1}, watch.newest)


if __name__ == "__main__":
    unittest.main()
