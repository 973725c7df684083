// SPDX-License-Identifier: Apache-2.0
//
// Who is still there: the pools in the state, and whoever beats in the members. Both are read
// without writing anything, from what Kafka has and a little longer.

#include <poll.h>
#include <string.h>

#include "base/memory.h"
#include "cli/site.h"
#include "kafka/consumer.h"
#include "net/loop.h"
#include "proto/key.h"
#include "wire/wire.h"

#define RECORDS_MAX 256
#define LOOK_BACK_MS                                                                               \
    60000               // beats of the last minute are looked at, or of a lease if that is longer
#define BEATS_AWAITED 3 // beat intervals that somebody who lives may take

// A life that was heard.
struct life {
    char name[256]; // "collector 'a'"
    char incarnation[33];
    int64_t until_ms; // wall clock: end of the lease that its newest beat began
};

struct look {
    struct site *site;
    struct kafka_consumer *consumer;
    struct arena arena;
    struct site_pools *pools; // NULL while listening
    struct life *lives;
    uint32_t lives_count, lives_capacity;
    bool is_ended; // the end of the topic was reached
};

static enum exit_code look_open(struct look *look, struct site *site, enum kafka_cell_topic topic,
                                int64_t offset)
{
    struct buffer problem = {0};
    struct kafka_settings settings = site_settings(site);
    struct kafka_consumer_options options = {.has_end_events = true, .fetch_wait_ms = 50};
    struct kafka_assignment assignment = {.topic = buffer_text(&site->names[topic]),
                                          .offset = offset};
    enum exit_code code = EXIT_DONE;
    *look = (struct look){.site = site};
    enum status status = kafka_consumer_create(&settings, &options, &problem, &look->consumer);
    if (status == STATUS_OK)
        status = kafka_consumer_assign(look->consumer, &assignment, 1);
    if (status != STATUS_OK)
        code = invocation_fail(site->invocation, exit_code_of(status), "cannot read '%s': %s",
                               buffer_string(&site->names[topic]),
                               problem.size > 0 ? buffer_string(&problem) : status_text(status));
    kafka_settings_finish(&settings);
    buffer_finish(&problem);
    return code;
}

static void look_close(struct look *look)
{
    (void)kafka_consumer_destroy(look->consumer, span_of_ms(0));
    arena_finish(&look->arena);
    memory_release(look->lives);
}

// ---- Pools.

void site_pools_finish(struct site_pools *pools)
{
    for (uint32_t i = 0; i < pools->count; i++)
        buffer_finish(&pools->names[i]);
    memory_release(pools->names);
}

static void pool_note(struct site_pools *pools, struct text name)
{
    for (uint32_t i = 0; i < pools->count; i++)
        if (text_equal(name, buffer_text(&pools->names[i])))
            return;
    pools->names =
        array_reserve(pools->names, &pools->capacity, pools->count + 1, sizeof(*pools->names));
    pools->names[pools->count] = (struct buffer){0};
    buffer_add_text(&pools->names[pools->count++], name);
}

static void state_take(struct look *look, const struct kafka_record *record)
{
    struct state_key key;
    if (state_key_parse(record->key, &key) == STATUS_OK && key.kind == RECORD_STATE_POOL)
        pool_note(look->pools, key.pool);
}

// ---- Lives.

static struct life *life_of(struct look *look, struct text incarnation)
{
    for (uint32_t i = 0; i < look->lives_count; i++)
        if (text_equals(incarnation, look->lives[i].incarnation))
            return &look->lives[i];
    look->lives = array_reserve(look->lives, &look->lives_capacity, look->lives_count + 1,
                                sizeof(*look->lives));
    struct life *life = &look->lives[look->lives_count++];
    *life = (struct life){0};
    snprintf(life->incarnation, sizeof(life->incarnation), "%.*s", TEXT_ARGS(incarnation));
    return life;
}

static void member_take(struct look *look, const struct kafka_record *record)
{
    struct wire_record decoded;
    if (record->is_value_null ||
        wire_decode(record->value, &look->arena, NULL, &decoded, NULL) != STATUS_OK)
        return;
    if (decoded.kind == RECORD_DEATH) {
        life_of(look, ((const struct death *)decoded.record)->incarnation)->until_ms = 0;
        return;
    }
    if (decoded.kind != RECORD_BEAT)
        return;
    const struct beat *beat = decoded.record;
    struct life *life = life_of(look, beat->incarnation);
    bool is_leaving = text_equals(beat->state, "leaving");
    life->until_ms = is_leaving ? 0 : record->timestamp_ms + beat->lease_ms;
    snprintf(life->name, sizeof(life->name), "%.*s '%.*s'", TEXT_ARGS(beat->role),
             TEXT_ARGS(beat->id));
}

// ---- Reading.

static enum exit_code fault_tell(struct look *look, const struct kafka_record *record)
{
    return invocation_fail(look->site->invocation, exit_code_of(record->status),
                           "cannot read '%.*s': %.*s", TEXT_ARGS(record->topic),
                           TEXT_ARGS(record->text));
}

static enum exit_code records_take(struct look *look)
{
    struct kafka_record records[RECORDS_MAX];
    enum exit_code code = EXIT_DONE;
    uint32_t count = kafka_consumer_poll(look->consumer, records, RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (records[i].kind == KAFKA_END_OF_PARTITION)
            look->is_ended = true;
        else if (records[i].kind == KAFKA_OFFSET_LOST)
            code = fault_tell(look, &records[i]);
        else if (records[i].kind == KAFKA_RECORD && look->pools != NULL)
            state_take(look, &records[i]);
        else if (records[i].kind == KAFKA_RECORD)
            member_take(look, &records[i]);
    }
    kafka_consumer_release(look->consumer, records, count);
    arena_clear(&look->arena);
    return code;
}

// Reads until the end of the topic and `least` have come; a topic whose end does not come within
// timeout.ms after that is not readable.
static enum exit_code look_run(struct look *look, struct span least)
{
    const struct conf *conf = look->site->invocation->conf;
    struct instant until = instant_add(loop_now(), least);
    struct instant deadline = instant_add(until, conf_span(conf, "timeout.ms"));
    enum exit_code code = EXIT_DONE;
    while (code == EXIT_DONE && !(look->is_ended && instant_has_come(until, loop_now()))) {
        struct instant next = look->is_ended ? until : deadline;
        int64_t left_ms = span_ms(instant_since(next, loop_now()));
        if (!look->is_ended && left_ms <= 0)
            return invocation_fail(look->site->invocation, EXIT_TIMEOUT,
                                   "the end of a topic of the cell was not reached in time");
        struct pollfd fd = {.fd = kafka_consumer_fd(look->consumer), .events = POLLIN};
        (void)poll(&fd, 1, left_ms < 1 ? 1 : left_ms > 100 ? 100 : (int)left_ms);
        code = records_take(look);
    }
    return code;
}

enum exit_code site_read_pools(struct site *site, struct site_pools *pools)
{
    struct look look;
    enum exit_code code = look_open(&look, site, KAFKA_CELL_STATE, KAFKA_START);
    look.pools = pools;
    if (code == EXIT_DONE)
        code = look_run(&look, (struct span){0});
    look_close(&look);
    return code;
}

// Where the members begin that may still matter: by time, or at the end if nothing is so young.
static enum exit_code members_find(struct site *site, int64_t *ret_offset)
{
    int64_t lease_ms = conf_int(site->invocation->conf, "lease.ms");
    int64_t since = loop_wall_ms() - (lease_ms > LOOK_BACK_MS ? lease_ms : LOOK_BACK_MS);
    struct kafka_partition partition = {.topic = buffer_text(&site->names[KAFKA_CELL_MEMBERS])};
    enum exit_code code = EXIT_DONE;
    struct kafka_reply *reply = site_reply(
        site, kafka_admin_find_offsets(site->admin, site_ask(site), since, &partition, 1), &code);
    *ret_offset = reply != NULL && reply->offset_count == 1 && reply->offsets[0].offset >= 0
                      ? reply->offsets[0].offset
                      : KAFKA_END;
    kafka_reply_release(reply);
    return code;
}

enum exit_code site_listen(struct site *site)
{
    struct look look = {0};
    int64_t offset = KAFKA_END, interval = conf_int(site->invocation->conf, "beat.interval.ms");
    uint32_t alive = 0;
    enum exit_code code = members_find(site, &offset);
    if (code != EXIT_DONE)
        return code;
    code = look_open(&look, site, KAFKA_CELL_MEMBERS, offset);
    if (code == EXIT_DONE)
        code = look_run(&look, span_of_ms(BEATS_AWAITED * interval));
    for (uint32_t i = 0; code == EXIT_DONE && i < look.lives_count; i++)
        if (look.lives[i].until_ms > loop_wall_ms()) {
            alive++;
            invocation_fail(site->invocation, EXIT_FAILED,
                            "%s lives: stop it, or wait until its lease is over",
                            look.lives[i].name);
        }
    look_close(&look);
    return alive > 0 ? EXIT_FAILED : code;
}
