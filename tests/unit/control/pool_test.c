// SPDX-License-Identifier: Apache-2.0
//
// The life of pools: pause and resume without a move, freeze, delete and make again (CB-46, CB-47,
// MR-1, MR-3, MR-4).
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

static void order(struct cell *cell, const char *pool, const char *verb)
{
    char json[200];
    snprintf(json, sizeof(json), "{\"pool\": \"%s\", \"verb\": \"%s\", \"id\": \"77\"}", pool,
             verb);
    cell_say(cell, INPUT_ORDERS, json);
}

static void announce(struct cell *cell, const char *pool, const char *agent, int topics)
{
    char json[1000];
    size_t used = (size_t)snprintf(
        json, sizeof(json), "{\"pool\": \"%s\", \"agent\": \"%s\", \"topics\": [", pool, agent);
    for (int i = 1; i <= topics; i++)
        used += (size_t)snprintf(json + used, sizeof(json) - used,
                                 "%s{\"name\": \"t%d\", \"partitions\": 1}", i > 1 ? ", " : "", i);
    snprintf(json + used, sizeof(json) - used, "]}");
    cell_say(cell, INPUT_CONTROL, json);
}

// Two collectors with two topics each.
static void begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    announce(cell, "default", "x", 4);
    cell_settle(cell, 2);
}

// The same, but not as they would be placed anew: c1 had all of them before c0 came.
static void begin_late(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    announce(cell, "default", "x", 4);
    for (int round = 0; round < 3; round++) {
        cell_beat(cell, 1, 1, "active", cell->heads[1]);
        cell_commit(cell);
    }
    cell_settle(cell, 2);
}

// "active RUNNING 1/2: why"; "" = there is no such pool.
static const char *pool_shown(const struct cell *cell, const char *name)
{
    static char text[300];
    struct pool_view pool;
    uint32_t cursor = 0;
    text[0] = '\0';
    while (control_next_pool(cell->control, &cursor, &pool))
        if (text_equals(pool.name, name))
            snprintf(text, sizeof(text), "%.*s %.*s %lld/%lld: %.*s", TEXT_ARGS(pool.state),
                     TEXT_ARGS(pool.status), (long long)pool.actual, (long long)pool.desired,
                     TEXT_ARGS(pool.why));
    return text;
}

static const char *unit_shown(const struct cell *cell, const char *name)
{
    static char text[200];
    struct unit_view unit;
    uint32_t cursor = 0;
    text[0] = '\0';
    while (control_next_unit(cell->control, &cursor, &unit))
        if (text_equals(unit.name, name))
            snprintf(text, sizeof(text), "%.*s: %.*s", TEXT_ARGS(unit.state),
                     TEXT_ARGS(unit.reason));
    return text;
}

static long long moves(const struct cell *cell)
{
    struct cell_view view;
    control_view_cell(cell->control, &view);
    return (long long)view.moves;
}

static const char owners_of_four[] = "c0:t1 c0:t3 c1:t2 c1:t4";
static const char owners_of_late[] = "c0:t3 c0:t4 c1:t1 c1:t2";

// Of two collectors of ten each has room for one six, and what they have in all would do for three.
static void the_gap_is_published(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){.capacity = {.weight = 10}});
    CHECK_INT(control_view_gap(cell.control, TEXT_LITERAL("default")), 0);
    cell_say(
        &cell, INPUT_CONTROL,
        "{\"agent\": \"x\", \"topics\": [{\"name\": \"t1\", \"partitions\": 1, \"weight\": 6}, "
        "{\"name\": \"t2\", \"partitions\": 1, \"weight\": 6}, "
        "{\"name\": \"t3\", \"partitions\": 1, \"weight\": 6}]}");
    cell_settle(&cell, 2);
    CHECK_INT(control_view_gap(cell.control, TEXT_LITERAL("default")), 1);
    CHECK_INT(control_view_gap(cell.control, TEXT_LITERAL("nobody's")), 0);
    cell_end(&cell);
}

// ---- Pause.

// "kind: text" of the newest event of a unit.
static const char *newest_of(const struct cell *cell, const char *name)
{
    static char text[200];
    const struct event_record *event;
    text[0] = '\0';
    for (uint32_t cursor = 0; control_next_event(cell->control, &cursor, &event);)
        if (text_equals(event->subject, name) && text[0] == '\0')
            snprintf(text, sizeof(text), "%.*s: %.*s", TEXT_ARGS(event->kind),
                     TEXT_ARGS(event->text));
    return text;
}

static void pause_takes_all_and_resume_gives_it_back(void)
{
    struct cell cell;
    begin_late(&cell);
    CHECK_TEXT(cell_owners(&cell), owners_of_late);
    order(&cell, "default", "pool.pause");
    CHECK_TEXT(cell.reason, "");
    CHECK_TEXT(pool_shown(&cell, "default"), "paused DISABLED 2/1: paused by order 77");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(unit_shown(&cell, "t1"), "revoking: paused: 'muster pool resume' gives it back");
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "");
    CHECK_TEXT(unit_shown(&cell, "t1"), "pending: paused: 'muster pool resume' gives it back");
    announce(&cell, "default", "y", 5);
    cell_settle(&cell, 2);
    CHECK_TEXT(unit_shown(&cell, "t5"), "pending: paused: 'muster pool resume' gives it back");
    order(&cell, "default", "pool.pause");
    CHECK_TEXT(cell.reason, "");
    order(&cell, "default", "pool.resume");
    cell_settle(&cell, 2);
    CHECK_TEXT(cell_owners(&cell), "c0:t3 c0:t4 c0:t5 c1:t1 c1:t2");
    CHECK_INT(moves(&cell), 2);
    CHECK_TEXT(unit_shown(&cell, "t1"), "owned: resumed: given back to who had it");
    CHECK_TEXT(unit_shown(&cell, "t5"), "owned: placed where the load is least");
    CHECK_TEXT(newest_of(&cell, "t1"), "unit.moved: resumed: given back to who had it");
    CHECK_TEXT(pool_shown(&cell, "default"), "active RUNNING 2/1: resumed by order 77");
    cell_end(&cell);
}

static void pause_survives_a_takeover(void)
{
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct cell cell, next;
        begin_late(&cell);
        order(&cell, "default", "pool.pause");
        if (seed % 2 == 0)
            cell_settle(&cell, 2);
        else
            CHECK(cell_commit(&cell));
        cell_restore(&next, &(struct cell_options){.hash_seed = seed}, &cell, seed);
        cell_settle(&next, 2);
        CHECK_TEXT(cell_owners(&next), "");
        CHECK_TEXT(pool_shown(&next, "default"), "paused DISABLED 2/1: paused by order 77");
        order(&next, "default", "pool.resume");
        cell_settle(&next, 2);
        CHECK_TEXT(cell_owners(&next), owners_of_late);
        CHECK_INT(moves(&next), 2);
        CHECK_TEXT(unit_shown(&next, "t1"), "owned: resumed: given back to who had it");
        cell_end(&cell);
        cell_end(&next);
    }
}

// c0's first life ends by proof, and its units wait for the next one.
static void die_held(struct cell *cell)
{
    struct death death = {.role = TEXT_LITERAL("collector"),
                          .pool = TEXT_LITERAL("default"),
                          .id = TEXT_LITERAL("c0"),
                          .incarnation = TEXT_LITERAL("00000000000000c00000000000000001"),
                          .hold_ms = 60000};
    cell_step(cell, (struct control_event){.kind = CONTROL_DEATH_RECEIVED, .death = &death});
}

// A resume that was committed and could not be finished is finished by the next leader: here the
// one who is to have its units back is between two lives.
static void resume_is_finished_by_the_next_leader(void)
{
    struct cell cell, next;
    begin_late(&cell);
    order(&cell, "default", "pool.pause");
    cell_settle(&cell, 2);
    die_held(&cell);
    order(&cell, "default", "pool.resume");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_owners(&cell), "c1:t1 c1:t2");
    cell_restore(&next, &(struct cell_options){0}, &cell, 3);
    cell_beat(&next, 0, 2, "joining", 0);
    cell_commit(&next);
    CHECK_TEXT(cell_owners(&next), owners_of_late);
    CHECK_INT(moves(&next), 2);
    cell_end(&cell);
    cell_end(&next);
}

// Who leaves during a pause and comes back has what it had, also under another leader.
static void who_comes_back_has_what_it_had(void)
{
    for (int with_takeover = 0; with_takeover < 2; with_takeover++) {
        struct cell cell, next;
        struct cell *leader = &cell;
        begin_late(&cell);
        order(&cell, "default", "pool.pause");
        cell_settle(&cell, 2);
        for (int i = 0; i < 2; i++)
            cell_beat(&cell, i, 1, "leaving", cell.heads[i]);
        CHECK(cell_commit(&cell));
        if (with_takeover) {
            cell_restore(&next, &(struct cell_options){0}, &cell, 5);
            leader = &next;
        }
        for (int i = 1; i >= 0; i--)
            cell_beat(leader, i, 2, "joining", 0);
        CHECK(cell_commit(leader));
        order(leader, "default", "pool.resume");
        CHECK(cell_commit(leader));
        CHECK_TEXT(cell_owners(leader), owners_of_late);
        CHECK_INT(moves(leader), 2);
        cell_end(&cell);
        if (with_takeover)
            cell_end(&next);
    }
}

// ---- Freeze.

static void frozen_moves_nothing_for_balance(void)
{
    struct cell cell;
    begin(&cell);
    order(&cell, "default", "pool.freeze");
    cell_settle(&cell, 4);
    CHECK_TEXT(cell_owners(&cell), owners_of_four);
    announce(&cell, "default", "y", 5);
    cell_settle(&cell, 4);
    CHECK_TEXT(cell_owners(&cell), "c0:t1 c0:t3 c1:t2 c1:t4 c2:t5");
    cell_beat(&cell, 0, 1, "leaving", cell.heads[0]);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_owners(&cell), "c1:t2 c1:t4 c2:t3 c2:t5 c3:t1");
    CHECK_TEXT(pool_shown(&cell, "default"), "frozen RUNNING 3/1: frozen by order 77");
    order(&cell, "default", "pool.pause");
    CHECK_TEXT(cell.reason, "order 'pool.pause': the pool is frozen: unfreeze it first");
    cell_end(&cell);
}

static void unfrozen_balances_and_so_does_one_order(void)
{
    for (int i = 0; i < 2; i++) {
        struct cell cell;
        begin(&cell);
        order(&cell, "default", "pool.freeze");
        cell_settle(&cell, 4);
        order(&cell, "default", i == 0 ? "pool.unfreeze" : "pool.rebalance");
        cell_settle(&cell, 4);
        CHECK_TEXT(cell_owners(&cell), "c0:t1 c1:t2 c2:t4 c3:t3");
        CHECK_INT(moves(&cell), 2);
        CHECK(strstr(pool_shown(&cell, "default"), i == 0 ? "active" : "frozen") != NULL);
        cell_end(&cell);
    }
}

static void frozen_after_a_takeover(void)
{
    struct cell cell, next;
    begin(&cell);
    order(&cell, "default", "pool.freeze");
    cell_settle(&cell, 4);
    cell_restore(&next, &(struct cell_options){0}, &cell, 9);
    cell_settle(&next, 4);
    CHECK_TEXT(cell_owners(&next), owners_of_four);
    cell_end(&cell);
    cell_end(&next);
}

// ---- Delete, and make again.

static const struct {
    const char *json, *reason;
} refused[] = {
    {"{\"verb\": \"pool.delete\"}", "order 'pool.delete': the default pool cannot be "
                                    "deleted: 'pool reset' takes its policy back"},
    {"{\"pool\": \"none\", \"verb\": \"pool.delete\"}",
     "order 'pool.delete': there is no such pool"},
    {"{\"pool\": \"edge\", \"verb\": \"pool.delete\", \"args\": {\"how\": \"x\"}}",
     "order 'pool.delete': it takes no argument but 'force'"},
    {"{\"pool\": \"edge\", \"verb\": \"pool.delete\", \"args\": {\"force\": \"x\"}}",
     "order 'pool.delete': force is neither 'true' nor 'false'"},
    {"{\"pool\": \"edge\", \"verb\": \"pool.delete\"}",
     "order 'pool.delete': the pool has 1 live collectors and 1 agents: stop them first, "
     "or delete it with force=true"},
    {"{\"pool\": \"edge\", \"verb\": \"pool.pause\", \"args\": {\"force\": \"x\"}}",
     "order 'pool.pause': it takes no arguments"},
    {"{\"pool\": \"edge\", \"verb\": \"pool.create\"}",
     "order 'pool.create': the pool exists already"},
    {"{\"pool\": \"none\", \"verb\": \"pool.resume\"}",
     "order 'pool.resume': there is no such pool"},
    {"{\"pool\": \"edge\", \"verb\": \"pool.unfreeze\"}", ""},
};

// A pool "edge" with a policy, an agent and c5 who reads its three topics.
static void begin_edge(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_say(cell, INPUT_ORDERS,
             "{\"pool\": \"edge\", \"verb\": \"pool.create\", \"args\": {\"start\": \"latest\"}}");
    announce(cell, "edge", "x", 3);
    cell_beat_in(cell, "edge", 5, 1, "joining", 0);
    CHECK(cell_commit(cell));
    cell_beat_in(cell, "edge", 5, 1, "active", cell->heads[5]);
    CHECK_TEXT(cell_owners(cell), "c5:t1 c5:t2 c5:t3");
}

static void delete_is_refused_with_its_reason(void)
{
    struct cell cell;
    begin_edge(&cell);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        cell_say(&cell, INPUT_ORDERS, refused[i].json);
        CHECK_TEXT(cell.reason, refused[i].reason);
    }
    CHECK_TEXT(cell_owners(&cell), "c5:t1 c5:t2 c5:t3");
    cell_end(&cell);
}

// Whether a key of the pool still has a value in the state.
static bool has_records(const struct cell *cell, const char *part)
{
    for (uint32_t i = 0; i < cell->log.count; i++) {
        const struct cell_write *write = &cell->log.items[i];
        bool is_newest = true;
        for (uint32_t k = i + 1; k < cell->log.count && is_newest; k++)
            is_newest = !text_equal(cell->log.items[k].key, write->key);
        if (is_newest && write->value.data != NULL && strstr(write->key.data, part) != NULL)
            return true;
    }
    return false;
}

static void delete_goes_by_revoke_ack_evict(void)
{
    struct cell cell, next;
    begin_edge(&cell);
    cell_say(&cell, INPUT_ORDERS,
             "{\"pool\": \"edge\", \"verb\": \"pool.delete\", \"args\": {\"force\": \"true\"}}");
    CHECK_TEXT(cell.reason, "");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(unit_shown(&cell, "t1"), "revoking: no agent announces the topic any more");
    CHECK_TEXT(pool_shown(&cell, "edge"), "deleted DELETED 1/0: deleted by an order");
    const struct head *head = cell_value(&cell, "edge/c5");
    REQUIRE(head != NULL);
    CHECK(head->incarnation.size == 32);

    announce(&cell, "edge", "x", 1);
    CHECK_TEXT(cell.reason, "pool 'edge' is being deleted");
    order(&cell, "edge", "pool.create");
    CHECK_TEXT(cell.reason, "order 'pool.create': the pool of this name is still being "
                            "deleted");
    order(&cell, "edge", "pool.set");
    CHECK_TEXT(cell.reason, "order 'pool.set': the pool is being deleted");

    cell_beat_in(&cell, "edge", 5, 1, "active", cell.heads[5]);
    CHECK_TEXT(unit_shown(&cell, "t1"), "");
    CHECK(cell_commit(&cell));
    head = cell_value(&cell, "edge/c5");
    REQUIRE(head != NULL);
    CHECK(head->incarnation.size == 0);

    cell_beat_in(&cell, "edge", 5, 1, "leaving", cell.heads[5]);
    cell_beat_in(&cell, "edge", 5, 2, "joining", 0);
    CHECK(cell_commit(&cell));
    CHECK(strstr(cell_keys(&cell, WRITE_ASSIGNMENT), "edge/c5(-)") != NULL);
    CHECK_TEXT(pool_shown(&cell, "edge"), "");
    CHECK(!has_records(&cell, "edge"));
    for (uint64_t seed = 0; seed < 3; seed++) {
        cell_restore(&next, &(struct cell_options){0}, &cell, seed);
        CHECK_TEXT(pool_shown(&next, "edge"), "");
        cell_end(&next);
    }
    cell_end(&cell);
}

// A life that is admitted in the very batch of the delete hears of that first: a head that names
// nobody ends only who was named.
static void delete_names_whom_it_ends(void)
{
    struct cell cell;
    begin_edge(&cell);
    cell_say(&cell, INPUT_CONTROL, "{\"pool\": \"edge\", \"agent\": \"x\", \"topics\": []}");
    CHECK(cell_commit(&cell));
    cell_beat_in(&cell, "edge", 5, 1, "leaving", cell.heads[5]);
    cell_beat_in(&cell, "edge", 5, 2, "joining", 0);
    cell_say(&cell, INPUT_ORDERS,
             "{\"pool\": \"edge\", \"verb\": \"pool.delete\", \"args\": {\"force\": \"true\"}}");
    CHECK(cell_commit(&cell));
    const struct head *head = cell_value(&cell, "edge/c5");
    REQUIRE(head != NULL);
    CHECK(head->incarnation.size == 32);
    cell_beat_in(&cell, "edge", 5, 2, "joining", 0);
    (void)cell_commit(&cell);
    CHECK(cell_value(&cell, "edge/c5") == NULL);
    cell_beat_in(&cell, "edge", 5, 2, "active", cell.heads[5]);
    CHECK(cell_commit(&cell));
    head = cell_value(&cell, "edge/c5");
    REQUIRE(head != NULL);
    CHECK(head->incarnation.size == 0);
    cell_end(&cell);
}

// MR-3
static void deleted_name_begins_clean(void)
{
    struct cell cell;
    begin_edge(&cell);
    cell_say(&cell, INPUT_CONTROL, "{\"pool\": \"edge\", \"agent\": \"x\", \"topics\": []}");
    CHECK(cell_commit(&cell));
    cell_beat_in(&cell, "edge", 5, 1, "leaving", cell.heads[5]);
    CHECK(cell_commit(&cell));
    order(&cell, "edge", "pool.delete");
    CHECK_TEXT(cell.reason, "");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(pool_shown(&cell, "edge"), "");
    CHECK(!has_records(&cell, "edge"));
    order(&cell, "edge", "pool.create");
    CHECK_TEXT(cell.reason, "");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(pool_shown(&cell, "edge"), "active RUNNING 0/0: created by order 77");
    const struct state_pool *record = cell_value(&cell, "pool/edge");
    REQUIRE(record != NULL);
    CHECK(record->policy_count == 0);
    announce(&cell, "edge", "x", 1);
    cell_beat_in(&cell, "edge", 5, 3, "joining", 0);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(cell_owners(&cell), "c5:t1");
    cell_end(&cell);
}

static void delete_goes_on_after_a_takeover(void)
{
    struct cell cell, next;
    begin_edge(&cell);
    cell_say(&cell, INPUT_ORDERS,
             "{\"pool\": \"edge\", \"verb\": \"pool.delete\", \"args\": {\"force\": \"true\"}}");
    CHECK(cell_commit(&cell));
    cell_restore(&next, &(struct cell_options){0}, &cell, 4);
    cell_beat_in(&next, "edge", 5, 1, "active", next.heads[5]);
    CHECK(cell_commit(&next));
    cell_beat_in(&next, "edge", 5, 1, "leaving", next.heads[5]);
    CHECK(cell_commit(&next));
    CHECK_TEXT(pool_shown(&next, "edge"), "");
    cell_end(&cell);
    cell_end(&next);
}

// MR-1: what it needs and has, and the word for it.
static void status_follows_the_counts(void)
{
    struct cell cell;
    cell_begin(&cell, &(struct cell_options){0});
    CHECK_TEXT(pool_shown(&cell, "default"), "active RUNNING 0/0: ");
    cell_say(&cell, INPUT_ORDERS,
             "{\"verb\": \"pool.set\", \"args\": {\"max_topics_per_collector\": \"2\"}}");
    announce(&cell, "default", "x", 3);
    cell_settle(&cell, 0);
    CHECK_TEXT(pool_shown(&cell, "default"), "active CREATING 0/2: 0 of 2 collectors are in: 3 "
                                             "topics / 2 per collector = 2");
    cell_settle(&cell, 1);
    CHECK_TEXT(pool_shown(&cell, "default"), "active CREATING 1/2: 0 of 2 collectors are in: 3 "
                                             "topics / 2 per collector = 2");
    cell_settle(&cell, 2);
    CHECK_TEXT(pool_shown(&cell, "default"), "active RUNNING 2/2: 2 of 2 collectors are in: 3 "
                                             "topics / 2 per collector = 2");
    order(&cell, "default", "pool.pause");
    cell_settle(&cell, 2);
    CHECK_TEXT(pool_shown(&cell, "default"), "paused DISABLED 2/2: paused by order 77");
    cell_end(&cell);
}

static const struct event_record *newest_answer(const struct cell *cell)
{
    const struct event_record *event;
    uint32_t cursor = 0;
    while (control_next_event(cell->control, &cursor, &event))
        if (event->answer.size > 0)
            return event;
    return NULL;
}

// MR-4: a missing pool and one that is there are refused with different answers.
static void missing_is_told_from_wrong(void)
{
    static const struct {
        const char *pool, *verb, *answer;
    } cases[] = {{"none", "pool.pause", "not found"},
                 {"none", "pool.swap", "refused"},
                 {"default", "pool.create", "refused"},
                 {"default", "pool.freeze", "done"}};
    struct cell cell;
    begin(&cell);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        order(&cell, cases[i].pool, cases[i].verb);
        CHECK(cell_commit(&cell));
        const struct event_record *answer = newest_answer(&cell);
        REQUIRE(answer != NULL);
        CHECK_TEXT(answer->answer.data, cases[i].answer);
    }
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(the_gap_is_published),
    TEST(pause_takes_all_and_resume_gives_it_back),
    TEST(pause_survives_a_takeover),
    TEST(resume_is_finished_by_the_next_leader),
    TEST(who_comes_back_has_what_it_had),
    TEST(frozen_moves_nothing_for_balance),
    TEST(unfrozen_balances_and_so_does_one_order),
    TEST(frozen_after_a_takeover),
    TEST(delete_is_refused_with_its_reason),
    TEST(delete_goes_by_revoke_ack_evict),
    TEST(delete_names_whom_it_ends),
    TEST(deleted_name_begins_clean),
    TEST(delete_goes_on_after_a_takeover),
    TEST(status_follows_the_counts),
    TEST(missing_is_told_from_wrong),
};

TEST_MAIN("control/pool", tests)
