// SPDX-License-Identifier: Apache-2.0
//
// The tables of a workload: what the lines say about collectors and topics.
#include "cli/workload.h"

#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "cli/output.h"
#include "cli/workload_inner.h"

// So many are queued at most; then they are played without settling.
#define OPS_MAX (1u << 22)

void workload_queue(struct workload *workload, enum workload_op_kind kind, uint32_t row,
                    int64_t value)
{
    workload->ops = array_reserve(workload->ops, &workload->ops_capacity, workload->ops_count + 1,
                                  sizeof(*workload->ops));
    workload->ops[workload->ops_count++] = (struct workload_op){kind, row, value};
}

void workload_free_add(struct workload_free *list, uint32_t row)
{
    list->rows = array_reserve(list->rows, &list->capacity, list->count + 1, sizeof(*list->rows));
    list->rows[list->count++] = row;
}

static enum status refuse(struct buffer *problem, const char *what, struct text name,
                          const char *why)
{
    // Names that are known are printable; others may be anything.
    struct buffer shown = {0};
    output_escape(&shown, (struct text){name.data, name.size < 250 ? name.size : 250});
    buffer_print(problem, "%s '%s' %s", what, buffer_string(&shown), why);
    buffer_finish(&shown);
    return STATUS_INVALID;
}

// ---- Labels.

static void labels_release(struct workload_labels *labels)
{
    memory_release(labels->rows);
    *labels = (struct workload_labels){0};
}

static struct text text_pack(char **at, struct text text)
{
    struct text packed = {*at, text.size};
    if (text.size)
        memcpy(*at, text.data, text.size);
    *at += text.size;
    return packed;
}

static void labels_replace(struct workload_labels *labels, const struct workload_line *line)
{
    uint32_t count = line->labels_count;
    size_t size = count * sizeof(*labels->rows);
    labels_release(labels);
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        size += line->labels[i].key.size + line->labels[i].value.size;
    labels->rows = memory_get(size);
    labels->count = count;
    char *at = (char *)(labels->rows + count);
    for (uint32_t i = 0; i < count; i++) {
        labels->rows[i].key = text_pack(&at, line->labels[i].key);
        labels->rows[i].value = text_pack(&at, line->labels[i].value);
    }
}

static bool labels_are(const struct workload_labels *labels, const struct workload_line *line)
{
    if (labels->count != line->labels_count)
        return false;
    for (uint32_t i = 0; i < labels->count; i++)
        if (!text_equal(labels->rows[i].key, line->labels[i].key) ||
            !text_equal(labels->rows[i].value, line->labels[i].value))
            return false;
    return true;
}

// ---- Collectors.

static uint32_t collector_find(const struct workload *workload, struct text id)
{
    uint32_t at;
    uint64_t hash = hash_keyed(id, 0);
    const struct index *index = &workload->collectors_index;
    for (uint32_t row = index_find(index, hash, &at); row != INDEX_NONE;
         row = index_next(index, hash, &at))
        if (text_equals(id, workload->collectors[row].id))
            return row;
    return WORKLOAD_NONE;
}

// The row of the id, a new one if it was never seen.
static uint32_t collector_row(struct workload *workload, struct text id)
{
    uint32_t row = collector_find(workload, id);
    if (row != WORKLOAD_NONE)
        return row;
    row = workload->collectors_count++;
    workload->collectors = array_reserve(workload->collectors, &workload->collectors_capacity,
                                         row + 1, sizeof(*workload->collectors));
    workload->collectors[row] =
        (struct workload_collector){.id = text_copy(id), .handle = PLAN_NOBODY};
    index_add(&workload->collectors_index, hash_keyed(id, 0), row);
    return row;
}

static enum status collector_take(struct workload *workload, const struct workload_line *line,
                                  struct buffer *problem)
{
    uint32_t row = collector_row(workload, line->id);
    struct workload_collector *collector = &workload->collectors[row];
    if (collector->presence == WORKLOAD_IN)
        return refuse(problem, "collector", line->id, "has joined already");
    bool is_back = collector->presence == WORKLOAD_HELD;
    workload->held -= is_back;
    collector->presence = WORKLOAD_IN;
    collector->is_draining = false;
    collector->units_max = (uint32_t)line->units_max;
    collector->weight_max = line->weight_max;
    labels_replace(&collector->labels, line);
    workload_queue(workload, is_back ? OP_SET : OP_JOIN, row, 0);
    return STATUS_OK;
}

static void collector_go(struct workload *workload, uint32_t row)
{
    workload->collectors[row].presence = WORKLOAD_OUT;
    workload_queue(workload, OP_LEAVE, row, 0);
}

// With a bounce_delay its units wait for it, unless it was emptied on purpose.
static enum status leave_take(struct workload *workload, const struct workload_line *line,
                              struct buffer *problem)
{
    uint32_t row = collector_find(workload, line->id);
    if (row == WORKLOAD_NONE || workload->collectors[row].presence != WORKLOAD_IN)
        return refuse(problem, "collector", line->id, "has not joined");
    struct workload_collector *collector = &workload->collectors[row];
    int64_t delay_ms = workload->policy.bounce_delay_ms;
    if (delay_ms == 0 || collector->is_draining) {
        collector_go(workload, row);
        return STATUS_OK;
    }
    collector->presence = WORKLOAD_HELD;
    collector->held_until_ms = workload->now_ms + delay_ms;
    if (workload->held++ == 0 || collector->held_until_ms < workload->held_deadline_ms)
        workload->held_deadline_ms = collector->held_until_ms;
    workload_queue(workload, OP_SET, row, 0);
    return STATUS_OK;
}

static enum status drain_take(struct workload *workload, const struct workload_line *line,
                              struct buffer *problem)
{
    uint32_t row = collector_find(workload, line->id);
    if (row == WORKLOAD_NONE || workload->collectors[row].presence != WORKLOAD_IN)
        return refuse(problem, "collector", line->id, "has not joined");
    workload->collectors[row].is_draining = true;
    workload_queue(workload, OP_SET, row, 0);
    return STATUS_OK;
}

static enum status time_take(struct workload *workload, const struct workload_line *line,
                             struct buffer *problem)
{
    if (line->at_ms < workload->now_ms) {
        buffer_print(problem, "at_ms goes back: it was %lld already", (long long)workload->now_ms);
        return STATUS_INVALID;
    }
    workload->now_ms = line->at_ms;
    if (workload->held == 0 || workload->held_deadline_ms > workload->now_ms)
        return STATUS_OK;
    workload->held_deadline_ms = INT64_MAX;
    for (uint32_t row = 0; row < workload->collectors_count; row++) {
        const struct workload_collector *collector = &workload->collectors[row];
        if (collector->presence != WORKLOAD_HELD)
            continue;
        if (collector->held_until_ms <= workload->now_ms) {
            workload->held--;
            collector_go(workload, row);
        } else if (collector->held_until_ms < workload->held_deadline_ms) {
            workload->held_deadline_ms = collector->held_until_ms;
        }
    }
    return STATUS_OK;
}

// ---- Topics.

static uint32_t topic_find(const struct workload *workload, struct text name)
{
    uint32_t at;
    uint64_t hash = hash_keyed(name, 0);
    const struct index *index = &workload->topics_index;
    for (uint32_t row = index_find(index, hash, &at); row != INDEX_NONE;
         row = index_next(index, hash, &at))
        if (text_equal(name, workload->topics[row].name))
            return row;
    return WORKLOAD_NONE;
}

static uint32_t topic_units(const struct workload_topic *topic)
{
    return topic->is_withdrawn ? 0 : topic->parts ? topic->parts : 1;
}

// Takes what a topic has into the sums, or out of them.
static void topic_tally(struct workload *workload, const struct workload_topic *topic, int sign)
{
    workload->units_live += (uint32_t)sign * topic_units(topic);
    workload->weight_sum += sign * topic->weight * topic_units(topic);
}

static uint32_t unit_new(struct workload *workload, uint32_t topic, uint32_t part)
{
    uint32_t unit;
    if (workload->units_free.count) {
        unit = workload->units_free.rows[--workload->units_free.count];
    } else {
        unit = workload->units_count++;
        workload->units = array_reserve(workload->units, &workload->units_capacity, unit + 1,
                                        sizeof(*workload->units));
    }
    workload->units[unit] =
        (struct workload_unit){.topic = topic, .part = part, .from = WORKLOAD_NONE};
    const struct workload_topic *row = &workload->topics[topic];
    workload_queue(workload, row->labels.count ? OP_ADD : OP_ADD_PLAIN, unit, row->weight);
    return unit;
}

static void unit_remove(struct workload *workload, uint32_t unit)
{
    workload_free_add(&workload->units_free, unit);
    workload_queue(workload, OP_REMOVE, unit, 0);
}

// Makes the units that are missing.
static void topic_grow(struct workload *workload, uint32_t row)
{
    struct workload_topic *topic = &workload->topics[row];
    if (topic->parts == 0 && topic->unit == WORKLOAD_NONE)
        topic->unit = unit_new(workload, row, WORKLOAD_NONE);
    if (topic->parts <= topic->parts_made)
        return;
    topic->units = memory_resize(topic->units, topic->parts * sizeof(*topic->units));
    for (; topic->parts_made < topic->parts; topic->parts_made++)
        topic->units[topic->parts_made] = unit_new(workload, row, topic->parts_made);
}

// Removes those that are too many.
static void topic_tidy(struct workload *workload, uint32_t row)
{
    struct workload_topic *topic = &workload->topics[row];
    uint32_t parts = topic->is_withdrawn ? 0 : topic->parts;
    topic->is_untidy = false;
    if (topic->unit != WORKLOAD_NONE && (topic->is_withdrawn || topic->parts)) {
        unit_remove(workload, topic->unit);
        topic->unit = WORKLOAD_NONE;
    }
    while (topic->parts_made > parts)
        unit_remove(workload, topic->units[--topic->parts_made]);
    if (!topic->is_withdrawn)
        return;
    index_remove(&workload->topics_index, hash_keyed(topic->name, 0), row);
    workload_free_add(&workload->topics_gone, row);
}

void workload_tidy(struct workload *workload)
{
    for (uint32_t i = 0; i < workload->topics_untidy.count; i++)
        topic_tidy(workload, workload->topics_untidy.rows[i]);
    workload->topics_untidy.count = 0;
}

static void untidy_add(struct workload *workload, uint32_t row)
{
    if (!workload->topics[row].is_untidy)
        workload_free_add(&workload->topics_untidy, row);
    workload->topics[row].is_untidy = true;
}

static uint32_t topic_new(struct workload *workload, const struct workload_line *line)
{
    uint32_t row;
    if (workload->topics_free.count) {
        row = workload->topics_free.rows[--workload->topics_free.count];
    } else {
        row = workload->topics_count++;
        workload->topics = array_reserve(workload->topics, &workload->topics_capacity, row + 1,
                                         sizeof(*workload->topics));
    }
    struct workload_topic *topic = &workload->topics[row];
    *topic = (struct workload_topic){
        .weight = line->weight, .unit = WORKLOAD_NONE, .is_withdrawn = true};
    topic->name = (struct text){text_copy(line->id), line->id.size};
    labels_replace(&topic->labels, line);
    index_add(&workload->topics_index, hash_keyed(line->id, 0), row);
    return row;
}

static void topic_withdraw(struct workload *workload, uint32_t row)
{
    topic_tally(workload, &workload->topics[row], -1);
    workload->topics[row].is_withdrawn = true;
    untidy_add(workload, row);
}

// Announced: what is said now holds. The units that there are keep their collectors.
static void topic_announce(struct workload *workload, uint32_t row,
                           const struct workload_line *line)
{
    struct workload_topic *topic = &workload->topics[row];
    bool is_other = topic->weight != line->weight || !labels_are(&topic->labels, line);
    topic_tally(workload, topic, -1);
    topic->is_withdrawn = false;
    topic->parts = line->is_split ? (uint32_t)line->partitions : 0;
    topic->weight = line->weight;
    topic_tally(workload, topic, 1);
    if (is_other)
        labels_replace(&topic->labels, line);
    if (is_other && topic->unit != WORKLOAD_NONE)
        workload_queue(workload, OP_CHANGE, topic->unit, 0);
    for (uint32_t part = 0; is_other && part < topic->parts_made; part++)
        workload_queue(workload, OP_CHANGE, topic->units[part], 0);
    if (topic->parts < topic->parts_made || (topic->parts && topic->unit != WORKLOAD_NONE))
        untidy_add(workload, row);
    topic_grow(workload, row);
}

static enum status topic_take(struct workload *workload, const struct workload_line *line,
                              struct buffer *problem)
{
    uint32_t units = line->is_split ? (uint32_t)line->partitions : 1;
    uint32_t row = topic_find(workload, line->id);
    uint32_t others = workload->units_live;
    int64_t others_weight = workload->weight_sum;
    if (row != WORKLOAD_NONE) {
        others -= topic_units(&workload->topics[row]);
        others_weight -= workload->topics[row].weight * topic_units(&workload->topics[row]);
    }
    if (units > workload->options.units_max - others) {
        buffer_print(problem, "more than %u topics and partitions", workload->options.units_max);
        return STATUS_INVALID;
    }
    if (line->weight * units > WORKLOAD_WEIGHT_SUM_MAX - others_weight)
        return refuse(problem, "topic", line->id, "makes the sum of all weights too large");
    topic_announce(workload, row == WORKLOAD_NONE ? topic_new(workload, line) : row, line);
    return STATUS_OK;
}

static enum status withdraw_take(struct workload *workload, const struct workload_line *line,
                                 struct buffer *problem)
{
    uint32_t row = topic_find(workload, line->id);
    if (row == WORKLOAD_NONE || workload->topics[row].is_withdrawn)
        return refuse(problem, "topic", line->id, "is not there");
    topic_withdraw(workload, row);
    return STATUS_OK;
}

// ---- Loads.

// The unit of "topic/3", or WORKLOAD_NONE.
static uint32_t part_find(const struct workload *workload, struct text name)
{
    const char *slash = name.size ? memchr(name.data, '/', name.size) : NULL;
    int64_t part = 0;
    if (!slash)
        return WORKLOAD_NONE;
    struct text digits = {slash + 1, (size_t)(name.data + name.size - slash) - 1};
    uint32_t row = topic_find(workload, (struct text){name.data, (size_t)(slash - name.data)});
    if (row == WORKLOAD_NONE || workload->topics[row].is_withdrawn ||
        text_parse_int64(digits, &part) != STATUS_OK || part < 0 ||
        part >= workload->topics[row].parts)
        return WORKLOAD_NONE;
    return workload->topics[row].units[part];
}

static enum status load_one(struct workload *workload, const struct workload_load *load,
                            struct buffer *problem)
{
    uint32_t unit = part_find(workload, load->name);
    uint32_t row = unit == WORKLOAD_NONE ? topic_find(workload, load->name) : WORKLOAD_NONE;
    if (unit == WORKLOAD_NONE && (row == WORKLOAD_NONE || workload->topics[row].is_withdrawn))
        return refuse(problem, "topic", load->name, "is not there");
    const struct workload_topic *topic = unit == WORKLOAD_NONE ? &workload->topics[row] : NULL;
    if (!topic || topic->parts == 0) {
        workload_queue(workload, OP_LOAD, topic ? topic->unit : unit, load->value);
        return STATUS_OK;
    }
    // All of it, as even as whole numbers can be.
    for (uint32_t part = 0; part < topic->parts; part++)
        workload_queue(workload, OP_LOAD, topic->units[part],
                       load->value / topic->parts + (part < load->value % topic->parts));
    return STATUS_OK;
}

static enum status load_take(struct workload *workload, const struct workload_line *line,
                             struct buffer *problem)
{
    for (uint32_t i = 0; i < line->loads_count; i++)
        if (load_one(workload, &line->loads[i], problem) != STATUS_OK)
            return STATUS_INVALID;
    return STATUS_OK;
}

// ---- The whole.

static enum status pool_take(struct workload *workload, const struct workload_line *line,
                             struct buffer *problem)
{
    if (workload->plan) {
        buffer_add_string(problem, "the pool is there already: 'policy' changes it");
        return STATUS_INVALID;
    }
    if (workload_policy_take(workload, line, problem) != STATUS_OK)
        return STATUS_INVALID;
    workload->plan =
        plan_create(workload->table, &(struct plan_options){.policy = &workload->policy});
    return STATUS_OK;
}

static enum status policy_take(struct workload *workload, const struct workload_line *line,
                               struct buffer *problem)
{
    if (workload_policy_take(workload, line, problem) != STATUS_OK)
        return STATUS_INVALID;
    uint32_t row = workload->policies_count++;
    workload->policies = array_reserve(workload->policies, &workload->policies_capacity, row + 1,
                                       sizeof(*workload->policies));
    workload->policies[row] = policy_copy(&workload->policy);
    workload_queue(workload, OP_POLICY, row, 0);
    return STATUS_OK;
}

static enum status line_take(struct workload *workload, struct buffer *out, struct buffer *problem)
{
    const struct workload_line *line = &workload->line;
    struct workload_step step;
    switch (line->kind) {
    case WORKLOAD_POOL:
        return pool_take(workload, line, problem);
    case WORKLOAD_POLICY:
        return policy_take(workload, line, problem);
    case WORKLOAD_COLLECTOR:
        return collector_take(workload, line, problem);
    case WORKLOAD_TOPIC:
        return topic_take(workload, line, problem);
    case WORKLOAD_LEAVE:
        return leave_take(workload, line, problem);
    case WORKLOAD_DRAIN:
        return drain_take(workload, line, problem);
    case WORKLOAD_WITHDRAW:
        return withdraw_take(workload, line, problem);
    case WORKLOAD_LOAD:
        return load_take(workload, line, problem);
    case WORKLOAD_AT:
        return time_take(workload, line, problem);
    case WORKLOAD_SETTLE:
        step = workload_settle(workload);
        workload_print(workload, &step, out);
        return STATUS_OK;
    }
    ensure(!"a kind of line that nobody takes");
    return STATUS_INVALID;
}

enum status workload_take(struct workload *workload, struct text line, struct buffer *out,
                          struct buffer *problem)
{
    buffer_clear(problem);
    if (workload_line_read(&workload->line, line, problem) != STATUS_OK)
        return STATUS_INVALID;
    if (!workload->plan && workload->line.kind != WORKLOAD_POOL) {
        buffer_add_string(problem, "the pool comes first: {\"pool\": {}}");
        return STATUS_INVALID;
    }
    if (line_take(workload, out, problem) != STATUS_OK)
        return STATUS_INVALID;
    if (workload->ops_count >= OPS_MAX)
        workload_play(workload);
    return STATUS_OK;
}

bool workload_has_pool(const struct workload *workload)
{
    return workload->plan != NULL;
}

struct workload *workload_create(const struct workload_options *options)
{
    struct workload *workload = memory_get(sizeof(*workload));
    ensure(options->units_max <= WORKLOAD_UNITS_MAX);
    workload->options = *options;
    workload->table = plan_units_create();
    return workload;
}

static void tables_release(struct workload *workload)
{
    for (uint32_t i = 0; i < workload->collectors_count; i++) {
        memory_release(workload->collectors[i].id);
        labels_release(&workload->collectors[i].labels);
    }
    for (uint32_t i = 0; i < workload->topics_count; i++) {
        memory_release((void *)workload->topics[i].name.data);
        memory_release(workload->topics[i].units);
        labels_release(&workload->topics[i].labels);
    }
    memory_release(workload->collectors);
    memory_release(workload->by_handle);
    memory_release(workload->topics);
    memory_release(workload->topics_free.rows);
    memory_release(workload->topics_untidy.rows);
    memory_release(workload->topics_gone.rows);
    memory_release(workload->units);
    memory_release(workload->units_free.rows);
    memory_release(workload->ops);
    index_finish(&workload->collectors_index);
    index_finish(&workload->topics_index);
}

void workload_destroy(struct workload *workload)
{
    if (workload == NULL)
        return;
    plan_destroy(workload->plan);
    plan_units_destroy(workload->table);
    tables_release(workload);
    workload_policy_finish(workload);
    workload_line_finish(&workload->line);
    memory_release(workload);
}
