// SPDX-License-Identifier: Apache-2.0
//
// When a coordinator refuses to lead, when it lets go, and whose turn it is. MR-20, MR-22, PD-15,
// S7.
#include "cell.h"
#include "control/view.h"
#include "test.h"

static const char *role(const struct cell *cell)
{
    struct cell_view view;
    control_view_cell(cell->control, &view);
    return view.role.data;
}

static void hear_beat(struct cell *cell, const char *state, int64_t generation, int64_t epoch)
{
    struct beat beat = {.role = TEXT_LITERAL("coordinator"),
                        .id = TEXT_LITERAL("south"),
                        .incarnation = TEXT_LITERAL("99999999999999999999999999999999"),
                        .seq = 1,
                        .state = text_of(state),
                        .lease_ms = 5000,
                        .applied_generation = generation,
                        .epoch = epoch,
                        .lineage = TEXT_LITERAL("11111111111111111111111111111111"),
                        .level = RECORD_LEVEL};
    cell_step(cell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &beat});
}

static void hear_coordinator(struct cell *cell, int64_t generation, int64_t epoch)
{
    hear_beat(cell, "standby", generation, epoch);
}

// S7: somebody has seen more of this epoch than its leader: the state went back.
static void state_that_went_back_is_refused(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    hear_coordinator(&cell, 7, 1);
    CHECK(cell.was_alarmed);
    CHECK_TEXT(role(&cell), "standby");
    cell.is_claiming = false;
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    CHECK(!cell.is_claiming);
    cell_end(&cell);
}

static void read_cell_of(struct cell *cell, int64_t generation, bool has_resigned)
{
    struct state_cell record = {.lineage = TEXT_LITERAL("11111111111111111111111111111111"),
                                .level = RECORD_LEVEL,
                                .epoch = 1,
                                .generation = generation,
                                .leader = TEXT_LITERAL("east"),
                                .leader_incarnation = TEXT_LITERAL("e"),
                                .cluster_id = TEXT_LITERAL("kafka"),
                                .resigned = has_resigned};
    struct control_event event = {.kind = CONTROL_STATE_RECEIVED};
    event.state.key = TEXT_LITERAL("cell");
    event.state.kind = RECORD_STATE_CELL;
    event.state.record = &record;
    cell_step(cell, event);
}

static void read_cell(struct cell *cell, int64_t generation)
{
    read_cell_of(cell, generation, true);
}

// A standby that has read nothing yet.
static void stand_by(struct cell *cell)
{
    struct cell nothing = {0};
    cell_follow(cell, &(struct cell_options){0}, &nothing);
}

// The claim is committed and its marker is back: does it lead?
static bool leads_by_its_claim(struct cell *cell)
{
    cell_claim_committed(cell);
    return cell->wants_logs;
}

// It claims what was resigned.
static bool leads(struct cell *cell)
{
    cell->is_claiming = false;
    cell->now = instant_add(cell->now, span_of_ms(1000)); // another one may be ahead of it
    cell_step(cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    REQUIRE(cell->is_claiming);
    return leads_by_its_claim(cell);
}

// S7: a standby knew more than the state that it reads now; and says so in its beats.
static void state_older_than_what_was_read_is_refused(void)
{
    struct cell cell;
    stand_by(&cell);
    read_cell(&cell, 4);
    read_cell(&cell, 7);
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_LOST});
    read_cell(&cell, 4);
    CHECK(!leads(&cell));
    CHECK(cell.was_alarmed);
    CHECK_TEXT(role(&cell), "standby");
    cell_end(&cell);
}

// The role of who has read generation 4 of the state when heads of up to this one were published.
static const char *role_when_published(int64_t published, bool *ret_was_alarmed)
{
    static char copy[16];
    struct cell cell;
    stand_by(&cell);
    read_cell(&cell, 4);
    REQUIRE(leads(&cell));
    struct control_event checked = {.kind = CONTROL_LOGS_CHECKED};
    checked.checked.published = published;
    cell_step(&cell, checked);
    *ret_was_alarmed = cell.was_alarmed;
    snprintf(copy, sizeof(copy), "%s", role(&cell));
    cell_end(&cell);
    return copy;
}

// S7: no coordinator lives that remembers, but collectors were told of what came later.
static void state_older_than_what_was_published_is_refused(void)
{
    bool was_alarmed;
    CHECK_TEXT(role_when_published(0, &was_alarmed), "leader");
    CHECK_TEXT(role_when_published(4, &was_alarmed), "leader");
    CHECK_TEXT(role_when_published(5, &was_alarmed), "standby");
    CHECK(was_alarmed);
}

// Nobody need tell it that the log is another one. One that goes back in itself is read once.
static void older_state_is_read_from_its_start(void)
{
    struct cell cell;
    stand_by(&cell);
    read_cell(&cell, 7);
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    REQUIRE(cell.is_claiming);
    read_cell(&cell, 4);
    CHECK_INT(cell.effects.count, 1);
    CHECK(cell.effects.items[0].kind == EFFECT_RESTORE);
    read_cell(&cell, 5);
    CHECK_INT(cell.effects.count, 0);
    read_cell(&cell, 4);
    CHECK_INT(cell.effects.count, 0);
    CHECK(!leads_by_its_claim(&cell));
    cell_end(&cell);
}

// S7: another coordinator knew more before the claim, whatever epoch that one speaks of.
static void state_older_than_what_was_heard_is_refused(void)
{
    struct cell cell;
    stand_by(&cell);
    hear_coordinator(&cell, 7, 9);
    read_cell(&cell, 4);
    CHECK(!leads(&cell));
    CHECK(cell.was_alarmed);
    cell_end(&cell);
    stand_by(&cell);
    hear_coordinator(&cell, 7, 1);
    read_cell(&cell, 7);
    CHECK(leads(&cell));
    cell_end(&cell);
}

// A later epoch is a successor's: no alarm, it only stands by.
static void successor_is_followed(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    hear_coordinator(&cell, 7, 2);
    CHECK(!cell.was_alarmed);
    CHECK_TEXT(role(&cell), "standby");
    cell_end(&cell);
}

static void standby_with_the_same_picture_is_fine(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    hear_coordinator(&cell, 0, 1);
    CHECK_TEXT(role(&cell), "leader");
    cell_end(&cell);
}

// A dead leader's last beat said that it leads; nobody is shown two leaders.
static void former_leader_is_shown_as_replaced(void)
{
    struct cell cell;
    struct coordinator_view view;
    uint32_t cursor = 0;
    cell_begin(&cell, &(struct cell_options){0});
    hear_beat(&cell, "leading", 0, 0);
    REQUIRE(control_next_coordinator(cell.control, cell.now, &cursor, &view));
    CHECK_TEXT(view.state.data, "leading");
    REQUIRE(control_next_coordinator(cell.control, cell.now, &cursor, &view));
    CHECK_TEXT(view.id.data, "south");
    CHECK_TEXT(view.state.data, "replaced");
    CHECK_INT(view.since_ms, 0); // its beats do not say
    cell_end(&cell);
}

static void it_is_shown_since_when_who_leads_and_who_stands_by(void)
{
    struct cell cell;
    struct coordinator_view view;
    uint32_t cursor = 0;
    struct beat beat = {.role = TEXT_LITERAL("coordinator"),
                        .id = TEXT_LITERAL("south"),
                        .incarnation = TEXT_LITERAL("5555555555555555aaaaaaaaaaaaaaaa"),
                        .seq = 1,
                        .state = TEXT_LITERAL("standby"),
                        .info.uptime_ms = 700};
    cell_begin(&cell, &(struct cell_options){0});
    int64_t began_ms = cell.now.us / 1000;
    cell.now = instant_add(cell.now, span_of_ms(3000));
    cell_step(&cell, (struct control_event){.kind = CONTROL_BEAT_RECEIVED, .beat = &beat});
    REQUIRE(control_next_coordinator(cell.control, cell.now, &cursor, &view));
    CHECK(view.since_ms > 0 && view.since_ms <= began_ms); // not the time of the last event
    REQUIRE(control_next_coordinator(cell.control, cell.now, &cursor, &view));
    CHECK_INT(view.since_ms, cell.now.us / 1000 - 700);
    cell_end(&cell);
}

// Who was fenced does not claim at once, though the state still names it.
static void fenced_waits_for_proof(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_CONTROL, "{\"agent\": \"x\", \"topics\": []}");
    cell_step(&cell, (struct control_event){.kind = CONTROL_BATCH_ENDED, .caught_up = true});
    CHECK(cell.wants_commit);
    cell.is_claiming = false;
    cell_step(&cell,
              (struct control_event){.kind = CONTROL_COMMIT_ANSWERED, .outcome = COMMIT_FENCED});
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    CHECK(!cell.is_claiming);
    CHECK_TEXT(role(&cell), "standby");
    cell_end(&cell);
}

// Unknown is another matter: nobody else need be there, so it claims as soon as it has read.
static void unknown_outcome_claims_again(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_CONTROL, "{\"agent\": \"x\", \"topics\": []}");
    cell_step(&cell, (struct control_event){.kind = CONTROL_BATCH_ENDED, .caught_up = true});
    cell.is_claiming = false;
    cell_step(&cell,
              (struct control_event){.kind = CONTROL_COMMIT_ANSWERED, .outcome = COMMIT_UNKNOWN});
    CHECK(!cell.is_claiming);
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    CHECK(cell.is_claiming);
    cell_end(&cell);
}

static void asked_to_stop_says_goodbye_in_its_last_commit(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_step(&cell, (struct control_event){.kind = CONTROL_STOP_REQUESTED});
    CHECK(!cell.has_exited);
    CHECK(cell_commit(&cell));
    const struct state_cell *record = cell_value(&cell, "cell");
    REQUIRE(record != NULL);
    CHECK(record->resigned);
    CHECK(cell.has_exited);
    cell_end(&cell);
}

static bool beats_after(struct cell *cell, int64_t ms)
{
    int64_t seq = cell->seq;
    cell->now = instant_add(cell->now, span_of_ms(ms));
    cell_step(cell, (struct control_event){.kind = CONTROL_TICKED});
    return cell->seq != seq;
}

// Section 5 of the design: who could not commit for leader.timeout stops beating, so that another
// one tries; and beats again once it is committed.
static void commit_that_hangs_silences_the_leader(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    cell_say(&cell, INPUT_CONTROL, "{\"agent\": \"x\", \"topics\": []}");
    cell_step(&cell, (struct control_event){.kind = CONTROL_BATCH_ENDED, .caught_up = true});
    REQUIRE(cell.wants_commit);
    CHECK(beats_after(&cell, 4500));
    CHECK(!beats_after(&cell, 1500));
    CHECK(!beats_after(&cell, 1500));
    cell_step(&cell,
              (struct control_event){.kind = CONTROL_COMMIT_ANSWERED, .outcome = COMMIT_DONE});
    CHECK(beats_after(&cell, 1500));
    cell_end(&cell);
}

// "north" has read generation 4 when the leader has said goodbye, "south" this one: who claims at
// once?
static bool claims_at_once_beside(struct cell *cell, int64_t generation)
{
    stand_by(cell);
    hear_coordinator(cell, generation, 1);
    read_cell(cell, 4);
    cell->is_claiming = false;
    cell_step(cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    return cell->is_claiming;
}

// MR-20: the one that is behind gives the other one time; ids decide only between equals.
static void standby_that_is_behind_waits(void)
{
    struct cell cell;
    CHECK(claims_at_once_beside(&cell, 4));
    cell_end(&cell);
    CHECK(!claims_at_once_beside(&cell, 7));
    (void)beats_after(&cell, 400);
    CHECK(!cell.is_claiming);
    (void)beats_after(&cell, 200);
    CHECK(cell.is_claiming);
    cell_end(&cell);
}

static void find_foreign(struct cell *cell, const char *key)
{
    struct control_event event = {.kind = CONTROL_STATE_FOREIGN};
    event.state.key = text_of(key);
    cell->was_alarmed = false;
    cell_step(cell, event);
}

// What is behind somebody else's marker is a successor's, who is found out by a commit; if there is
// none, it is a stranger's as before.
static void marker_of_another_is_no_alarm(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    find_foreign(&cell, "pool/nowhere");
    CHECK(cell.was_alarmed);
    find_foreign(&cell, "marker");
    CHECK(!cell.was_alarmed);
    find_foreign(&cell, "pool/nowhere");
    CHECK(!cell.was_alarmed);
    CHECK(cell_commit(&cell));
    find_foreign(&cell, "pool/nowhere");
    CHECK(cell.was_alarmed);
    cell_end(&cell);
}

static void hear_death_of(struct cell *cell, const char *incarnation)
{
    struct death death = {.role = TEXT_LITERAL("coordinator"),
                          .id = TEXT_LITERAL("east"),
                          .incarnation = text_of(incarnation)};
    cell_step(cell, (struct control_event){.kind = CONTROL_DEATH_RECEIVED, .death = &death});
    (void)beats_after(cell, 200);
}

// S4: somebody has waited for the leader's process: as good as a goodbye. Another life of it, or
// none at all, is not the leader.
static void death_of_the_leader_is_not_waited_for(void)
{
    struct cell cell;
    stand_by(&cell);
    read_cell_of(&cell, 4, false);
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    hear_death_of(&cell, "");
    hear_death_of(&cell, "f");
    CHECK(!cell.is_claiming);
    hear_death_of(&cell, "e");
    CHECK(cell.is_claiming);
    cell_end(&cell);
}

// Reading on while the one that is ahead may go first does not make the dead one live again.
static void death_of_the_leader_is_remembered(void)
{
    struct cell cell;
    stand_by(&cell);
    read_cell_of(&cell, 4, false);
    hear_coordinator(&cell, 7, 1);
    hear_death_of(&cell, "e");
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    CHECK(!cell.is_claiming);
    cell.now = instant_add(cell.now, span_of_ms(1000));
    cell_step(&cell, (struct control_event){.kind = CONTROL_STATE_ENDED});
    CHECK(cell.is_claiming);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(state_that_went_back_is_refused),
    TEST(state_older_than_what_was_read_is_refused),
    TEST(state_older_than_what_was_published_is_refused),
    TEST(older_state_is_read_from_its_start),
    TEST(state_older_than_what_was_heard_is_refused),
    TEST(successor_is_followed),
    TEST(standby_with_the_same_picture_is_fine),
    TEST(former_leader_is_shown_as_replaced),
    TEST(it_is_shown_since_when_who_leads_and_who_stands_by),
    TEST(fenced_waits_for_proof),
    TEST(unknown_outcome_claims_again),
    TEST(asked_to_stop_says_goodbye_in_its_last_commit),
    TEST(commit_that_hangs_silences_the_leader),
    TEST(standby_that_is_behind_waits),
    TEST(death_of_the_leader_is_not_waited_for),
    TEST(death_of_the_leader_is_remembered),
    TEST(marker_of_another_is_no_alarm),
};

TEST_MAIN("control/lead", tests)
