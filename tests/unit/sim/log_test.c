// SPDX-License-Identifier: Apache-2.0
//
// What the simulated Kafka takes away: compaction as a prefix of the log, tombstones, retention.
#include "sim/log.h"

#include <stdio.h>

#include "test.h"

static void append(struct log *log, int64_t at_us, const char *key, const char *value)
{
    struct log_record record = {
        .at = {at_us}, .key = text_of(key), .value = text_of(value), .refused = -1};
    log_append(log, &record);
}

// "key=value ..." of what is left, a tombstone as "key".
static const char *left(const struct log *log)
{
    static char words[200];
    size_t size = 0;
    words[0] = '\0';
    for (uint32_t i = log->start; i < log->count; i++) {
        const struct log_record *record = &log->items[i];
        if (!record->is_compacted)
            size += (size_t)snprintf(words + size, sizeof(words) - size, "%s%.*s%s%.*s",
                                     size > 0 ? " " : "", TEXT_ARGS(record->key),
                                     record->value.data ? "=" : "", TEXT_ARGS(record->value));
    }
    return words;
}

static struct log filled(void)
{
    struct log log = {0};
    append(&log, 10, "a", "1");
    append(&log, 20, "b", "1");
    append(&log, 20, "a", "2");
    append(&log, 30, "b", NULL);
    append(&log, 40, "a", "3");
    return log;
}

static void newest_of_a_key_stays(void)
{
    struct log log = filled();
    log_compact(&log, log.count, 0);
    CHECK_TEXT(left(&log), "b a=3");
    CHECK_INT(log.start, 3);
    log_finish(&log);
}

// A cleaner that has come to the middle knows nothing of what is newer.
static void only_a_prefix_is_cleaned(void)
{
    struct log log = filled();
    log_compact(&log, 3, 0);
    CHECK_TEXT(left(&log), "b=1 a=2 b a=3");
    log_finish(&log);
}

static void tombstones_go_when_nobody_waits(void)
{
    struct log log = filled();
    log_compact(&log, log.count, 3);
    CHECK_TEXT(left(&log), "b a=3");
    log_compact(&log, log.count, 4);
    CHECK_TEXT(left(&log), "a=3");
    log_finish(&log);
}

static void retention_takes_the_beginning(void)
{
    struct log log = filled();
    CHECK_INT(log_end_at(&log, (struct instant){5}), 0);
    CHECK_INT(log_end_at(&log, (struct instant){20}), 3);
    CHECK_INT(log_end_at(&log, (struct instant){99}), 5);
    log_expire(&log, log_end_at(&log, (struct instant){20}));
    CHECK_TEXT(left(&log), "b a=3");
    CHECK_INT(log.start, 3);
    log_finish(&log);
}

static void put_back_it_is_as_it_was(void)
{
    struct log log = filled();
    log_truncate(&log, 3);
    CHECK_TEXT(left(&log), "a=1 b=1 a=2");
    append(&log, 50, "c", "1");
    CHECK_TEXT(left(&log), "a=1 b=1 a=2 c=1");
    CHECK_INT(log.count, 4);
    log_finish(&log);
}

// Windows of decoded records come and go; what is read is what stands there.
static void decoded_records_are_their_own(void)
{
    struct log log = {0};
    for (int64_t i = 0; i < 5 * LOG_WINDOW; i++) {
        struct marker marker = {.epoch = 1, .seq = i};
        struct buffer value = {0};
        wire_encode_avro(RECORD_MARKER, &marker, &value);
        struct log_record record = {.at = {i}, .value = buffer_text(&value), .refused = -1};
        log_append(&log, &record);
        buffer_finish(&value);
    }
    for (uint32_t step = 0; step < 3000; step++) {
        uint32_t offset = step * 37 % log.count;
        struct wire_record decoded;
        CHECK_INT(log_decode(&log, offset, &decoded), STATUS_OK);
        CHECK_INT(((const struct marker *)decoded.record)->seq, offset);
    }
    log_finish(&log);
}

static const struct test tests[] = {
    TEST(newest_of_a_key_stays),           TEST(only_a_prefix_is_cleaned),
    TEST(tombstones_go_when_nobody_waits), TEST(retention_takes_the_beginning),
    TEST(put_back_it_is_as_it_was),        TEST(decoded_records_are_their_own),
};

TEST_MAIN("sim/log", tests)
