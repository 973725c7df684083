# SPDX-License-Identifier: Apache-2.0
"""What breaks.py takes away of data: where it is read on, who fails on it, who is silent."""

BREAKS = {
    "handed-not-said-at-leaving": (
        "S6: who leaves while commits are refused says where it stands",
        [
            (
                "collect/beats.c",
                "    beat->handed_count = collect->handed_count;\n",
                "    beat->handed_count =\n"
                "        collect->state == COLLECT_LEAVING ? 0 : collect->handed_count;\n",
            )
        ],
    ),
    "handed-unheard-of-who-leaves": (
        "S6: what nobody had asked who leaves to let go of goes on at its positions too",
        [
            (
                "control/handed.c",
                "    return (row->state == UNIT_REVOKING || (is_leaving && row->state == UNIT_OWNED)) "
                "&& !is_gone;\n",
                "    return row->state == UNIT_REVOKING && !is_leaving && !is_gone;\n",
            )
        ],
    ),
    "handed-head-alone": (
        "S6: the next life of who has left is given the positions",
        [
            (
                "control/handed.c",
                "        if (tables->units[unit].state == UNIT_OWNED)\n"
                "            collector_change(",
                "        if (unit == NONE)\n            collector_change(",
            )
        ],
    ),
    "from-ignored": (
        "S6: who is given a unit goes on where it was handed over",
        [
            (
                "collect/units.c",
                "    effect->from_count = unit->from_count;\n",
                "    effect->from_count = 0;\n",
            )
        ],
    ),
    "handed-kept-of-the-first": (
        "S6: a position is that of the newest owner",
        [
            (
                "control/handed.c",
                "        if (said.position > row->position)\n"
                "            row->position = said.position;\n",
                "",
            )
        ],
    ),
    "handed-of-any-partition": (
        "S6: a position is that of a partition, else records are skipped",
        [
            (
                "control/handed.c",
                "row->unit != said.unit || row->partition != said.partition",
                "row->unit != said.unit",
            ),
            (
                "control/handed.c",
                "(struct bucket_from){row->partition, row->position};",
                "(struct bucket_from){0, row->position};",
            ),
        ],
    ),
    "handed-forgotten-untold": (
        "S6: when commits are taken again a position is said until Kafka has it",
        [
            (
                "collect/units.c",
                "    if (collect->are_commits_taken && collect->state == COLLECT_ACTIVE)\n"
                "        handed_remove(collect, (struct text){0});\n",
                "    if (collect->are_commits_taken && collect->state == COLLECT_ACTIVE) {\n"
                "        int64_t acked = collect->acked_seq;\n"
                "        collect->acked_seq = INT64_MAX;\n"
                "        handed_remove(collect, (struct text){0});\n"
                "        collect->acked_seq = acked;\n"
                "    }\n",
            )
        ],
    ),
    "handed-makes-room-too-soon": (
        "S6: a beat says where everything stands that was not told yet",
        [
            (
                "collect/units.c",
                "collect->handed_since[i] < collect->acked_seq;",
                "true;",
            ),
            (
                "collect/units.c",
                "    if (collect->handed_count + event->position_count > HANDED_MAX &&\n"
                "        collect->state == COLLECT_ACTIVE)\n",
                "    if (collect->state == COLLECT_ACTIVE)\n",
            ),
        ],
    ),
    "silence-without-marker": (
        "S4: an interval is over when an own marker came back, not when its time has come",
        [
            (
                "control/silence.c",
                "            evidence_proves(&control->marker_evidence, pool->interval_since,\n"
                "                            span_of_ms(pool->agent_interval_ms)) &&\n",
                "            instant_since(control->now, pool->interval_since).us >=\n"
                "                span_of_ms(pool->agent_interval_ms).us &&\n",
            )
        ],
    ),
    "unclear-is-silence": (
        "silence of agents: what nobody has delivered yet is no silence",
        [
            (
                "control/silence.c",
                "    else if ((known < 0 && !was_asleep) || !is_drained(control, unit, said->end))\n"
                "        topic_unclear(control, topic);\n",
                "    else if (known < 0 && !was_asleep && !is_drained(control, unit, said->end))\n"
                "        topic_unclear(control, topic);\n",
            )
        ],
    ),
    "records-are-no-sign": (
        "silence of agents: a record in one of its topics is a sign of life",
        [
            (
                "control/silence.c",
                "    bool is_new = known >= 0 && said->end != known;\n",
                "    bool is_new = false;\n",
            ),
            (
                "control/silence.c",
                "    end_set(&control->silence, unit, picture->end);\n"
                "    // Where it was when the interval began, nobody knows.\n"
                "    if (known < 0)\n        topic_unclear(control, topic);\n"
                "    else\n        topic_seen(control, topic);\n",
                "    end_set(&control->silence, unit, picture->end);\n",
            ),
        ],
    ),
    "quarantine-ignored": (
        "TG-10: what owner after owner failed on is given to nobody",
        [
            (
                "control/topic.c",
                "if (reason == UNIT_ASKING && unit_is_quarantined(tables, unit)) {",
                "if (reason == UNIT_ASKING && wanted < -1) {",
            )
        ],
    ),
}
