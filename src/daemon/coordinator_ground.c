// SPDX-License-Identifier: Apache-2.0
//
// From nothing to a cell: which cluster this is, whether the eight topics are there and as they
// have to be. What is missing is created, what is wrong is refused by name. Kafka may be away:
// every question is asked again until it is answered. Partitions that are added later are refused
// too, as they would be at the next start: what is written into them is read by nobody, and a
// collector that starts now looks for its assignments where nobody writes them. So is another
// cluster behind the same address.
#include <string.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "daemon/coordinator_inner.h"

enum { RETRY_MS = 1000, WATCH_MS = 10000, MEMBERS_BACK = 10000 };

static struct kafka_ask ground_ask(struct coordinator *coordinator)
{
    coordinator->ground.is_asked = true;
    return (struct kafka_ask){.number = ASK_GROUND, .patience = span_of_ms(ASK_TIMEOUT_MS)};
}

static uint32_t partitions_wanted(const struct coordinator *coordinator, int topic)
{
    return topic == KAFKA_CELL_ASSIGNMENTS
               ? (uint32_t)conf_int(coordinator->conf, "assignments.partitions")
               : 1;
}

static enum status topics_create(struct coordinator *coordinator)
{
    struct kafka_new_topic topics[KAFKA_CELL_TOPICS];
    uint32_t count = 0;
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        if (!coordinator->ground.is_missing[i])
            continue;
        topics[count] =
            kafka_layout_plan((enum kafka_cell_topic)i, text_of(coordinator->topics[i]));
        topics[count++].partitions = partitions_wanted(coordinator, i);
    }
    return kafka_admin_create_topics(coordinator->admin, ground_ask(coordinator), topics, count);
}

void ground_turn(struct coordinator *coordinator, struct instant now)
{
    struct ground *ground = &coordinator->ground;
    struct text names[KAFKA_CELL_TOPICS];
    enum status status = STATUS_OK;
    if (ground->is_asked || !instant_has_come(ground->again, now))
        return;
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++)
        names[i] = text_of(coordinator->topics[i]);
    if (ground->stage == GROUND_CLUSTER)
        status = kafka_admin_describe_cluster(coordinator->admin, ground_ask(coordinator));
    else if (ground->stage == GROUND_TOPICS || ground->stage == GROUND_DONE)
        status = kafka_admin_find_topics(coordinator->admin, ground_ask(coordinator), names,
                                         KAFKA_CELL_TOPICS);
    else if (ground->stage == GROUND_CREATE)
        status = topics_create(coordinator);
    else if (ground->stage == GROUND_ENDS || ground->stage == GROUND_STARTS)
        status = kafka_admin_find_offsets(
            coordinator->admin, ground_ask(coordinator),
            ground->stage == GROUND_ENDS ? KAFKA_END : KAFKA_START,
            &(struct kafka_partition){.topic = names[KAFKA_CELL_MEMBERS]}, 1);
    else
        status = kafka_admin_describe_topics(coordinator->admin, ground_ask(coordinator), names,
                                             KAFKA_CELL_TOPICS);
    if (status) {
        ground->is_asked = false;
        ground->again = instant_add(now, span_of_ms(RETRY_MS));
    }
}

struct instant ground_deadline(const struct coordinator *coordinator)
{
    const struct ground *ground = &coordinator->ground;
    return ground->is_asked ? INSTANT_NEVER : ground->again;
}

// ---- The deciding part begins.

static void control_make(struct coordinator *coordinator)
{
    const struct conf *conf = coordinator->conf;
    struct control_options options = {
        .prefix = text_of(conf_text(conf, "prefix")),
        .id = text_of(coordinator->id),
        .incarnation = text_of(coordinator->incarnation),
        .lineage = text_of(coordinator->lineage),
        .cluster_id = text_of(coordinator->ground.cluster_id),
        .default_pool = text_of(conf_text(conf, "pool")),
        .info = {.host = text_of(coordinator->host),
                 .pid = (int64_t)getpid(),
                 .version = TEXT_LITERAL(MUSTER_VERSION),
                 .address = coordinator->http ? text_of(http_server_address(coordinator->http))
                                              : (struct text){0}},
        .hash_seed = (uint64_t)loop_now().us ^ (uint64_t)(uintptr_t)coordinator,
        .beat_interval = conf_span(conf, "beat.interval.ms"),
        .leader_timeout = conf_span(conf, "leader.timeout.ms"),
        .publish_interval = conf_span(conf, "publish.interval.ms"),
        .lease_ms = conf_int(conf, "lease.ms"),
        .agent_topics_max = conf_int(conf, "agent.topics.max"),
        .assignments_partitions = (int32_t)coordinator->ground.partitions,
        .events_enabled = conf_bool(conf, "events.enabled"),
    };
    coordinator->control = control_create(&options);
}

// What has been said in members is listened to from its beginning where that is near; who is named
// there by another lineage may still read (S1).
static void ground_done(struct coordinator *coordinator)
{
    struct ground *ground = &coordinator->ground;
    bool is_all = ground->members_start == 0 && ground->members_end <= MEMBERS_BACK;
    const struct kafka_assignment start[] = {
        {.topic = text_of(coordinator->topics[KAFKA_CELL_MEMBERS]),
         .offset = is_all ? 0 : ground->members_end,
         .tag = KAFKA_CELL_MEMBERS},
        {.topic = text_of(coordinator->topics[KAFKA_CELL_REPORTS]),
         .offset = KAFKA_END,
         .tag = KAFKA_CELL_REPORTS},
    };
    ground->stage = GROUND_DONE;
    ground->again = instant_add(loop_now(), span_of_ms(WATCH_MS));
    control_make(coordinator);
    if (kafka_consumer_assign(coordinator->members, start, 2) != STATUS_OK) {
        coordinator_fail(coordinator, "cannot read '%s'", coordinator->topics[KAFKA_CELL_MEMBERS]);
        return;
    }
    feed_state_from(coordinator, 0);
    coordinator_step(coordinator,
                     &(struct control_event){.kind = CONTROL_STARTED, .is_past = !is_all});
}

// ---- Answers.

// Any number of partitions is fine for assignments at the start; the state remembers which one it
// was.
static bool is_sized(struct coordinator *coordinator, uint32_t topic, uint32_t partitions)
{
    struct buffer fault = {0};
    uint32_t expected = topic == KAFKA_CELL_ASSIGNMENTS ? coordinator->ground.partitions : 1;
    enum status status =
        kafka_layout_check((enum kafka_cell_topic)topic, text_of(coordinator->topics[topic]),
                           expected, partitions, &fault);
    if (status)
        coordinator_fail(coordinator, "%s", buffer_string(&fault));
    buffer_finish(&fault);
    return status == STATUS_OK;
}

static void topics_found(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    struct ground *ground = &coordinator->ground;
    uint32_t missing = 0;
    for (uint32_t i = 0; i < reply->topic_count && i < KAFKA_CELL_TOPICS; i++) {
        const struct kafka_topic *topic = &reply->topics[i];
        ground->is_missing[i] = topic->status == STATUS_NOT_FOUND;
        missing += ground->is_missing[i];
        if (i == KAFKA_CELL_ASSIGNMENTS)
            ground->partitions = topic->partitions;
        if (topic->status == STATUS_OK && !is_sized(coordinator, i, topic->partitions))
            return;
    }
    if (missing == 0) {
        ground->stage =
            conf_bool(coordinator->conf, "topics.check") ? GROUND_SETTINGS : GROUND_ENDS;
        return;
    }
    if (!conf_bool(coordinator->conf, "topics.create")) {
        coordinator_fail(coordinator,
                         "%u of the cell's topics are missing and topics.create is "
                         "false: create them as schemas/README.md says",
                         missing);
        return;
    }
    ground->stage = GROUND_CREATE;
}

static void topics_created(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    for (uint32_t i = 0; i < reply->topic_count; i++) {
        const struct kafka_topic *topic = &reply->topics[i];
        if (topic->status == STATUS_OK)
            coordinator_log(coordinator, "info", "created topic '%.*s'", TEXT_ARGS(topic->name));
        else if (topic->status != STATUS_EXISTS)
            coordinator_log(coordinator, "warning", "cannot create topic '%.*s': %.*s",
                            TEXT_ARGS(topic->name), TEXT_ARGS(topic->text));
    }
    coordinator->ground.stage = GROUND_TOPICS;
    coordinator->ground.again = instant_add(loop_now(), span_of_ms(100));
}

static bool is_described(const struct kafka_reply *reply, const char *topic)
{
    for (uint32_t i = 0; i < reply->setting_count; i++)
        if (text_equals(reply->settings[i].topic, topic))
            return true;
    return false;
}

static void settings_checked(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    struct buffer fault = {0};
    // A broker may not have heard yet of a topic that was created a moment ago.
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++)
        if (!is_described(reply, coordinator->topics[i])) {
            coordinator->ground.again = instant_add(loop_now(), span_of_ms(RETRY_MS));
            return;
        }
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++)
        if (kafka_layout_check_settings((enum kafka_cell_topic)i, text_of(coordinator->topics[i]),
                                        reply, &fault) != STATUS_OK) {
            coordinator_fail(coordinator, "%s", buffer_string(&fault));
            buffer_finish(&fault);
            return;
        }
    coordinator->ground.stage = GROUND_ENDS;
}

static void members_found(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    if (reply->offset_count != 1 || reply->offsets[0].status != STATUS_OK ||
        reply->offsets[0].offset < 0) {
        coordinator->ground.again = instant_add(loop_now(), span_of_ms(RETRY_MS));
        return;
    }
    if (coordinator->ground.stage == GROUND_ENDS) {
        coordinator->ground.members_end = reply->offsets[0].offset;
        coordinator->ground.stage = GROUND_STARTS;
        return;
    }
    coordinator->ground.members_start = reply->offsets[0].offset;
    ground_done(coordinator);
}

// Topics that have gone, and may come back, are no concern of this.
static void topics_watched(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    coordinator->ground.again = instant_add(loop_now(), span_of_ms(WATCH_MS));
    for (uint32_t i = 0; i < reply->topic_count && i < KAFKA_CELL_TOPICS; i++)
        if (reply->topics[i].status == STATUS_OK && reply->topics[i].partitions > 0 &&
            !is_sized(coordinator, i, reply->topics[i].partitions))
            return;
}

// Whoever moves the address to another cluster has moved nothing of the cell: what is known is of
// the first one, and must not be written into the other (S7).
bool ground_has_moved(struct coordinator *coordinator, struct text cluster_id)
{
    const char *known = coordinator->ground.cluster_id;
    if (known[0] == '\0' || cluster_id.size == 0 || text_equals(cluster_id, known))
        return false;
    coordinator_fail(coordinator,
                     "another Kafka cluster ('%.*s') answers at '%s' than the one it began with "
                     "('%s'): it ends, and looks anew when it is started again",
                     TEXT_ARGS(cluster_id), conf_text(coordinator->conf, "kafka.bootstrap.servers"),
                     known);
    return true;
}

void ground_reply(struct coordinator *coordinator, const struct kafka_reply *reply)
{
    struct ground *ground = &coordinator->ground;
    ground->is_asked = false;
    ground->again = loop_now();
    if (reply->status != STATUS_OK) {
        if (reply->status == STATUS_DENIED)
            coordinator_log(coordinator, "error", "not allowed: %.*s", TEXT_ARGS(reply->text));
        ground->again = instant_add(loop_now(), span_of_ms(RETRY_MS));
        return;
    }
    switch (ground->stage) {
    case GROUND_CLUSTER:
        snprintf(ground->cluster_id, sizeof(ground->cluster_id), "%.*s",
                 TEXT_ARGS(reply->cluster_id));
        ground->stage = GROUND_TOPICS;
        break;
    case GROUND_TOPICS:
        topics_found(coordinator, reply);
        break;
    case GROUND_CREATE:
        topics_created(coordinator, reply);
        break;
    case GROUND_SETTINGS:
        settings_checked(coordinator, reply);
        break;
    case GROUND_ENDS:
    case GROUND_STARTS:
        members_found(coordinator, reply);
        break;
    case GROUND_DONE:
        topics_watched(coordinator, reply);
        break;
    }
}
