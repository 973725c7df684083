# SPDX-License-Identifier: Apache-2.0
"""The rules that are deliberately taken away, each from a copy of the sources: the proof that the
checkers of the simulated world can fail.

    breaks.py names               a name on each line
    breaks.py files NAME          the files under src/ that the break changes
    breaks.py write NAME FOLDER   writes the changed copies to FOLDER/ROOM/FILE
    breaks.py try NAME... --build FOLDER   hunts for a seed that catches each, prints the result

A break is an exact piece of a source and what stands there instead. A piece that is not there
exactly once is an error, of `./dev sim --break` and of tests/check/sim.py: whoever changes the source
says here what the rule looks like now.
"""

import argparse
import pathlib
import subprocess
import sys

import breaks_data

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"
SEEDS = "1..1000"

# name: (the rule that is taken away, [(file, what stands there, what stands there instead)])
BREAKS = {
    "ack-without-head": (
        "S2: an ack covers a generation only when every bucket that its head names is held",
        [
            (
                "collect/heads.c",
                "if (generation != 0 && collect->buckets[i].generation != generation)",
                "if (generation < 0)",
            )
        ],
    ),
    "ack-ignored": (
        "S2: what is revoked is granted only after the ack",
        [
            (
                "control/handover.c",
                "    if (!member_is_alive(owner)) {\n"
                "        unit_move(tables, unit, UNIT_PENDING, NONE);\n"
                "        lag_unheard(control, unit);\n"
                "        return;\n"
                "    }\n"
                "    unit_move(tables, unit, UNIT_REVOKING, owner->handle);\n",
                "    unit_move(tables, unit, UNIT_PENDING, NONE);\n",
            )
        ],
    ),
    "ack-before-flush": (
        "S2: a revoke is stopped and flushed before it is acknowledged",
        [
            (
                "collect/beats.c",
                "    if (collect->revokes_first != NULL)\n"
                "        return collect->revokes_first->before;\n",
                "",
            )
        ],
    ),
    "waiting-ack-counts": (
        "S2: only the ack of the incarnation that the head names counts",
        [
            (
                "collect/heads.c",
                "    replace_text(&collect->incumbent, head->incarnation);\n",
                "    replace_text(&collect->incumbent, head->incarnation);\n"
                "    if (!collect->was_named)\n"
                "        collect->generation_whole = head->generation;\n",
            ),
            (
                "control/member.c",
                "    waiting_note(control, collector, beat);\n",
                "    waiting_note(control, collector, beat);\n"
                "    if (beat->applied_generation <= collector->generation)\n"
                "        ack_take(control, collector, beat);\n"
                "    if (control->phase == PHASE_LEADING)\n"
                "        units_acknowledged(control, handle);\n",
            ),
        ],
    ),
    "evicted-is-forgotten": (
        "S5: an evicted life keeps its units until it has left or is dead",
        [
            (
                "control/member.c",
                '    member_narrate(control, collector, "collector.evicted", why, "S5");\n',
                '    member_end(control, collector, 0, why, "S5");\n',
            )
        ],
    ),
    "lie-believed": (
        "S2: an ack counts only for what was published",
        [
            (
                "control/ack.c",
                "    if (beat->applied_generation > collector->generation) {",
                "    if (beat->applied_generation < 0) {",
            )
        ],
    ),
    "reshaped-at-once": (
        "S1: a change of split takes the old units away before it makes the new ones",
        [("control/topic.c", "    if (is_waiting)\n        return;\n", "    (void)is_waiting;\n")],
    ),
    "lease-from-ack": (
        "S3: the lease runs from the send of the beat",
        [
            (
                "collect/beats.c",
                "    if (instant_is_before(collect->lease_from, open->sent_at))\n"
                "        collect->lease_from = open->sent_at;\n",
                "    collect->lease_from = collect->now;\n",
            )
        ],
    ),
    "late-first-ack-begins-lease": (
        "S3: a life that has gone a lease since its first send is over, leased before or not",
        [
            (
                "collect/beats.c",
                "    if (instant_is_before(collect->lease_from, open->sent_at))\n",
                "    if (collect->lease_from.us == INSTANT_NEVER.us ||\n"
                "        instant_is_before(collect->lease_from, open->sent_at))\n",
            ),
            (
                "collect/beats.c",
                "        collect->lease_from = collect->now;\n",
                "        collect->lease_from = INSTANT_NEVER;\n",
            ),
        ],
    ),
    "start-margin-ignored": (
        "S3: no write begins with less than the margin left of the lease",
        [
            (
                "collect/collect.c",
                ".us > span_of_ms(collect->options.start_margin_ms).us;",
                ".us > 0;",
            )
        ],
    ),
    "death-by-own-clock": (
        "S4: dead is who was silent until an own beat came back, not until it was sent",
        [
            (
                "control/evidence.c",
                "    return instant_is_before(evidence_deadline(evidence, heard, promised), "
                "evidence->proved);\n",
                "    struct instant sent = evidence->proved;\n"
                "    for (int i = 0; i < EVIDENCE_SENT_MAX; i++)\n"
                "        if (evidence->sent[i].seq >= 0 && instant_is_before(sent, "
                "evidence->sent[i].at))\n"
                "            sent = evidence->sent[i].at;\n"
                "    return instant_is_before(evidence_deadline(evidence, heard, promised), sent);\n",
            )
        ],
    ),
    "no-margin-for-drift": (
        "S4: 1 % and 200 ms more than was promised",
        [
            (
                "control/evidence.c",
                "{promised.us + promised.us / 100 + 200 * 1000}",
                "{promised.us}",
            )
        ],
    ),
    "new-leader-does-not-wait": (
        "section 5 of the design: who begins to lead declares nobody dead for a lease",
        [
            (
                "control/restore.c",
                "        collector->heard = control->now;\n"
                "        collector->hold_until",
                "        collector->heard = (struct instant){0};\n        collector->hold_until",
            ),
            (
                "control/lead.c",
                "    evidence_restart(&control->evidence, control->now);\n"
                "    evidence_init(&control->marker_evidence, control->now);\n",
                "    evidence_init(&control->marker_evidence, control->now);\n",
            ),
        ],
    ),
    "expired-without-marker": (
        "S4: a time-to-live is over when an own marker came back, not when its time has come",
        [
            (
                "control/statement.c",
                "instant_is_before(control->timed[0].due, control->marker_evidence.proved)",
                "instant_is_before(control->timed[0].due, control->now)",
            ),
            (
                "control/statement.c",
                "        if (evidence_proves(&control->marker_evidence, row->heard, "
                "span_of_ms(row->ttl_ms)))\n",
                "        if (instant_is_before(statement_due(control, row), control->now))\n",
            ),
        ],
    ),
    "new-lineage-does-not-wait": (
        "S1: who begins a lineage admits nobody while a life of another one may read",
        [
            (
                "control/lineage.c",
                "    if (control->has_past && !evidence_proves(",
                "    if (control->has_past && lease.us == 0 && !evidence_proves(",
            )
        ],
    ),
    "beats-by-none-not-counted": (
        "S1: who has read no head may still read one of a former lineage",
        [
            (
                "control/lineage.c",
                "        return control->has_past && !control->admits;\n",
                "        return false;\n",
            ),
            (
                "control/lineage.c",
                "    if (!is_past && (control->lineage == NULL || ",
                "    if (!is_past && beat->lineage.size > 0 && (control->lineage == NULL || ",
            ),
        ],
    ),
    "newcomer-beside-incumbent": (
        "S5: the incumbent wins while its lease lives",
        [
            (
                "control/member.c",
                "    if (waiting->replaces[0] != '\\0' && "
                "strcmp(waiting->replaces, collector->incarnation) == 0)\n",
                "    if (waiting->incarnation[0] != '\\0')\n",
            )
        ],
    ),
    "proof-of-another-life": (
        "S4: a proof of death counts for the life that it names alone",
        [
            (
                "control/member.c",
                "    if (waiting->replaces[0] != '\\0' && "
                "strcmp(waiting->replaces, collector->incarnation) == 0)\n",
                "    if (waiting->replaces[0] != '\\0')\n",
            ),
            (
                "control/member.c",
                "    if (member_is_alive(collector) && "
                "text_equals(death->incarnation, collector->incarnation))\n",
                "    if (member_is_alive(collector))\n",
            ),
        ],
    ),
    "leaving-before-stopping": (
        "S5: `leaving` is said after the last unit has stopped",
        [
            (
                "collect/goodbye.c",
                "    if (collect->active_count == 0)\n        begin_leaving(collect);\n",
                "    begin_leaving(collect);\n",
            )
        ],
    ),
    "fence-not-raised": (
        "S6: the fence is the greater of the grant's generation and the owner's admission",
        [
            (
                "collect/units.c",
                "wanted->fence > collect->admitted ? wanted->fence : collect->admitted;",
                "wanted->fence;",
            )
        ],
    ),
    "lineage-ignored": (
        "S7: a head of another lineage ends whoever has beaten under one",
        [
            (
                "collect/heads.c",
                "    if (collect->lineage == NULL || is_same(collect->lineage, head->lineage))\n"
                "        return false;\n",
                "    if (collect->lineage == NULL || head->generation >= 0)\n"
                "        return false;\n",
            )
        ],
    ),
    "epoch-not-checked": (
        "S7: heads older than what was seen are ignored",
        [
            (
                "collect/heads.c",
                "        (head->epoch >= collect->epoch_seen && "
                "head->generation >= collect->generation_seen))\n",
                "        head->epoch >= 0)\n",
            )
        ],
    ),
    "beats-without-reading": (
        "S8: no beats without having read the assignments",
        [
            (
                "collect/beats.c",
                "return is_reading_fresh(collect) && !is_revoke_stuck(collect);",
                "return !is_revoke_stuck(collect);",
            )
        ],
    ),
    "cut-log-is-read": (
        "S8: an end before what was read is one of another log, or of a while ago",
        [
            (
                "collect/beats.c",
                "event->kind == COLLECT_END_FAILED || event->offset < reading->asked_position",
                "event->kind == COLLECT_END_FAILED",
            )
        ],
    ),
    "log-made-anew-is-read": (
        "S8: what was read of a log counts for nothing once it is another one",
        [("collect/beats.c", "    reading->position = -1;\n", "")],
    ),
    "beats-while-holding": (
        "S8: no beats while a revoke does not come to its end",
        [
            (
                "collect/beats.c",
                "return is_reading_fresh(collect) && !is_revoke_stuck(collect);",
                "return is_reading_fresh(collect);",
            )
        ],
    ),
    "no-head-without-work": (
        "S9: a collector with nothing to do has a head that says so",
        [
            (
                "control/member.c",
                "    collector_change(&control->tables, collector->handle, -1, true);\n"
                "    control->is_assignment_changed = true;\n"
                '    member_narrate(control, collector, "collector.admitted"',
                '    member_narrate(control, collector, "collector.admitted"',
            )
        ],
    ),
    "restore-to-end-asked-for": (
        "section 5 of the design: restore until the own marker has come back",
        [
            (
                "control/control.c",
                "    case CONTROL_STATE_ENDED:\n        control->is_restored = true;\n",
                "    case CONTROL_STATE_ENDED:\n        control->is_restored = true;\n"
                "        lead_marker_received(\n"
                "            control, &(struct state_marker){.incarnation = "
                "text_of(control->incarnation),\n"
                "                                            .seq = control->claims});\n",
            )
        ],
    ),
    "positions-outside": (
        "section 5 of the design: the positions are in the transaction of the decision",
        [
            (
                "control/control.c",
                "    for (int i = 0; i < INPUT_LOG_COUNT; i++)\n"
                "        control->positions[i] = (struct state_position){.anchor_offset = -1};\n",
                "",
            ),
            (
                "control/restore.c",
                "    control->positions[INPUT_CONTROL] = record->control;\n",
                "    if (record->control.next > control->positions[INPUT_CONTROL].next)\n"
                "        control->positions[INPUT_CONTROL] = record->control;\n",
            ),
        ],
    ),
    "unknown-is-committed": (
        "section 5 of the design: a batch whose outcome nobody knows throws memory away",
        [("control/control.c", "if (outcome != COMMIT_DONE) {", "if (outcome == COMMIT_FENCED) {")],
    ),
    "fenced-goes-on": (
        "section 5 of the design: who is fenced becomes a standby",
        [("control/control.c", "if (outcome != COMMIT_DONE) {", "if (outcome == COMMIT_UNKNOWN) {")],
    ),
    "events-before-commit": (
        "section 5 of the design: nothing is shown before it is committed",
        [
            (
                "control/publish.c",
                "    effect_add(control, EFFECT_COMMIT);\n",
                "    events_keep(control);\n    effect_add(control, EFFECT_COMMIT);\n",
            )
        ],
    ),
    "beats-before-commit": (
        "section 5 of the design: a coordinator tells of committed generations alone",
        [
            (
                "control/lead.c",
                "return control->is_committing ? control->generation_before : control->generation;",
                "return control->generation;",
            )
        ],
    ),
    "upgrade-without-asking": (
        "the level rises only when all that live know the next one",
        [("control/upgrade.c", "    laggards_name(control, level, &naming);\n", "")],
    ),
    "old-binary-leads": (
        "who knows less than the cell's level does not lead",
        [
            (
                "control/lead.c",
                "    if (control->level > control->level_max) {\n        bar(control, too_high);\n"
                "        return;\n    }\n    if (control->cell_cluster_id",
                "    if (control->cell_cluster_id",
            ),
            (
                "control/lead.c",
                "    if (control->level > control->level_max && !control->is_barred)\n"
                "        bar(control, too_high);\n",
                "",
            ),
        ],
    ),
    "delete-forgets-acks": (
        "S2: a pool is gone only when everybody has let go of its units",
        [
            (
                "control/pool.c",
                "        if (pool->units == 0 && !has_agents(tables, i) && "
                "!has_collectors(tables, i))\n",
                "        if (!has_agents(tables, i))\n",
            )
        ],
    ),
    "went-back-ignored": (
        "S7: nobody leads by a state that is older than what is known to have been committed",
        [
            (
                "control/lead.c",
                "    control->is_restored = true;\n    if (newest_is_ahead(control)) {\n",
                "    control->is_restored = true;\n    if (false) {\n",
            ),
            (
                "control/lead.c",
                "    newest_hear(control, checked->published);\n"
                "    if (newest_is_ahead(control)) {\n",
                "    newest_hear(control, checked->published);\n    if (false) {\n",
            ),
        ],
    ),
    "gap-ignored": (
        "section 5 of the design: a log that is not the one that was read is read from its start",
        [
            (
                "control/lead.c",
                "    if (found->end >= position->next && (is_same || is_expired))\n        return;\n",
                "    if (is_same || is_expired || found->end >= 0)\n        return;\n",
            )
        ],
    ),
    "command-again": (
        "a command is carried out once",
        [("collect/commands.c", "command->number > collect->commands_done &&", "true &&")],
    ),
    "command-unheard": (
        "a command stands until a beat says that it is done",
        [
            (
                "control/mailbox.c",
                "collector->commands[done].number <= beat->commands_done;",
                "true;",
            )
        ],
    ),
    "command-outlives-its-life": (
        "a command ends with the life that it was for",
        [("control/member.c", "    commands_end(control, collector);\n", "")],
    ),
    "command-numbers-anew": (
        "the numbers of commands go on after a takeover",
        [
            (
                "control/mailbox.c",
                "record->command_number > 0 ? record->command_number : 0;",
                "0;",
            )
        ],
    ),
    "damage-led-from": (
        "S7: whoever does not know what stood where a stranger wrote does not lead",
        [
            (
                "control/damage.c",
                "bars = bars || !control->damage.rows[i].is_known;",
                "bars = bars || control->id == NULL;",
            )
        ],
    ),
    "damage-left": (
        "S7: what a stranger wrote into the state is written over",
        [("control/damage.c", "    mend(control, text);\n", "")],
    ),
    **breaks_data.BREAKS,
}


def copies(name):
    """The changed text of each file of a break."""
    texts = {}
    for file, old, new in BREAKS[name][1]:
        text = texts.get(file) or (SOURCE / file).read_text()
        if text.count(old) != 1:
            raise SystemExit(
                f"breaks.py: {name}: this stands {text.count(old)} times in src/{file}, "
                f"and not once:\n{old}"
            )
        texts[file] = text.replace(old, new)
    return texts


def write(name, folder):
    for file, text in copies(name).items():
        path = pathlib.Path(folder) / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def hunt(names, build):
    """Tries each break on its seeds; returns the exit code."""
    code = 0
    for name in names:
        done = subprocess.run(
            [f"{build}/sim/{name}", "--find", SEEDS], stdout=subprocess.PIPE, text=True, check=False
        )
        found = done.stdout.split()
        if done.returncode == 0 and len(found) == 2:
            print(f"{name}: caught by {found[0]}, seed {found[1]}", flush=True)
        else:
            print(f"{name}: NOT CAUGHT", flush=True)
            code = 1
    return code


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("word", choices=["names", "files", "write", "try"])
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--build")
    options = parser.parse_args()
    if options.word == "names":
        print("\n".join(BREAKS))
    elif options.word == "files":
        print("\n".join(sorted({file for file, _, _ in BREAKS[options.arguments[0]][1]})))
    elif options.word == "write":
        write(*options.arguments)
    else:
        return hunt(options.arguments, options.build)
    return 0


if __name__ == "__main__":
    sys.exit(main())
