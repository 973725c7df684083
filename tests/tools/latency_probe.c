// SPDX-License-Identifier: Apache-2.0
//
// Measures how long an announcement takes until a collector can read what it leads to: from the
// call that produces it to the head, and every bucket that the head names, under read_committed.
// Beside it, round by round, a plain produce -> consume and one bare transaction over as many
// partitions.
//
//     latency_probe BROKERS PREFIX ROUNDS
//     latency_probe BROKERS - ROUNDS          the two figures beside it alone
//
// The probe is a collector itself: it beats, and the coordinator gives it every topic. Prints one
// line per figure: NAME P50 P99 in microseconds.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "kafka/transactor.h"
#include "net/loop.h"
#include "proto/unit.h"
#include "wire/wire.h"

enum { TRANSACTION_PARTITIONS = 3, PATIENCE_MS = 30000, BEAT_US = 500000 };

static const char incarnation[] = "00112233445566778899aabbccddeeff";

struct probe {
    struct kafka_settings settings;
    struct kafka_producer *producer;
    struct kafka_consumer *consumer;
    struct kafka_transactor *transactor;
    char control[300], members[300], assignments[300];
    int32_t partition;
    uint64_t sent, request;
    bool is_alone; // no cell to announce to
    int64_t beat_seq;
    struct instant next_beat;
    // What is held of the assignment.
    int64_t buckets[BUCKET_COUNT], applied;
    bool has_topic;       // the topic waited for is in a bucket that was read
    bool is_complete;     // and a head names that very bucket
    int64_t plain_offset; // newest offset read of the plain topic
    char topic[64];
    int64_t topic_generation;
};

static void send_bytes(struct probe *probe, const char *topic, int32_t partition, struct text value)
{
    struct kafka_message message = {.topic = text_of(topic),
                                    .partition = partition,
                                    .key = TEXT_LITERAL("probe"),
                                    .value = value};
    ensure(kafka_producer_send(probe->producer, &message, ++probe->sent) == STATUS_OK);
}

static void send_record(struct probe *probe, const char *topic, enum record_kind kind,
                        const void *record)
{
    struct buffer bytes = {0};
    wire_encode_avro(kind, record, &bytes);
    send_bytes(probe, topic, 0, buffer_text(&bytes));
    buffer_finish(&bytes);
}

static void beat_if_due(struct probe *probe)
{
    struct instant now = loop_now();
    if (probe->is_alone || !instant_has_come(probe->next_beat, now))
        return;
    struct beat beat = {.role = TEXT_LITERAL("collector"),
                        .pool = TEXT_LITERAL("default"),
                        .id = TEXT_LITERAL("probe"),
                        .incarnation = text_of(incarnation),
                        .seq = ++probe->beat_seq,
                        .state = TEXT_LITERAL("active"),
                        .lease_ms = 15000,
                        .level = RECORD_LEVEL};
    send_record(probe, probe->members, RECORD_BEAT, &beat);
    probe->next_beat = instant_add(now, (struct span){BEAT_US});
}

// ---- Reading.

static void take_bucket(struct probe *probe, const struct bucket *bucket)
{
    for (uint32_t i = 0; i < bucket->units_count; i++)
        if (text_equals(bucket->units[i].unit, probe->topic)) {
            probe->has_topic = true;
            probe->topic_generation = bucket->generation;
        }
}

static void take_head(struct probe *probe, const struct head *head)
{
    probe->applied = head->generation;
    for (uint32_t i = 0; i < head->buckets_count; i++)
        if (probe->has_topic && head->buckets[i] == probe->topic_generation)
            probe->is_complete = true;
}

static void take_assignment(struct probe *probe, const struct kafka_record *record)
{
    struct arena arena = {0};
    struct wire_record decoded;
    if (!record->is_value_null &&
        wire_decode(record->value, &arena, NULL, &decoded, NULL) == STATUS_OK) {
        if (decoded.kind == RECORD_BUCKET)
            take_bucket(probe, decoded.record);
        else if (decoded.kind == RECORD_HEAD)
            take_head(probe, decoded.record);
    }
    arena_finish(&arena);
}

static void pump(struct probe *probe)
{
    struct kafka_record records[64];
    struct kafka_delivery deliveries[64];
    struct pollfd fd = {.fd = kafka_consumer_fd(probe->consumer), .events = POLLIN};
    beat_if_due(probe);
    while (kafka_producer_poll(probe->producer, deliveries, 64) > 0)
        continue;
    (void)poll(&fd, 1, 5);
    uint32_t count = kafka_consumer_poll(probe->consumer, records, 64);
    for (uint32_t i = 0; i < count; i++) {
        if (records[i].kind != KAFKA_RECORD)
            continue;
        if (records[i].tag == 1)
            take_assignment(probe, &records[i]);
        else
            probe->plain_offset = records[i].offset;
    }
    kafka_consumer_release(probe->consumer, records, count);
}

static struct instant deadline(void)
{
    return instant_add(loop_now(), span_of_ms(PATIENCE_MS));
}

// ---- The three figures.

static int64_t measure_plain(struct probe *probe)
{
    int64_t before = probe->plain_offset;
    struct instant start = loop_now(), end = deadline();
    send_bytes(probe, "probe.plain", 0, TEXT_LITERAL("plain"));
    while (probe->plain_offset == before) {
        ensure(instant_is_before(loop_now(), end));
        pump(probe);
    }
    return instant_since(loop_now(), start).us;
}

static int64_t transactor_wait(struct probe *probe, enum kafka_outcome wanted)
{
    struct kafka_answer answer;
    struct instant end = deadline();
    struct pollfd fd = {.fd = kafka_transactor_fd(probe->transactor), .events = POLLIN};
    while (!kafka_transactor_poll(probe->transactor, &answer)) {
        ensure(instant_is_before(loop_now(), end));
        (void)poll(&fd, 1, 5);
        beat_if_due(probe);
    }
    ensure(answer.outcome == wanted);
    return answer.duration_us;
}

static int64_t measure_transaction(struct probe *probe)
{
    struct kafka_message messages[TRANSACTION_PARTITIONS];
    for (int32_t i = 0; i < TRANSACTION_PARTITIONS; i++)
        messages[i] = (struct kafka_message){.topic = TEXT_LITERAL("probe.transaction"),
                                             .partition = i,
                                             .key = TEXT_LITERAL("probe"),
                                             .value = TEXT_LITERAL("a value of some thirty bytes")};
    struct kafka_part whole = {.messages = messages, .count = TRANSACTION_PARTITIONS};
    ensure(kafka_transactor_commit(probe->transactor, ++probe->request, &whole) == STATUS_OK);
    return transactor_wait(probe, KAFKA_COMMITTED);
}

static int64_t measure_announcement(struct probe *probe, int round)
{
    struct announcement_topic topic = {.partitions = 1, .weight = 1};
    struct announcement said = {.agent = TEXT_LITERAL("probe"),
                                .mode = TEXT_LITERAL("add"),
                                .topics = &topic,
                                .topics_count = 1};
    snprintf(probe->topic, sizeof(probe->topic), "probe.topic.%06d", round);
    topic.name = text_of(probe->topic);
    probe->has_topic = probe->is_complete = false;
    struct instant start = loop_now(), end = deadline();
    send_record(probe, probe->control, RECORD_ANNOUNCEMENT, &said);
    while (!probe->is_complete) {
        ensure(instant_is_before(loop_now(), end));
        pump(probe);
    }
    return instant_since(loop_now(), start).us;
}

// ---- Running.

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_figure(const char *name, int64_t *us, int count)
{
    qsort(us, (size_t)count, sizeof(*us), compare);
    printf("%s %lld %lld\n", name, (long long)us[count / 2], (long long)us[count * 99 / 100]);
}

static void open_handles(struct probe *probe, const char *brokers)
{
    struct buffer fault = {0};
    struct kafka_transactor_options writing = {.id = TEXT_LITERAL("probe")};
    const struct kafka_assignment start[] = {
        {.topic = TEXT_LITERAL("probe.plain"), .tag = 2},
        {.topic = text_of(probe->assignments), .partition = probe->partition, .tag = 1}};
    kafka_settings_add(&probe->settings, TEXT_LITERAL("bootstrap.servers"), text_of(brokers));
    ensure(kafka_producer_create(&probe->settings, &(struct kafka_producer_options){0}, &fault,
                                 &probe->producer) == STATUS_OK);
    ensure(kafka_consumer_create(&probe->settings, &(struct kafka_consumer_options){0}, &fault,
                                 &probe->consumer) == STATUS_OK);
    ensure(kafka_transactor_create(&probe->settings, &writing, &fault, &probe->transactor) ==
           STATUS_OK);
    ensure(kafka_consumer_assign(probe->consumer, start, probe->is_alone ? 1 : 2) == STATUS_OK);
    ensure(kafka_transactor_init(probe->transactor, ++probe->request, span_of_ms(PATIENCE_MS)) ==
           STATUS_OK);
    transactor_wait(probe, KAFKA_READY);
    buffer_finish(&fault);
}

static void close_handles(struct probe *probe)
{
    (void)kafka_transactor_destroy(probe->transactor, span_of_ms(5000));
    (void)kafka_consumer_destroy(probe->consumer, span_of_ms(5000));
    (void)kafka_producer_destroy(probe->producer, span_of_ms(5000));
    kafka_settings_finish(&probe->settings);
}

int main(int argc, char **argv)
{
    struct probe probe = {.plain_offset = -1};
    if (argc != 4)
        return 2;
    probe.is_alone = strcmp(argv[2], "-") == 0;
    int rounds = atoi(argv[3]);
    ensure(rounds > 0 && rounds <= 100000);
    snprintf(probe.control, sizeof(probe.control), "%s.control", argv[2]);
    snprintf(probe.members, sizeof(probe.members), "%s.members", argv[2]);
    snprintf(probe.assignments, sizeof(probe.assignments), "%s.assignments", argv[2]);
    probe.partition = assignments_partition(TEXT_LITERAL("default"), TEXT_LITERAL("probe"), 4);
    open_handles(&probe, argv[1]);
    int64_t *us = memory_get((size_t)rounds * 3 * sizeof(*us));
    measure_plain(&probe);
    if (!probe.is_alone)
        measure_announcement(&probe, rounds);
    for (int i = 0; i < rounds; i++) {
        us[i] = measure_plain(&probe);
        us[rounds + i] = measure_transaction(&probe);
        if (!probe.is_alone)
            us[2 * rounds + i] = measure_announcement(&probe, i);
    }
    print_figure("round_trip", us, rounds);
    print_figure("transaction", us + rounds, rounds);
    if (!probe.is_alone)
        print_figure("announcement", us + 2 * rounds, rounds);
    memory_release(us);
    close_handles(&probe);
    return 0;
}
