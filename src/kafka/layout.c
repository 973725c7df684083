// SPDX-License-Identifier: Apache-2.0
//
// Why the settings are what they are:
// - LogAppendTime: Kafka refuses records of clocks that are more than an hour ahead, and every
// instant
//   in the cell is then one clock's.
// - A segment that is written to is neither compacted nor expired, so short-lived and compacted
// topics
//   roll theirs early.
// - An unclean election would bring back a leader's past.
#include "kafka/layout.h"

#include "base/ensure.h"

#define SETTING(name, value)                                                                       \
    {                                                                                              \
        {name, sizeof(name) - 1},                                                                  \
        {                                                                                          \
            value, sizeof(value) - 1                                                               \
        }                                                                                          \
    }
#define COUNT(array) (uint32_t)(sizeof(array) / sizeof(array)[0])

// The first REQUIRED settings of every topic are those without which it is refused.
#define REQUIRED 3
#define DELETED                                                                                    \
    SETTING("cleanup.policy", "delete"), SETTING("message.timestamp.type", "LogAppendTime"),       \
        SETTING("unclean.leader.election.enable", "false")
#define COMPACTED                                                                                  \
    SETTING("cleanup.policy", "compact"), SETTING("message.timestamp.type", "LogAppendTime"),      \
        SETTING("unclean.leader.election.enable", "false")

static const struct kafka_property inputs[] = {DELETED, SETTING("retention.ms", "2592000000")};
static const struct kafka_property beats[] = {DELETED, SETTING("retention.ms", "3600000"),
                                              SETTING("segment.ms", "600000")};
static const struct kafka_property truths[] = {
    COMPACTED,
    SETTING("segment.bytes", "67108864"),
    SETTING("segment.ms", "3600000"),
    SETTING("min.cleanable.dirty.ratio", "0.2"),
    SETTING("max.compaction.lag.ms", "3600000"),
    SETTING("delete.retention.ms", "86400000"),
};
static const struct kafka_property refused[] = {DELETED, SETTING("retention.ms", "1209600000"),
                                                SETTING("max.message.bytes", "2097152")};
static const struct kafka_property told[] = {DELETED, SETTING("retention.ms", "604800000")};

struct row {
    const char *name;
    uint32_t partitions;
    const struct kafka_property *settings;
    uint32_t setting_count;
};

static const struct row rows[KAFKA_CELL_TOPICS] = {
    [KAFKA_CELL_CONTROL] = {"control", 1, inputs, COUNT(inputs)},
    [KAFKA_CELL_ORDERS] = {"orders", 1, inputs, COUNT(inputs)},
    [KAFKA_CELL_MEMBERS] = {"members", 1, beats, COUNT(beats)},
    [KAFKA_CELL_REPORTS] = {"reports", 1, beats, COUNT(beats)},
    [KAFKA_CELL_STATE] = {"state", 1, truths, COUNT(truths)},
    [KAFKA_CELL_ASSIGNMENTS] = {"assignments", KAFKA_ASSIGNMENTS_PARTITIONS, truths, COUNT(truths)},
    [KAFKA_CELL_DEADLETTER] = {"deadletter", 1, refused, COUNT(refused)},
    [KAFKA_CELL_EVENTS] = {"events", 1, told, COUNT(told)},
};

static const struct row *row_of(enum kafka_cell_topic topic)
{
    ensure((unsigned)topic < KAFKA_CELL_TOPICS);
    return &rows[topic];
}

const char *kafka_layout_name(enum kafka_cell_topic topic)
{
    return row_of(topic)->name;
}

void kafka_layout_print(enum kafka_cell_topic topic, struct text prefix, struct buffer *name)
{
    buffer_add_text(name, prefix);
    buffer_add_char(name, '.');
    buffer_add_string(name, row_of(topic)->name);
}

struct kafka_new_topic kafka_layout_plan(enum kafka_cell_topic topic, struct text name)
{
    const struct row *row = row_of(topic);
    return (struct kafka_new_topic){name, row->partitions, row->settings, row->setting_count};
}

enum status kafka_layout_check(enum kafka_cell_topic topic, struct text name, uint32_t expected,
                               uint32_t partitions, struct buffer *fault)
{
    (void)row_of(topic);
    if (partitions == expected)
        return STATUS_OK;
    buffer_print(fault,
                 "topic '%.*s' has %u partitions and must have %u; a cell's partitions cannot be "
                 "changed once it was created",
                 TEXT_ARGS(name), partitions, expected);
    return STATUS_INVALID;
}

static const struct kafka_topic_setting *find_setting(const struct kafka_reply *described,
                                                      struct text topic, struct text name)
{
    for (uint32_t i = 0; i < described->setting_count; i++)
        if (text_equal(described->settings[i].name, name) &&
            text_equal(described->settings[i].topic, topic))
            return &described->settings[i];
    return NULL;
}

enum status kafka_layout_check_settings(enum kafka_cell_topic topic, struct text name,
                                        const struct kafka_reply *described, struct buffer *fault)
{
    const struct row *row = row_of(topic);
    for (uint32_t i = 0; i < REQUIRED; i++) {
        const struct kafka_property *wanted = &row->settings[i];
        const struct kafka_topic_setting *found = find_setting(described, name, wanted->name);
        if (found && text_equal(found->value, wanted->value))
            continue;
        buffer_print(fault,
                     "topic '%.*s' has %.*s=%.*s and must have %.*s; set it with kafka-configs.sh "
                     "--alter --topic %.*s --add-config %.*s=%.*s",
                     TEXT_ARGS(name), TEXT_ARGS(wanted->name),
                     TEXT_ARGS(found ? found->value : text_of("(unknown)")),
                     TEXT_ARGS(wanted->value), TEXT_ARGS(name), TEXT_ARGS(wanted->name),
                     TEXT_ARGS(wanted->value));
        return STATUS_INVALID;
    }
    return STATUS_OK;
}
