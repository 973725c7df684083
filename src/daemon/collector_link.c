// SPDX-License-Identifier: Apache-2.0
//
// The collector's line to the leader: its assignments come in, its beats and reports go out.
//
// Happy path: ask how many partitions the assignments have -> read the one of this collector from
// its start -> each head and bucket of its key is an event, and how far was read is one too.
// Failures: the topic is missing or Kafka is not reached -> asked again; an answer about the end
// that cannot come is told as failed, and the deciding part draws the conclusion (S8).
#include <string.h>

#include "base/memory.h"
#include "daemon/collector_inner.h"
#include "proto/key.h"
#include "proto/unit.h"
#include "wire/wire.h"

#define RECORDS_MAX 500                // taken from the assignments at once
#define ROUNDS_MAX 8                   // and so often in one turn
#define TAG_MEMBERS UINT64_MAX         // of records of members; those of assignments have the life
#define REPORT_BIT (UINT64_C(1) << 63) // set in the numbers of reports, not of beats
#define LIFE_SHIFT 40 // numbers carry the life above this bit, so answers to an older one are known
#define CLOSE_PATIENCE span_of_ms(2000)

static char *print_topic(const struct collector *collector, const char *name)
{
    struct buffer buffer = {0};
    buffer_print(&buffer, "%s.%s", collector->prefix, name);
    return buffer.data;
}

static enum status open_handles(struct collector *collector, struct buffer *fault)
{
    struct link *link = &collector->link;
    struct kafka_consumer_options reading = {.has_end_events = true, .queue_kbytes = 4096};
    // A beat that has no answer within the lease is worth nothing any more.
    struct kafka_producer_options writing = {
        .timeout_ms = (uint32_t)conf_int(collector->setup.conf, "lease.ms"),
        .queue_messages = 10000,
    };
    struct kafka_admin_options asking = {.group = {0}};
    enum status status =
        kafka_consumer_create(&collector->settings, &reading, fault, &link->consumer);
    if (status == STATUS_OK)
        status = kafka_producer_create(&collector->settings, &writing, fault, &link->producer);
    if (status == STATUS_OK)
        status = kafka_admin_create(&collector->settings, &asking, fault, &link->pulse);
    return status;
}

enum status link_open(struct collector *collector, struct buffer *fault)
{
    struct link *link = &collector->link;
    struct buffer key = {0};
    buffer_print(&key, "%s/%s", collector->pool, collector->id);
    link->key = key.data;
    link->assignments = print_topic(collector, "assignments");
    link->members = print_topic(collector, "members");
    link->reports = print_topic(collector, "reports");
    link->partition = -1;
    enum status status = open_handles(collector, fault);
    if (status != STATUS_OK)
        return status;
    kafka_producer_prepare(link->producer, text_of(link->members));
    link->consumer_watch = loop_watch_fd(collector->loop, kafka_consumer_fd(link->consumer),
                                         collector_wake, collector);
    link->producer_watch = loop_watch_fd(collector->loop, kafka_producer_fd(link->producer),
                                         collector_wake, collector);
    link->pulse_watch =
        loop_watch_fd(collector->loop, kafka_admin_fd(link->pulse), collector_wake, collector);
    return STATUS_OK;
}

void link_close(struct collector *collector)
{
    struct link *link = &collector->link;
    loop_unwatch(link->consumer_watch);
    loop_unwatch(link->producer_watch);
    loop_unwatch(link->pulse_watch);
    // What cannot be closed in time is left to a thread of its own, and the watch has said so.
    (void)kafka_consumer_destroy(link->consumer, CLOSE_PATIENCE);
    if (link->producer != NULL)
        (void)kafka_producer_destroy(link->producer, CLOSE_PATIENCE);
    if (link->pulse != NULL)
        (void)kafka_admin_destroy(link->pulse, CLOSE_PATIENCE);
    memory_release(link->assignments);
    memory_release(link->members);
    memory_release(link->reports);
    memory_release(link->key);
    arena_finish(&link->arena);
    buffer_finish(&link->bytes);
    *link = (struct link){.partition = -1};
}

static void unassign(struct link *link, const char *topic, int32_t partition)
{
    struct kafka_partition one = {text_of(topic), partition};
    enum status status = kafka_consumer_unassign(link->consumer, &one, 1);
    (void)status; // it was assigned, so it can be taken back
}

void link_begin_life(struct collector *collector)
{
    struct link *link = &collector->link;
    link_watch_members(collector, false);
    link->held_question = 0;
    link->failed_question = 0;
    link->failed_beat = 0;
    if (link->is_assigned)
        unassign(link, link->assignments, link->partition);
    link->is_assigned = false;
    link->ask_again_at = collector->now;
}

static uint64_t number_of(const struct collector *collector, uint64_t number)
{
    return (uint64_t)collector->life << LIFE_SHIFT | number;
}

// The number without its life; false if it was an older one's.
static bool is_of_this_life(const struct collector *collector, uint64_t number, uint64_t *ret)
{
    *ret = number & ((UINT64_C(1) << LIFE_SHIFT) - 1);
    return number >> LIFE_SHIFT == collector->life;
}

static void ask_end(struct collector *collector, uint64_t number)
{
    struct link *link = &collector->link;
    struct kafka_partition one = {text_of(link->assignments), link->partition};
    struct kafka_ask ask = {number_of(collector, number),
                            span_of_ms(conf_int(collector->setup.conf, "lease.ms") / 3)};
    if (kafka_admin_find_offsets(link->pulse, ask, KAFKA_END, &one, 1) != STATUS_OK)
        link->failed_question = number;
}

// A life asks for the end before it knows its partition. Refused, it would ask again an interval
// later, and its first beat waits for the answer (S8): so the question is kept.
void link_ask_end(struct collector *collector, uint64_t number)
{
    struct link *link = &collector->link;
    if (link->is_assigned)
        ask_end(collector, number);
    else
        link->held_question = number;
}

static void assign_assignments(struct collector *collector)
{
    struct link *link = &collector->link;
    struct kafka_assignment one = {
        .topic = text_of(link->assignments),
        .partition = link->partition,
        // A compacted log starts at 0 unless somebody has cut it; asking for the start costs half a
        // second.
        .offset = link->is_start_cut ? KAFKA_START : 0,
        .tag = collector->life,
    };
    link->is_assigned = kafka_consumer_assign(link->consumer, &one, 1) == STATUS_OK;
    if (!link->is_assigned) {
        link->ask_again_at = instant_add(collector->now, span_of_ms(RETRY_MS));
        return;
    }
    if (link->held_question != 0)
        ask_end(collector, link->held_question);
    link->held_question = 0;
}

static void send_record(struct collector *collector, const char *topic, uint64_t number,
                        enum status *ret_status)
{
    struct link *link = &collector->link;
    struct kafka_message message = {
        .topic = text_of(topic),
        .partition = 0,
        .key = text_of(collector->id),
        .value = buffer_text(&link->bytes),
    };
    *ret_status = kafka_producer_send(link->producer, &message, number);
}

void link_send_beat(struct collector *collector, const struct beat *beat)
{
    struct link *link = &collector->link;
    enum status status;
    buffer_clear(&link->bytes);
    wire_encode_avro_at(collect_level(collector->collect), RECORD_BEAT, beat, &link->bytes);
    send_record(collector, link->members, number_of(collector, (uint64_t)beat->seq), &status);
    if (status == STATUS_OK)
        return;
    if (status == STATUS_CLOSED) // in no life of this process
        collector_end(collector, 1,
                      TEXT_LITERAL("cannot beat any more: its Kafka client has ended"));
    collector_log(collector, LOG_WARNING, "beat %lld cannot be sent: %s", (long long)beat->seq,
                  status_text(status));
    link->failed_beat = beat->seq;
}

void link_send_report(struct collector *collector, const struct report *report)
{
    struct link *link = &collector->link;
    enum status status;
    buffer_clear(&link->bytes);
    wire_encode_avro_at(collect_level(collector->collect), RECORD_REPORT, report, &link->bytes);
    send_record(collector, link->reports, REPORT_BIT | ++link->report_number, &status);
    if (status != STATUS_OK)
        collector_log(collector, LOG_DEBUG, "report cannot be sent: %s", status_text(status));
}

void link_watch_members(struct collector *collector, bool is_on)
{
    struct link *link = &collector->link;
    if (link->is_watching_members == is_on)
        return;
    if (!is_on) {
        unassign(link, link->members, 0);
        link->is_watching_members = false;
        return;
    }
    struct kafka_assignment one = {
        .topic = text_of(link->members), .offset = KAFKA_END, .tag = TAG_MEMBERS};
    link->is_watching_members = kafka_consumer_assign(link->consumer, &one, 1) == STATUS_OK;
}

// Decodes the record's value as one of the expected kind; NULL if it is none.
static void *decode(struct collector *collector, const struct kafka_record *record,
                    enum record_kind expected)
{
    struct link *link = &collector->link;
    struct wire_record decoded;
    struct buffer why = {0};
    arena_clear(&link->arena);
    enum status status = wire_decode(record->value, &link->arena,
                                     &(struct wire_limits){4 << 20, 1 << 20}, &decoded, &why);
    // A head of a schema that came later says as much as that: the cell's level is too high, if no
    // newer head follows it.
    if (status == STATUS_UNSUPPORTED && expected == RECORD_HEAD) {
        struct head *head = arena_get(&link->arena, sizeof(*head));
        head->level = RECORD_LEVEL + 1;
        buffer_finish(&why);
        return head;
    }
    if (status == STATUS_OK && decoded.kind == expected) {
        buffer_finish(&why);
        return decoded.record;
    }
    collector_log(collector, LOG_WARNING, "record %lld of '%.*s/%d' is no %.*s: %s",
                  (long long)record->offset, TEXT_ARGS(record->topic), record->partition,
                  TEXT_ARGS(wire_kind_name(expected)),
                  status == STATUS_OK ? "of another kind" : buffer_string(&why));
    buffer_finish(&why);
    return NULL;
}

static void take_assignment(struct collector *collector, const struct kafka_record *record)
{
    struct assignment_key key;
    if (record->is_key_null || assignment_key_parse(record->key, &key) != STATUS_OK ||
        !text_equals(key.pool, collector->pool) || !text_equals(key.collector, collector->id))
        return;
    bool is_head = key.bucket < 0;
    void *value = NULL;
    if (!record->is_value_null) {
        value = decode(collector, record, is_head ? RECORD_HEAD : RECORD_BUCKET);
        if (value == NULL)
            return;
    }
    if (is_head)
        collector_give(collector,
                       &(struct collect_event){.kind = COLLECT_HEAD_RECEIVED, .head = value});
    else
        collector_give(collector, &(struct collect_event){.kind = COLLECT_BUCKET_RECEIVED,
                                                          .bucket_index = (uint32_t)key.bucket,
                                                          .bucket = value});
}

static void take_member(struct collector *collector, const struct kafka_record *record)
{
    if (record->is_value_null || !text_equals(record->key, collector->id))
        return;
    enum record_kind kind;
    if (!wire_kind(record->value, &kind) || kind != RECORD_BEAT)
        return;
    const struct beat *beat = decode(collector, record, RECORD_BEAT);
    if (beat == NULL || !text_equals(beat->role, "collector") ||
        !text_equals(beat->pool, collector->pool) || !text_equals(beat->id, collector->id) ||
        text_equals(beat->incarnation, collector->incarnation))
        return;
    collector_give(collector, &(struct collect_event){.kind = COLLECT_INCUMBENT_HEARD,
                                                      .incarnation = beat->incarnation});
}

static void take_fault(struct collector *collector, const struct kafka_record *record)
{
    struct link *link = &collector->link;
    if (record->kind == KAFKA_OFFSET_LOST && record->tag == collector->life) {
        collector_log(collector, LOG_WARNING,
                      "'%s/%d' was cut behind what was read: reads it from its start again",
                      link->assignments, link->partition);
        unassign(link, link->assignments, link->partition);
        link->is_assigned = false;
        link->is_start_cut = true;
        collector_give(collector, &(struct collect_event){.kind = COLLECT_READ_ANEW});
        link->ask_again_at = collector->now;
        return;
    }
    if (record->kind == KAFKA_OFFSET_LOST && record->tag == TAG_MEMBERS) {
        link_watch_members(collector, false);
        link_watch_members(collector, true);
        return;
    }
    collector_log(collector, LOG_DEBUG, "'%.*s/%d': %.*s", TEXT_ARGS(record->topic),
                  record->partition, TEXT_ARGS(record->text));
}

static void take_record(struct collector *collector, const struct kafka_record *record)
{
    switch (record->kind) {
    case KAFKA_RECORD:
        if (record->tag == TAG_MEMBERS)
            take_member(collector, record);
        else if (record->tag == collector->life)
            take_assignment(collector, record);
        break;
    case KAFKA_END_OF_PARTITION:
        if (record->tag == collector->life)
            collector_give(collector, &(struct collect_event){.kind = COLLECT_READ_TO,
                                                              .offset = record->offset});
        break;
    case KAFKA_OFFSET_LOST:
    case KAFKA_PARTITION_FAULT:
    case KAFKA_HANDLE_FAULT:
        take_fault(collector, record);
        break;
    }
}

static void read_assignments(struct collector *collector)
{
    struct link *link = &collector->link;
    struct kafka_record records[RECORDS_MAX];
    for (int round = 0; round < ROUNDS_MAX; round++) {
        uint32_t count = kafka_consumer_poll(link->consumer, records, RECORDS_MAX);
        int64_t read_to = -1;
        for (uint32_t i = 0; i < count; i++) {
            take_record(collector, &records[i]);
            if (records[i].kind == KAFKA_RECORD && records[i].tag == collector->life)
                read_to = records[i].offset + 1;
        }
        kafka_consumer_release(link->consumer, records, count);
        if (read_to >= 0)
            collector_give(collector,
                           &(struct collect_event){.kind = COLLECT_READ_TO, .offset = read_to});
        if (count < RECORDS_MAX)
            return;
    }
}

static void take_deliveries(struct collector *collector)
{
    struct kafka_delivery deliveries[100];
    uint32_t count;
    do {
        count = kafka_producer_poll(collector->link.producer, deliveries, 100);
        for (uint32_t i = 0; i < count; i++) {
            const struct kafka_delivery *delivery = &deliveries[i];
            uint64_t seq;
            if ((delivery->number & REPORT_BIT) != 0 ||
                !is_of_this_life(collector, delivery->number, &seq))
                continue;
            if (delivery->status != STATUS_OK)
                collector_log(collector, LOG_WARNING, "beat %llu was not taken: %s",
                              (unsigned long long)seq, delivery->text);
            collector_give(collector, &(struct collect_event){.kind = delivery->status == STATUS_OK
                                                                          ? COLLECT_BEAT_ACKED
                                                                          : COLLECT_BEAT_FAILED,
                                                              .seq = (int64_t)seq});
        }
    } while (count == 100);
}

static void take_end(struct collector *collector, const struct kafka_reply *reply)
{
    struct collect_event event = {.kind = COLLECT_END_FAILED};
    if (!is_of_this_life(collector, reply->number, &event.number))
        return;
    if (reply->status == STATUS_OK && reply->offset_count == 1 &&
        reply->offsets[0].status == STATUS_OK && reply->offsets[0].offset >= 0) {
        event.kind = COLLECT_END_ANSWERED;
        event.offset = reply->offsets[0].offset;
    }
    collector_give(collector, &event);
}

static void take_partitions(struct collector *collector, const struct kafka_reply *reply)
{
    struct link *link = &collector->link;
    link->is_asked = false;
    link->ask_again_at = instant_add(collector->now, span_of_ms(RETRY_MS));
    const struct kafka_topic *topic = reply->topic_count == 1 ? &reply->topics[0] : NULL;
    bool is_missing = reply->status == STATUS_OK && topic != NULL &&
                      (topic->status != STATUS_OK || topic->partitions == 0);
    if (is_missing && !link->is_missing_told)
        collector_log(collector, LOG_WARNING,
                      "topic '%s' is not there (%.*s): waits; a coordinator creates it",
                      link->assignments, TEXT_ARGS(topic->text));
    link->is_missing_told = is_missing;
    if (reply->status != STATUS_OK || topic == NULL || is_missing)
        return;
    link->partition = assignments_partition(text_of(collector->pool), text_of(collector->id),
                                            (int32_t)topic->partitions);
    assign_assignments(collector);
}

static void take_answers(struct collector *collector)
{
    struct kafka_reply *reply;
    while ((reply = kafka_admin_poll(collector->link.pulse)) != NULL) {
        bool is_ours = collector_knows_cluster(collector, reply);
        if (is_ours && reply->request == KAFKA_FIND_TOPICS)
            take_partitions(collector, reply);
        else if (is_ours)
            take_end(collector, reply);
        kafka_reply_release(reply);
    }
}

static void ask_partitions(struct collector *collector)
{
    struct link *link = &collector->link;
    if (link->is_assigned || link->is_asked ||
        !instant_has_come(link->ask_again_at, collector->now))
        return;
    struct text topic = text_of(link->assignments);
    struct kafka_ask ask = {0, span_of_ms(ASK_PATIENCE_MS)};
    link->is_asked = kafka_admin_find_topics(link->pulse, ask, &topic, 1) == STATUS_OK;
    if (!link->is_asked)
        link->ask_again_at = instant_add(collector->now, span_of_ms(RETRY_MS));
}

void link_run(struct collector *collector)
{
    struct link *link = &collector->link;
    take_answers(collector);
    ask_partitions(collector);
    read_assignments(collector);
    take_deliveries(collector);
    if (link->failed_question != 0) {
        struct collect_event event = {.kind = COLLECT_END_FAILED, .number = link->failed_question};
        link->failed_question = 0;
        collector_give(collector, &event);
    }
    if (link->failed_beat != 0) {
        struct collect_event event = {.kind = COLLECT_BEAT_FAILED, .seq = link->failed_beat};
        link->failed_beat = 0;
        collector_give(collector, &event);
    }
}

struct instant link_deadline(const struct collector *collector)
{
    const struct link *link = &collector->link;
    if (link->failed_question != 0 || link->failed_beat != 0)
        return collector->now;
    if (!link->is_assigned && !link->is_asked)
        return link->ask_again_at;
    return INSTANT_NEVER;
}
