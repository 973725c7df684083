// SPDX-License-Identifier: Apache-2.0
//
// Nanoseconds per record for what a busy coordinator reads and writes most.
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/ensure.h"
#include "wire/wire.h"

enum { ROUNDS = 1000000 };

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void report(const char *what, int64_t begin, size_t size)
{
    printf("%-42s %6" PRId64 " ns  %4zu bytes\n", what, (now_ns() - begin) / ROUNDS, size);
}

static void bench_encode(const char *what, enum record_kind kind, const void *record,
                         void (*encode)(enum record_kind, const void *, struct buffer *))
{
    struct buffer bytes = {0};
    int64_t begin = now_ns();

    for (int i = 0; i < ROUNDS; i++) {
        buffer_clear(&bytes);
        encode(kind, record, &bytes);
    }
    report(what, begin, bytes.size);
    buffer_finish(&bytes);
}

static void bench_decode(const char *what, enum record_kind kind, const void *record,
                         void (*encode)(enum record_kind, const void *, struct buffer *))
{
    struct buffer bytes = {0};
    struct arena arena = {0};
    struct wire_record decoded;

    encode(kind, record, &bytes);
    struct wire_input input = {kind, buffer_text(&bytes)};
    int64_t begin = now_ns();
    for (int i = 0; i < ROUNDS; i++) {
        arena_clear(&arena);
        ensure(wire_decode_input(input, &arena, NULL, &decoded, NULL) == STATUS_OK);
    }
    report(what, begin, bytes.size);
    arena_finish(&arena);
    buffer_finish(&bytes);
}

int main(void)
{
    struct label labels[] = {{TEXT_LITERAL("zone"), TEXT_LITERAL("eu-central-1a")}};
    struct announcement_topic topic = {.name = TEXT_LITERAL("telemetry.agent-0001.disk"),
                                       .partitions = 1,
                                       .weight = 1,
                                       .labels = labels,
                                       .labels_count = 1};
    struct announcement announcement = {.agent = TEXT_LITERAL("agent-0001"),
                                        .mode = TEXT_LITERAL("set"),
                                        .topics = &topic,
                                        .topics_count = 1,
                                        .id = TEXT_LITERAL("1f3870be274f6c49"),
                                        .sent_at_ms = 1726000000000};
    struct state_claim claim = {
        .partitions = 1, .weight = 1, .labels = labels, .labels_count = 1, .order = 123456789};
    struct state_unit unit = {.state = TEXT_LITERAL("owned"),
                              .owner = TEXT_LITERAL("collector-017"),
                              .fence = 123456,
                              .rule = TEXT_LITERAL("4"),
                              .reason = TEXT_LITERAL("placed"),
                              .since_ms = 1726000000000,
                              .placement = 4711,
                              .partitions = 1};

    bench_decode("decode announcement, 1 topic, Avro", RECORD_ANNOUNCEMENT, &announcement,
                 wire_encode_avro);
    bench_decode("decode announcement, 1 topic, JSON", RECORD_ANNOUNCEMENT, &announcement,
                 wire_encode_json);
    bench_decode("decode state_claim, Avro", RECORD_STATE_CLAIM, &claim, wire_encode_avro);
    bench_decode("decode state_unit, Avro", RECORD_STATE_UNIT, &unit, wire_encode_avro);
    bench_encode("encode announcement, 1 topic, Avro", RECORD_ANNOUNCEMENT, &announcement,
                 wire_encode_avro);
    bench_encode("encode state_claim, Avro", RECORD_STATE_CLAIM, &claim, wire_encode_avro);
    bench_encode("encode state_unit, Avro", RECORD_STATE_UNIT, &unit, wire_encode_avro);
    bench_encode("encode state_unit, JSON", RECORD_STATE_UNIT, &unit, wire_encode_json);
    return 0;
}
