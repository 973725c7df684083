// SPDX-License-Identifier: Apache-2.0
//
// Who else writes to the state? Its leader does not read it, but is told where its own records lie:
// what is between them, or behind them when Kafka is asked for the end, somebody else has written.
// That alone is read, and the deciding part writes over it.
//
//     commit -> own records follow the last ones, and each other -> nothing
//            -> they do not                                      -> what is between them is read
//     once a while, with no commit under way: the end is behind the own records -> so is that
//
// What was aborted lies between, too: a reader is not shown it, and nothing is found.
#include "daemon/coordinator_inner.h"

enum { STRANGERS_PART = 4 }; // of leader.timeout.ms, between two questions

void strangers_forget(struct coordinator *coordinator)
{
    struct strangers *strangers = &coordinator->strangers;
    bool is_asked = strangers->is_asked; // its answer is still to come, and counts as no end
    *strangers = (struct strangers){.end = -1, .is_asked = is_asked, .is_late = is_asked};
}

// ---- Where to look.

static void look(struct strangers *strangers, int64_t from, int64_t until)
{
    if (strangers->count == STRANGERS_RANGES) {
        strangers->ranges[strangers->count - 1].until = until; // own records are in it then
        return;
    }
    strangers->ranges[strangers->count++] = (struct strangers_range){from, until};
}

// The end of a transaction takes an offset, but a stranger may have come before it.
void strangers_committed(struct coordinator *coordinator, const struct kafka_followed *own)
{
    struct strangers *strangers = &coordinator->strangers;
    if (own->first < 0)
        return;
    if (strangers->end >= 0 && own->first > strangers->end + 1)
        look(strangers, strangers->end, own->first);
    if (own->gap >= 0)
        look(strangers, own->gap, own->gap_end);
    strangers->end = own->end;
}

void strangers_reply(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    struct strangers *strangers = &coordinator->strangers;
    bool is_end = !strangers->is_late && reply->status == STATUS_OK && reply->offset_count == 1 &&
                  reply->offsets[0].status == STATUS_OK;
    strangers->is_asked = strangers->is_late = false;
    if (!is_end || coordinator->is_committing || strangers->asked_at != coordinator->request)
        return;
    int64_t end = reply->offsets[0].offset;
    if (strangers->end < 0 || end <= strangers->end + 1)
        return;
    look(strangers, strangers->end, end);
    strangers->end = end - 1;
}

static void ask(struct coordinator *coordinator, struct instant now)
{
    struct strangers *strangers = &coordinator->strangers;
    struct kafka_partition one = {text_of(coordinator->topics[KAFKA_CELL_STATE]), 0};
    struct span patience = conf_span(coordinator->conf, "leader.timeout.ms");
    struct kafka_ask question = {.number = ASK_STRANGERS, .patience = patience};
    strangers->again = instant_add(now, (struct span){patience.us / STRANGERS_PART});
    strangers->asked_at = coordinator->request;
    strangers->is_asked =
        kafka_admin_find_offsets(coordinator->admin, question, KAFKA_END, &one, 1) == STATUS_OK;
}

// ---- Looking.

static void reading_start(struct coordinator *coordinator)
{
    coordinator->strangers.is_reading = true;
    feed_state_from(coordinator, coordinator->strangers.ranges[0].from);
}

static void reading_end(struct coordinator *coordinator)
{
    struct strangers *strangers = &coordinator->strangers;
    strangers->is_reading = false;
    strangers->count--;
    for (uint32_t i = 0; i < strangers->count; i++)
        strangers->ranges[i] = strangers->ranges[i + 1];
    feed_state_stop(coordinator);
    coordinator->is_state_again = true; // what else this poll has given is not looked for
}

bool strangers_take(struct coordinator *coordinator, const struct kafka_record *record)
{
    struct strangers *strangers = &coordinator->strangers;
    if (!strangers->is_reading)
        return false;
    if (record->kind != KAFKA_RECORD || record->offset >= strangers->ranges[0].until) {
        reading_end(coordinator);
        return true;
    }
    struct control_event event = {.kind = CONTROL_STATE_FOREIGN};
    event.state.key = record->key;
    coordinator_step(coordinator, &event);
    return true;
}

void strangers_turn(struct coordinator *coordinator, struct instant now)
{
    struct strangers *strangers = &coordinator->strangers;
    if (!coordinator->is_reading_inputs)
        return;
    if (strangers->count > 0 && !strangers->is_reading)
        reading_start(coordinator);
    if (!strangers->is_asked && instant_has_come(strangers->again, now))
        ask(coordinator, now);
}
