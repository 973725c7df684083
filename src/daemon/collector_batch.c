// SPDX-License-Identifier: Apache-2.0
//
// Records on their way to the sink. A batch goes out when it has batch.max.records or
// batch.max.bytes, flush.interval.ms after its first record, or when a unit that stops waits for
// it; and only while the lease allows a write to begin (S3). While the sink takes nothing, nothing
// more is read: the queues fill up to their bound, and Kafka keeps the rest.
//
// Failures: the sink is busy -> tried again soon. The sink fails -> one warning, tried again with
// growing pauses for as long as it takes, one line when it works again. Nothing is lost, nothing is
// written out of order.
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "daemon/collector_inner.h"

#define BUSY_RETRY_US 1000
#define FAILED_RETRY_FIRST_MS 100
#define FAILED_RETRY_LAST_MS 5000
#define WRITES_MAX 32 // in one turn
#define TURN_MS_MAX 50

enum status batch_open(struct collector *collector, struct buffer *fault)
{
    const struct conf *conf = collector->setup.conf;
    struct batch *batch = &collector->batch;
    struct sink_options options = {
        .type = conf_text(conf, "sink.type"),
        .output = collector->setup.output,
        .path = conf_text(conf, "sink.file.path"),
        .rotate_bytes = conf_int(conf, "sink.file.rotate.bytes"),
        .rotate_count = conf_int(conf, "sink.file.rotate.count"),
    };
    size_t capacity = (size_t)conf_int(conf, "batch.max.records");
    batch->items = memory_get(capacity * sizeof(*batch->items));
    batch->records = memory_get(capacity * sizeof(*batch->records));
    batch->verdicts = memory_get(capacity * sizeof(*batch->verdicts));
    return sink_create(&options, fault, &batch->sink);
}

void batch_close(struct collector *collector)
{
    struct batch *batch = &collector->batch;
    batch_drop_unit(collector, NULL);
    sink_destroy(batch->sink);
    memory_release(batch->items);
    memory_release(batch->records);
    memory_release(batch->verdicts);
    arena_finish(&batch->arena);
    *batch = (struct batch){0};
}

uint32_t batch_room(const struct collector *collector)
{
    const struct batch *batch = &collector->batch;
    if (batch->bytes >= (uint64_t)conf_int(collector->setup.conf, "batch.max.bytes"))
        return 0;
    return (uint32_t)conf_int(collector->setup.conf, "batch.max.records") - batch->count;
}

static uint64_t item_bytes(const struct kafka_record *record)
{
    return record->key.size + record->value.size;
}

void batch_add(struct collector *collector, struct part *part, struct reader *reader,
               const struct kafka_record *record)
{
    struct batch *batch = &collector->batch;
    if (batch->count == 0)
        batch->first_at = collector->now;
    batch->items[batch->count++] = (struct batch_item){*record, part, reader};
    batch->bytes += item_bytes(record);
    if (part->pending++ == 0)
        part->pending_ms = record->timestamp_ms;
}

static void release(struct batch *batch, struct batch_item *item)
{
    batch->bytes -= item_bytes(&item->record);
    item->part->pending--;
    kafka_consumer_release(item->reader->consumer, &item->record, 1);
}

// The oldest record that still waits in each partition, after items were taken out.
static void renew_pending_times(struct batch *batch)
{
    for (uint32_t i = batch->count; i-- > 0;)
        batch->items[i].part->pending_ms = batch->items[i].record.timestamp_ms;
}

void batch_drop_unit(struct collector *collector, const struct intake_unit *unit)
{
    struct batch *batch = &collector->batch;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        if (unit != NULL && item->part->unit != unit) {
            batch->items[kept++] = *item;
            continue;
        }
        release(batch, item);
        collector->records_dropped++;
    }
    batch->count = kept;
}

static void describe_headers(struct batch *batch, const struct kafka_record *record,
                             struct sink_record *out)
{
    struct kafka_header few[16];
    struct kafka_header *headers = few;
    uint32_t count = kafka_record_headers(record, few, 16);
    if (count > 16) {
        headers = arena_get(&batch->arena, count * sizeof(*headers));
        count = kafka_record_headers(record, headers, count);
    }
    struct sink_header *copies = arena_get(&batch->arena, count * sizeof(*copies));
    for (uint32_t i = 0; i < count; i++)
        copies[i] = (struct sink_header){headers[i].name, headers[i].value, headers[i].is_null};
    out->headers = copies;
    out->header_count = count;
}

static void describe(struct batch *batch, const struct batch_item *item, struct sink_record *out)
{
    const struct kafka_record *record = &item->record;
    *out = (struct sink_record){
        .cluster = text_of(item->part->unit->cluster),
        .topic = record->topic,
        .partition = record->partition,
        .offset = record->offset,
        .fence = item->part->unit->fence,
        .time_ms = record->timestamp_ms,
        .key = record->key,
        .value = record->value,
        .is_key_null = record->is_key_null,
        .is_value_null = record->is_value_null,
    };
    describe_headers(batch, record, out);
}

// The first items that together are within the bytes of one write; at least one.
static uint32_t describe_write(struct collector *collector)
{
    struct batch *batch = &collector->batch;
    uint64_t limit = (uint64_t)conf_int(collector->setup.conf, "batch.max.bytes");
    uint64_t bytes = 0;
    uint32_t count = 0;
    arena_clear(&batch->arena);
    while (count < batch->count) {
        bytes += item_bytes(&batch->items[count].record);
        if (count > 0 && bytes > limit)
            break;
        describe(batch, &batch->items[count], &batch->records[count]);
        count++;
    }
    return count;
}

static void take_done(struct collector *collector, uint32_t done)
{
    struct batch *batch = &collector->batch;
    for (uint32_t i = 0; i < done; i++) {
        struct batch_item *item = &batch->items[i];
        struct part *part = item->part;
        int64_t next = item->record.offset + 1;
        part->unit->records++;
        part->unit->bytes += item_bytes(&item->record);
        part->unit->last_ms = item->record.timestamp_ms;
        release(batch, item);
        part_take(part, next);
    }
    collector->records_taken += done;
    batch->count -= done;
    memmove(batch->items, batch->items + done, batch->count * sizeof(*batch->items));
    if (batch->count > 0 && done > 0)
        batch->first_at = collector->now;
    renew_pending_times(batch);
}

static void hold(struct collector *collector)
{
    struct batch *batch = &collector->batch;
    if (!batch->is_held) {
        collector_log(collector, LOG_WARNING, "sink takes nothing: %s; holds and tries again",
                      sink_fault(batch->sink));
        batch->held_at = collector->now;
        batch->backoff_ms = FAILED_RETRY_FIRST_MS;
    } else if (batch->backoff_ms < FAILED_RETRY_LAST_MS) {
        batch->backoff_ms *= 2;
    }
    batch->is_held = true;
    batch->retry_at = instant_add(collector->now, span_of_ms(batch->backoff_ms));
}

// Nothing is written ever again: the process stops in order, with work left.
static void end(struct collector *collector)
{
    struct batch *batch = &collector->batch;
    collector_log(collector, LOG_ERROR, "the sink's reader is gone: %s; stops",
                  sink_fault(batch->sink));
    batch->is_closed = true;
    batch->retry_at = INSTANT_NEVER;
    collector_stop(collector);
}

static void end_hold(struct collector *collector)
{
    struct batch *batch = &collector->batch;
    if (batch->is_held)
        collector_log(collector, LOG_WARNING, "sink takes records again, after %lld ms",
                      (long long)span_ms(instant_since(collector->now, batch->held_at)));
    batch->is_held = false;
}

// From here on no write may begin, if no beat is acknowledged any more (S3).
static struct instant write_until(const struct collector *collector)
{
    struct span left = collect_lease_left(collector->collect, collector->now);
    struct span margin = conf_span(collector->setup.conf, "sink.start.margin.ms");
    return instant_add(collector->now, (struct span){left.us - margin.us});
}

// Offers one write to the sink. Returns whether it took all of it.
static bool write_once(struct collector *collector)
{
    struct batch *batch = &collector->batch;
    uint32_t count = describe_write(collector);
    uint32_t done = 0;
    enum status status =
        sink_write(batch->sink, batch->records, count, write_until(collector), batch->verdicts);
    while (done < count && batch->verdicts[done] == SINK_DONE)
        done++;
    ensure(status != STATUS_OK || done == count);
    take_done(collector, done);
    if (status == STATUS_OK || done > 0)
        end_hold(collector);
    if (status == STATUS_AGAIN)
        batch->retry_at = instant_add(collector->now, (struct span){BUSY_RETRY_US});
    else if (status == STATUS_CLOSED)
        end(collector);
    else if (status != STATUS_OK)
        hold(collector);
    return status == STATUS_OK;
}

static bool is_paused(const struct collector *collector)
{
    return !instant_has_come(collector->batch.retry_at, collector->now);
}

static bool may_go(const struct collector *collector)
{
    return !is_paused(collector) && collect_may_write(collector->collect, collector->now);
}

static bool is_due(const struct collector *collector)
{
    const struct batch *batch = &collector->batch;
    if (batch->count == 0)
        return false;
    struct instant flush_at =
        instant_add(batch->first_at, conf_span(collector->setup.conf, "flush.interval.ms"));
    return batch->is_flush || batch_room(collector) == 0 ||
           instant_has_come(flush_at, collector->now);
}

void batch_run(struct collector *collector)
{
    collector_clock(collector); // a write is begun by what is left of the lease now (S3)
    struct instant end = instant_add(collector->now, span_of_ms(TURN_MS_MAX));
    for (int i = 0; i < WRITES_MAX && instant_is_before(collector->now, end); i++) {
        if (!may_go(collector))
            break;
        readers_drain(collector);
        if (!is_due(collector) || !write_once(collector))
            break;
        collector_clock(collector);
    }
    readers_set_draining(collector, may_go(collector) && batch_room(collector) > 0);
}

struct instant batch_deadline(const struct collector *collector)
{
    const struct batch *batch = &collector->batch;
    if (batch->count == 0)
        return INSTANT_NEVER;
    if (is_paused(collector))
        return batch->retry_at;
    if (!collect_may_write(collector->collect, collector->now))
        return INSTANT_NEVER; // the next acknowledged beat wakes
    if (is_due(collector))
        return collector->now;
    return instant_add(batch->first_at, conf_span(collector->setup.conf, "flush.interval.ms"));
}
