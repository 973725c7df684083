// SPDX-License-Identifier: Apache-2.0
//
// The agents of the demo: each has one source and one topic, announces it, and produces a record a
// second. What Kafka has taken is what counts as produced.

#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/demo_inner.h"
#include "kafka/layout.h"
#include "wire/wire.h"

#define TICK_MS 100
#define TICKS 10         // a second; every source has one of them
#define NUMBER_CONTROL 0 // deliveries of everything that is no source's record

// The embedded broker would make topics that are asked for with partitions as it likes.
static enum status topics_make(struct demo *demo, struct buffer *fault)
{
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        struct buffer name = {0};
        kafka_layout_print((enum kafka_cell_topic)i, TEXT_LITERAL(DEMO_PREFIX), &name);
        enum status status =
            kafka_mock_create_topic(demo->mock, buffer_text(&name),
                                    i == KAFKA_CELL_ASSIGNMENTS ? KAFKA_ASSIGNMENTS_PARTITIONS : 1);
        buffer_finish(&name);
        if (status != STATUS_OK) {
            buffer_add_string(fault, "cannot make the topics of the cell");
            return status;
        }
    }
    for (uint32_t i = 0; i < demo->count; i++) {
        struct text name = text_of(demo->topics[i].name);
        enum status status = kafka_mock_create_topic(demo->mock, name, 1);
        if (status != STATUS_OK) {
            buffer_print(fault, "cannot make the topic '%.*s'", TEXT_ARGS(name));
            return status;
        }
    }
    return STATUS_OK;
}

enum status demo_agents_open(struct demo *demo, struct buffer *fault)
{
    struct kafka_producer_options options = {.timeout_ms = 30000};
    enum status status = topics_make(demo, fault);
    if (status == STATUS_OK)
        status = kafka_producer_create(&demo->settings, &options, fault, &demo->producer);
    for (uint32_t i = 0; status == STATUS_OK && i < demo->count; i++)
        kafka_producer_prepare(demo->producer, text_of(demo->topics[i].name));
    return status;
}

// ---- Records of the cell.

static void control_send(struct demo *demo, const char *topic, struct text key, struct text value)
{
    struct kafka_message message = {.topic = text_of(topic), .key = key, .value = value};
    if (kafka_producer_send(demo->producer, &message, NUMBER_CONTROL) != STATUS_OK)
        demo_fail(demo, "cannot write to '%s'", topic);
}

static void record_send(struct demo *demo, const char *topic, struct text key,
                        struct wire_record record)
{
    struct buffer value = {0};
    wire_encode_avro(record.kind, record.record, &value);
    control_send(demo, topic, key, buffer_text(&value));
    buffer_finish(&value);
}

static void announcement_send(struct demo *demo, uint32_t topic, bool is_goodbye)
{
    struct text name = text_of(demo->topics[topic].name);
    struct announcement_topic row = {.name = name, .partitions = 1, .weight = 1};
    struct announcement said = {.agent = name,
                                .mode = TEXT_LITERAL("set"),
                                .topics = &row,
                                .topics_count = is_goodbye ? 0 : 1,
                                .sent_at_ms = loop_wall_ms()};
    record_send(demo, DEMO_PREFIX ".control", name,
                (struct wire_record){.kind = RECORD_ANNOUNCEMENT, .record = &said});
}

void demo_agent_announce(struct demo *demo, uint32_t topic)
{
    announcement_send(demo, topic, false);
    demo->topics[topic].is_announced = true;
    demo->topics[topic].is_producing = true;
}

void demo_agent_announce_plain(struct demo *demo, uint32_t topic)
{
    const char *name = demo->topics[topic].name;
    struct buffer value = {0};
    buffer_print(&value, "{\"agent\":\"%s\",\"topics\":[{\"name\":\"%s\",\"partitions\":1}]}", name,
                 name);
    demo_tell(demo, "  kcat -P -t " DEMO_PREFIX ".control <<< '%s'", buffer_string(&value));
    control_send(demo, DEMO_PREFIX ".control", text_of(name), buffer_text(&value));
    demo->topics[topic].is_announced = true;
    demo->topics[topic].is_producing = true;
    buffer_finish(&value);
}

void demo_agent_withdraw(struct demo *demo, uint32_t topic)
{
    announcement_send(demo, topic, true);
    demo->topics[topic].is_announced = false;
}

void demo_death_publish(struct demo *demo, int child, const char *incarnation)
{
    struct text id = text_of(demo->children[child].name);
    struct death death = {.role = TEXT_LITERAL("collector"),
                          .pool = TEXT_LITERAL(DEMO_POOL),
                          .id = id,
                          .incarnation = text_of(incarnation)};
    record_send(demo, DEMO_PREFIX ".members", id,
                (struct wire_record){.kind = RECORD_DEATH, .record = &death});
}

void demo_cap_order(struct demo *demo, int64_t cap)
{
    char value[24];
    snprintf(value, sizeof(value), "%lld", (long long)cap);
    struct label label = {TEXT_LITERAL("max_topics_per_collector"), text_of(value)};
    struct order order = {.pool = TEXT_LITERAL(DEMO_POOL),
                          .verb = TEXT_LITERAL("pool.set"),
                          .args = &label,
                          .args_count = 1,
                          .id = TEXT_LITERAL("demo"),
                          .sent_at_ms = loop_wall_ms()};
    record_send(demo, DEMO_PREFIX ".orders", order.pool,
                (struct wire_record){.kind = RECORD_ORDER, .record = &order});
}

// ---- Records of the sources.

static void source_produce(struct demo *demo, uint32_t topic, struct instant now)
{
    struct buffer value = {0};
    struct demo_topic *row = &demo->topics[topic];
    demo_source_sample(demo->sources, topic, now, loop_wall_ms(), &value);
    struct kafka_message message = {
        .topic = text_of(row->name), .is_key_null = true, .value = buffer_text(&value)};
    if (kafka_producer_send(demo->producer, &message, (uint64_t)topic + 1) == STATUS_OK)
        row->in_flight++;
    buffer_finish(&value);
}

static void deliveries_take(struct demo *demo)
{
    struct kafka_delivery deliveries[256];
    uint32_t count;
    while ((count = kafka_producer_poll(demo->producer, deliveries, 256)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            const struct kafka_delivery *delivery = &deliveries[i];
            if (delivery->status != STATUS_OK)
                demo_fail(demo, "the broker did not take a record: %s", delivery->text);
            if (delivery->number == NUMBER_CONTROL)
                continue;
            uint32_t topic = (uint32_t)delivery->number - 1;
            demo->topics[topic].in_flight--;
            if (delivery->status == STATUS_OK)
                demo_tally_produced(demo->tally, topic, delivery->offset);
        }
    }
}

void demo_agents_turn(struct demo *demo, struct instant now)
{
    deliveries_take(demo);
    if (!instant_has_come(demo->next_sample, now))
        return;
    // The sources of a second are spread over it.
    for (uint32_t i = 0; i < demo->count; i++)
        if (demo->topics[i].is_producing && i % TICKS == demo->tick % TICKS)
            source_produce(demo, i, now);
    demo->tick++;
    demo->next_sample = instant_add(demo->next_sample, span_of_ms(TICK_MS));
    if (instant_is_before(demo->next_sample, now))
        demo->next_sample = now; // no catching up after a pause
}
