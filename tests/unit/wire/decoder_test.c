// SPDX-License-Identifier: Apache-2.0
//
// What both decoders stand on: limits, reasons, lists, labels and defaults.
#include "wire/decoder.h"

#include "test.h"
#include "wire/tables.h"

static const struct wire_table *announcement_table(void)
{
    return wire_current[RECORD_ANNOUNCEMENT].table;
}

// Field 4 of an announcement.
static const struct wire_field *topics_field(void)
{
    return &announcement_table()->fields[4];
}

static void record_above_the_limit_is_refused_before_it_is_looked_at(void)
{
    struct arena arena = {0};
    struct decoder decoder;
    struct buffer why = {0};
    struct wire_limits limits = {10, 1};

    CHECK_INT(decoder_init(&decoder, (struct text){"", 10}, &arena, &limits, &why), STATUS_OK);
    CHECK_INT(decoder_init(&decoder, (struct text){"", 11}, &arena, &limits, &why),
              STATUS_TOO_LARGE);
    CHECK_TEXT(buffer_string(&why), "the record has 11 bytes, the limit is 10");
    CHECK_INT(decoder_init(&decoder, (struct text){"", 1024 * 1024}, &arena, NULL, NULL),
              STATUS_OK);
    CHECK_INT(decoder_init(&decoder, (struct text){"", 1024 * 1024 + 1}, &arena, NULL, NULL),
              STATUS_TOO_LARGE);
    buffer_finish(&why);
}

static void reason_names_the_place(void)
{
    struct arena arena = {0};
    struct decoder decoder;
    struct buffer why = {0};

    REQUIRE(decoder_init(&decoder, (struct text){0}, &arena, NULL, &why) == STATUS_OK);
    decoder_enter(&decoder, topics_field());
    decoder_at_item(&decoder, 3);
    decoder_enter(&decoder, &topics_field()->table->fields[4]);
    CHECK_INT(decoder_refuse(&decoder, STATUS_INVALID, "is %d", 7), STATUS_INVALID);
    CHECK_TEXT(buffer_string(&why), "'topics[3].weight' is 7");
    buffer_clear(&why);
    decoder_leave(&decoder);
    decoder_at_field(&decoder);
    CHECK_INT(decoder_refuse(&decoder, STATUS_DENIED, "is\n\x7f\xff"), STATUS_DENIED);
    CHECK_TEXT(buffer_string(&why), "'topics' is???");
    buffer_finish(&why);
}

static void items_are_limited_over_the_whole_record(void)
{
    struct arena arena = {0};
    struct decoder decoder;
    struct wire_limits limits = {10, 5};

    REQUIRE(decoder_init(&decoder, (struct text){0}, &arena, &limits, NULL) == STATUS_OK);
    CHECK_INT(decoder_take(&decoder, 3), STATUS_OK);
    CHECK_INT(decoder_take(&decoder, 3), STATUS_TOO_LARGE);
    CHECK_INT(decoder_take(&decoder, UINT64_MAX), STATUS_TOO_LARGE);
    CHECK_INT(decoder_take(&decoder, 2), STATUS_OK);
    CHECK_INT(decoder_take(&decoder, 1), STATUS_TOO_LARGE);
}

static void list_keeps_its_items_while_it_grows(void)
{
    struct arena arena = {0};
    struct decoder_list list = {.item_size = sizeof(int64_t)};

    decoder_list_reserve(&list, &arena, 3);
    CHECK_INT(list.capacity, 3);
    for (int64_t i = 0; i < 10000; i++) {
        int64_t *item = decoder_list_add(&list, &arena);
        CHECK(*item == 0);
        *item = i;
    }
    for (int64_t i = 0; i < 10000; i++)
        REQUIRE(((int64_t *)(void *)list.items)[i] == i);
    CHECK(arena.used < 4 * 10000 * sizeof(int64_t));
    arena_finish(&arena);
}

static enum status check_keys(uint32_t count, uint32_t twice, struct buffer *why)
{
    struct arena arena = {0};
    struct decoder decoder;
    struct label *labels = arena_get(&arena, count * sizeof(*labels));
    struct buffer key = {0};

    REQUIRE(decoder_init(&decoder, (struct text){0}, &arena, NULL, why) == STATUS_OK);
    for (uint32_t i = 0; i < count; i++) {
        buffer_clear(&key);
        buffer_print(&key, "key-%u", i == twice ? 0 : i);
        labels[i].key = arena_text(&arena, buffer_text(&key));
    }
    enum status status = decoder_labels_check(&decoder, labels, count);
    buffer_finish(&key);
    arena_finish(&arena);
    return status;
}

static void key_that_occurs_twice_is_refused(void)
{
    struct buffer why = {0};

    for (uint32_t count = 0; count < 30; count++)
        CHECK_INT(check_keys(count, UINT32_MAX, &why), STATUS_OK);
    for (uint32_t count = 2; count < 30; count++) {
        buffer_clear(&why);
        CHECK_INT(check_keys(count, count - 1, &why), STATUS_INVALID);
        CHECK_TEXT(buffer_string(&why), "the record has the key 'key-0' twice");
    }
    buffer_finish(&why);
}

static void defaults_are_those_of_the_schema(void)
{
    struct state_cell cell = {.lineage = TEXT_LITERAL("x"), .epoch = 7, .level = 9};

    // Bits 0 and 2: lineage and epoch were seen.
    decoder_default(wire_current[RECORD_STATE_CELL].table, &cell, 5);
    CHECK(text_equals(cell.lineage, "x"));
    CHECK_INT(cell.epoch, 7);
    CHECK_INT(cell.level, 1);
    CHECK_INT(cell.control.anchor_offset, -1);
    CHECK_INT(cell.orders.anchor_offset, -1);
    CHECK_INT(cell.orders.next, 0);
    struct announcement announcement = {0};
    decoder_default(announcement_table(), &announcement, 0);
    CHECK(text_equals(announcement.mode, "set"));
    CHECK_INT(announcement.agent.size, 0);
}

static const struct test tests[] = {
    TEST(record_above_the_limit_is_refused_before_it_is_looked_at),
    TEST(reason_names_the_place),
    TEST(items_are_limited_over_the_whole_record),
    TEST(list_keeps_its_items_while_it_grows),
    TEST(key_that_occurs_twice_is_refused),
    TEST(defaults_are_those_of_the_schema),
};

TEST_MAIN("wire/decoder", tests)
