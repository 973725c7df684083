// SPDX-License-Identifier: Apache-2.0
//
// A fleet that only beats, and a control topic full of announcements: what a benchmark of the
// coordinator needs beside it.
//
//     fleet fill BROKERS PREFIX TOPICS AGENTS    one announcement of one topic each
//     fleet beat BROKERS PREFIX COLLECTORS       beats every second until it is killed
//     fleet say BROKERS PREFIX control           each line of stdin, as it comes, as it is
//     fleet write BROKERS                        each line of stdin is `TOPIC VALUE`, a record for
//                                                that topic; behind an empty line 'written' is
//                                                printed when all before it is acknowledged
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "kafka/producer.h"
#include "net/loop.h"
#include "wire/wire.h"

enum { LINGER_MS = 50, PATIENCE_MS = 600000 };

struct fleet {
    struct kafka_settings settings;
    struct kafka_producer *producer;
    char topic[300];
    uint64_t sent;
    struct buffer bytes;
};

static void results_take(struct fleet *fleet)
{
    struct kafka_delivery deliveries[1000];
    uint32_t count;
    while ((count = kafka_producer_poll(fleet->producer, deliveries, 1000)) > 0)
        for (uint32_t i = 0; i < count; i++)
            ensure(deliveries[i].status == STATUS_OK);
}

static void record_send(struct fleet *fleet, struct text key, enum record_kind kind,
                        const void *record)
{
    buffer_clear(&fleet->bytes);
    wire_encode_avro(kind, record, &fleet->bytes);
    struct kafka_message message = {
        .topic = text_of(fleet->topic), .key = key, .value = buffer_text(&fleet->bytes)};
    enum status status;
    while ((status = kafka_producer_send(fleet->producer, &message, ++fleet->sent)) == STATUS_AGAIN)
        results_take(fleet);
    ensure(status == STATUS_OK);
}

static void fill(struct fleet *fleet, int topics, int agents)
{
    char agent[32], name[32];
    for (int i = 0; i < topics; i++) {
        snprintf(agent, sizeof(agent), "agent-%06d", i % agents);
        snprintf(name, sizeof(name), "telemetry.host-%09d", i);
        struct announcement_topic topic = {.name = text_of(name), .partitions = 1, .weight = 1};
        struct announcement said = {.agent = text_of(agent),
                                    .mode = TEXT_LITERAL("add"),
                                    .topics = &topic,
                                    .topics_count = 1};
        record_send(fleet, text_of(agent), RECORD_ANNOUNCEMENT, &said);
    }
}

static void beats_send(struct fleet *fleet, int collectors, int64_t seq)
{
    char id[32], incarnation[40];
    for (int i = 0; i < collectors; i++) {
        snprintf(id, sizeof(id), "collector-%05d", i);
        snprintf(incarnation, sizeof(incarnation), "%032x", (unsigned)i + 1);
        struct beat beat = {.role = TEXT_LITERAL("collector"),
                            .pool = TEXT_LITERAL("default"),
                            .id = text_of(id),
                            .incarnation = text_of(incarnation),
                            .seq = seq,
                            .state = TEXT_LITERAL("active"),
                            .lease_ms = 60000,
                            .level = RECORD_LEVEL};
        record_send(fleet, text_of(id), RECORD_BEAT, &beat);
    }
}

struct beating {
    struct fleet *fleet;
    int collectors;
    int64_t seq;
};

// Beats, and wants to be called again a second later.
static struct instant beat_turn(void *ctx, struct instant now)
{
    struct beating *beating = ctx;
    beats_send(beating->fleet, beating->collectors, ++beating->seq);
    results_take(beating->fleet);
    return instant_add(now, span_of_ms(1000));
}

static void beat(struct fleet *fleet, int collectors)
{
    struct beating beating = {.fleet = fleet, .collectors = collectors};
    struct loop *loop = loop_create();
    loop_set_turn(loop, beat_turn, &beating);
    loop_run(loop);
    loop_destroy(loop);
}

// Each line at once: who measures it does not want to measure a process that starts.
static void say(struct fleet *fleet)
{
    char line[4096];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct kafka_message message = {.topic = text_of(fleet->topic),
                                        .is_key_null = true,
                                        .value = {line, strcspn(line, "\n")}};
        ensure(kafka_producer_send(fleet->producer, &message, ++fleet->sent) == STATUS_OK);
        results_take(fleet);
    }
}

static void write_line(struct fleet *fleet, char *line)
{
    size_t topic_size = strcspn(line, " ");
    ensure(line[topic_size] == ' ');
    const char *value = line + topic_size + 1;
    struct kafka_message message = {
        .topic = {line, topic_size}, .is_key_null = true, .value = {value, strlen(value)}};
    ensure(kafka_producer_send(fleet->producer, &message, ++fleet->sent) == STATUS_OK);
}

static void write_each(struct fleet *fleet)
{
    char line[4096];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0') {
            write_line(fleet, line);
            continue;
        }
        ensure(kafka_producer_flush(fleet->producer, span_of_ms(PATIENCE_MS)) == STATUS_OK);
        results_take(fleet);
        puts("written");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct fleet fleet = {0};
    struct buffer fault = {0};
    bool is_say = argc == 5 && strcmp(argv[1], "say") == 0;
    bool is_write = argc == 3 && strcmp(argv[1], "write") == 0;
    struct kafka_producer_options options = {.linger_ms = is_say ? 0 : LINGER_MS};
    bool is_fill = argc == 6 && strcmp(argv[1], "fill") == 0;
    bool is_beat = argc == 5 && strcmp(argv[1], "beat") == 0;
    if (!is_fill && !is_beat && !is_say && !is_write)
        return 2;
    kafka_settings_add(&fleet.settings, TEXT_LITERAL("bootstrap.servers"), text_of(argv[2]));
    if (!is_write)
        snprintf(fleet.topic, sizeof(fleet.topic), "%s.%s", argv[3],
                 is_beat ? "members" : "control");
    ensure(kafka_producer_create(&fleet.settings, &options, &fault, &fleet.producer) == STATUS_OK);
    if (is_fill)
        fill(&fleet, atoi(argv[4]), atoi(argv[5]));
    else if (is_say)
        say(&fleet);
    else if (is_write)
        write_each(&fleet);
    else
        beat(&fleet, atoi(argv[4]));
    ensure(kafka_producer_flush(fleet.producer, span_of_ms(PATIENCE_MS)) == STATUS_OK);
    results_take(&fleet);
    (void)kafka_producer_destroy(fleet.producer, span_of_ms(5000));
    kafka_settings_finish(&fleet.settings);
    buffer_finish(&fleet.bytes);
    buffer_finish(&fault);
    return 0;
}
