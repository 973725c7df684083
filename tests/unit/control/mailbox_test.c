// SPDX-License-Identifier: Apache-2.0
//
// Commands for collectors (MR-27): numbered in the order in which they were given, in the head
// until the life that they are for has carried them out, and never for another one.
#include <stdio.h>

#include "cell.h"
#include "control/view.h"
#include "test.h"

static void tell(struct cell *cell, const char *verb)
{
    char json[128];
    snprintf(json, sizeof(json), "{\"verb\": \"collector.%s\", \"args\": {\"collector\": \"c0\"}}",
             verb);
    cell_say(cell, INPUT_ORDERS, json);
}

// A leader with one collector, which has an own life.
static void begin(struct cell *cell)
{
    cell_begin(cell, &(struct cell_options){0});
    cell_settle(cell, 1);
}

// c0 says that it has carried out everything up to there.
static void done(struct cell *cell, int life, int64_t number)
{
    cell->commands_done = number;
    cell_beat(cell, 0, life, "active", cell->heads[0]);
    cell->commands_done = 0;
}

static const char *head_commands(const struct cell *cell)
{
    static struct buffer text;
    const struct head *head = cell_value(cell, "default/c0");
    buffer_clear(&text);
    for (uint32_t i = 0; head != NULL && i < head->commands_count; i++)
        buffer_print(&text, "%lld:%.*s ", (long long)head->commands[i].number,
                     TEXT_ARGS(head->commands[i].verb));
    return head == NULL ? NULL : buffer_string(&text);
}

static const char *state_commands(const struct cell *cell)
{
    static struct buffer text;
    const struct state_collector *record = cell_value(cell, "collector/default/c0");
    buffer_clear(&text);
    for (uint32_t i = 0; record != NULL && i < record->commands_count; i++)
        buffer_print(&text, "%lld:%.*s ", (long long)record->commands[i].number,
                     TEXT_ARGS(record->commands[i].verb));
    if (record != NULL)
        buffer_print(&text, "of %lld", (long long)record->command_number);
    return record == NULL ? NULL : buffer_string(&text);
}

static int64_t waiting(const struct cell *cell)
{
    struct collector_view view;
    uint32_t cursor = 0;
    return control_next_collector(cell->control, cell->now, &cursor, &view) ? view.commands : -1;
}

// MR-27
static void two_in_the_same_instant_have_one_head(void)
{
    struct cell cell;
    begin(&cell);
    tell(&cell, "rotate");
    tell(&cell, "report");
    CHECK_TEXT(cell.reason, "");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(head_commands(&cell), "1:rotate 2:report ");
    CHECK_TEXT(state_commands(&cell), "1:rotate 2:report of 2");
    CHECK_INT(waiting(&cell), 2);
    done(&cell, 1, 1);
    tell(&cell, "rotate");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(head_commands(&cell), "2:report 3:rotate ");
    done(&cell, 1, 3);
    CHECK(cell_commit(&cell));
    CHECK_TEXT(state_commands(&cell), "of 3");
    CHECK_TEXT(head_commands(&cell), NULL); // its time has come with the next one
    CHECK_INT(waiting(&cell), 0);
    cell_end(&cell);
}

// MR-27: who leads next knows them by the same numbers, and those that it was not told are done.
static void who_leads_next_has_the_same(void)
{
    struct cell cell, next;
    begin(&cell);
    tell(&cell, "rotate");
    tell(&cell, "report");
    CHECK(cell_commit(&cell));
    cell_restore(&next, &(struct cell_options){.id = "south"}, &cell, 7);
    CHECK_INT(waiting(&next), 2);
    done(&next, 1, 1);
    tell(&next, "report");
    CHECK(cell_commit(&next));
    CHECK_TEXT(head_commands(&next), "2:report 3:report ");
    CHECK_TEXT(state_commands(&next), "2:report 3:report of 3");
    cell_end(&next);
    cell_end(&cell);
}

static void a_command_ends_with_the_life_that_it_is_for(void)
{
    struct cell cell, next;
    begin(&cell);
    tell(&cell, "rotate");
    CHECK(cell_commit(&cell));
    cell_beat(&cell, 0, 1, "leaving", cell.heads[0]);
    tell(&cell, "rotate");
    CHECK_TEXT(cell.reason, "order 'collector.rotate': it does not live: a command is for the life "
                            "that is admitted");
    CHECK(cell_commit(&cell));
    CHECK_TEXT(head_commands(&cell), "");
    CHECK_TEXT(state_commands(&cell), "of 1");
    cell_restore(&next, &(struct cell_options){.id = "south"}, &cell, 7);
    cell_beat(&next, 0, 2, "joining", 0);
    tell(&next, "report");
    CHECK(cell_commit(&next));
    CHECK_TEXT(head_commands(&next), "2:report ");
    cell_end(&next);
    cell_end(&cell);
}

static void a_full_mailbox_refuses(void)
{
    struct cell cell;
    begin(&cell);
    for (int i = 0; i < 16; i++)
        tell(&cell, "rotate");
    CHECK_TEXT(cell.reason, "");
    tell(&cell, "rotate");
    CHECK_TEXT(cell.reason,
               "order 'collector.rotate': it has 16 commands that it has not carried out yet");
    CHECK(cell_commit(&cell));
    done(&cell, 1, 1);
    CHECK_INT(waiting(&cell), 15);
    tell(&cell, "report");
    CHECK_TEXT(cell.reason, "");
    cell_end(&cell);
}

static void wrong_ones_are_refused(void)
{
    static const char *const wrong[][2] = {
        {"{\"verb\": \"collector.dance\", \"args\": {\"collector\": \"c0\"}}",
         "order 'collector.dance': there is no such verb"},
        {"{\"verb\": \"collector.rotate\", \"args\": {\"collector\": \"c7\"}}",
         "order 'collector.rotate': there is no such collector"},
        {"{\"verb\": \"collector.rotate\"}",
         "order 'collector.rotate': there is no such collector"},
        {"{\"verb\": \"collector.report\", \"pool\": \"nix\", \"args\": {\"collector\": \"c0\"}}",
         "order 'collector.report': there is no such pool"},
    };
    struct cell cell;
    begin(&cell);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        cell_say(&cell, INPUT_ORDERS, wrong[i][0]);
        CHECK_TEXT(cell.reason, wrong[i][1]);
        CHECK_INT(waiting(&cell), 0);
    }
    cell_end(&cell);
}

// Whoever has carried out what nobody gave it decides nothing.
static void a_lie_is_alarmed(void)
{
    struct cell cell;
    begin(&cell);
    tell(&cell, "rotate");
    CHECK(cell_commit(&cell));
    cell.was_alarmed = false;
    done(&cell, 1, 2);
    CHECK(cell.was_alarmed);
    CHECK_INT(waiting(&cell), 1);
    done(&cell, 1, 1);
    CHECK_INT(waiting(&cell), 0);
    cell_end(&cell);
}

static const struct test tests[] = {
    TEST(two_in_the_same_instant_have_one_head),
    TEST(who_leads_next_has_the_same),
    TEST(a_command_ends_with_the_life_that_it_is_for),
    TEST(a_full_mailbox_refuses),
    TEST(wrong_ones_are_refused),
    TEST(a_lie_is_alarmed),
};

TEST_MAIN("control/mailbox", tests)
