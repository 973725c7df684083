// SPDX-License-Identifier: Apache-2.0
//
// Happy path: read the members topic from a moment ago on → the leader's beat → its address, at
// once if it answers there. A standby's address is kept meanwhile. Failures: no broker (the watch
// knows why), or nobody beats.

#include "cli/locate.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "cli/kafka_tell.h"
#include "daemon/kafka_settings.h"
#include "kafka/admin.h"
#include "kafka/config.h"
#include "kafka/consumer.h"
#include "kafka/watch.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "wire/wire.h"

#define RECORDS_MAX 256
#define PATIENCE_MS 1500           // how long a leader is preferred to a standby that was heard
#define LOOK_BACK_MS 3000          // beats that are older say nothing
#define LOOK_BACK_PATIENCE_MS 1000 // to find where they begin
#define PROBE_MS 500

struct search {
    struct kafka_consumer *consumer;
    struct kafka_watch *watch;
    struct arena arena;
    struct buffer address; // of the coordinator to take; empty = none was heard
    bool is_leader;
    struct buffer silent; // of a leader whose old beat was read and who does not answer
    int64_t begun_ms;     // wall clock; what is older is an old beat
    struct instant deadline;
    struct buffer *problem;
};

static struct instant now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (struct instant){(int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000};
}

// Where the beats of a moment ago begin; the end of the topic where Kafka does not say, so that
// beats are waited for. STATUS_NOT_FOUND: there is no such topic.
static enum status begin_find(const struct search *search, const struct conf *conf,
                              const struct kafka_settings *settings, struct text topic,
                              int64_t *ret_offset)
{
    struct kafka_admin *admin = NULL;
    struct kafka_partition partition = {.topic = topic};
    struct buffer fault = {0};
    struct span patience = conf_span(conf, "timeout.ms");
    struct kafka_ask ask = {.patience = span_of_ms(LOOK_BACK_PATIENCE_MS)};
    if (patience.us / 2 < ask.patience.us)
        ask.patience = (struct span){patience.us / 2};
    bool is_missing = false;
    enum status status =
        kafka_admin_create(settings, &(struct kafka_admin_options){0}, &fault, &admin);
    if (status == STATUS_OK)
        status =
            kafka_admin_find_offsets(admin, ask, search->begun_ms - LOOK_BACK_MS, &partition, 1);
    struct kafka_reply *reply = status == STATUS_OK ? kafka_admin_wait(admin, ask.patience) : NULL;
    if (reply != NULL && reply->status == STATUS_OK && reply->offset_count == 1) {
        is_missing = reply->offsets[0].status == STATUS_NOT_FOUND;
        if (reply->offsets[0].status == STATUS_OK && reply->offsets[0].offset >= 0)
            *ret_offset = reply->offsets[0].offset;
    }
    kafka_reply_release(reply);
    if (admin != NULL)
        (void)kafka_admin_destroy(admin, span_of_ms(0));
    buffer_finish(&fault);
    return is_missing ? STATUS_NOT_FOUND : STATUS_OK;
}

static enum status search_begin(struct search *search, const struct conf *conf)
{
    struct kafka_settings settings = {.watch = search->watch};
    struct kafka_consumer_options options = {.fetch_wait_ms = 50};
    struct buffer topic = {0};
    kafka_settings_load(&settings, conf);
    enum status status =
        kafka_consumer_create(&settings, &options, search->problem, &search->consumer);
    buffer_print(&topic, "%s.members", conf_text(conf, "prefix"));
    struct kafka_assignment assignment = {.topic = buffer_text(&topic), .offset = KAFKA_END};
    if (status == STATUS_OK)
        status = begin_find(search, conf, &settings, buffer_text(&topic), &assignment.offset);
    kafka_settings_finish(&settings);
    if (status == STATUS_NOT_FOUND) {
        buffer_print(search->problem,
                     "there is no topic '%s': 'muster coordinator run' creates the topics of a "
                     "cell, --prefix names another cell",
                     buffer_string(&topic));
    } else if (status == STATUS_OK) {
        status = kafka_consumer_assign(search->consumer, &assignment, 1);
        if (status != STATUS_OK)
            buffer_print(search->problem, "cannot read '%s': %s", buffer_string(&topic),
                         status_text(status));
    }
    buffer_finish(&topic);
    return status;
}

static bool answers(struct text address)
{
    struct http_client_answer reply = {0};
    struct buffer url = {0}, problem = {0};
    buffer_print(&url, "http://%.*s/livez", TEXT_ARGS(address));
    struct http_client_request request = {.url = buffer_string(&url),
                                          .timeout = span_of_ms(PROBE_MS)};
    bool is_there = http_client_fetch(&request, &reply, &problem) == STATUS_OK && reply.code == 200;
    http_client_answer_finish(&reply);
    buffer_finish(&url);
    buffer_finish(&problem);
    return is_there;
}

// Whoever beat a moment ago may be dead: asked once, then only a new beat counts.
static bool is_silent(struct search *search, const struct kafka_record *record, struct text address)
{
    if (record->timestamp_ms >= search->begun_ms)
        return false;
    if (text_equal(buffer_text(&search->silent), address))
        return true;
    if (answers(address))
        return false;
    buffer_clear(&search->silent);
    buffer_add_text(&search->silent, address);
    return true;
}

// A record of the members topic: is it a coordinator with an API, and better than the one in hand?
static void take_record(struct search *search, const struct kafka_record *record)
{
    struct wire_record decoded;
    if (record->kind != KAFKA_RECORD || search->is_leader ||
        wire_decode(record->value, &search->arena, NULL, &decoded, NULL) != STATUS_OK ||
        decoded.kind != RECORD_BEAT)
        return;
    const struct beat *beat = decoded.record;
    bool is_leader = text_equals(beat->state, "leading");
    if (!text_equals(beat->role, "coordinator") || beat->info.address.size == 0 ||
        text_equals(beat->state, "leaving") || (search->address.size && !is_leader) ||
        is_silent(search, record, beat->info.address))
        return;
    if (search->address.size == 0) {
        struct instant patience = instant_add(now(), span_of_ms(PATIENCE_MS));
        search->deadline = instant_earlier(search->deadline, patience);
    }
    search->is_leader = is_leader;
    buffer_clear(&search->address);
    buffer_add_text(&search->address, beat->info.address);
}

static void take_records(struct search *search)
{
    struct kafka_record records[RECORDS_MAX];
    uint32_t count = kafka_consumer_poll(search->consumer, records, RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        take_record(search, &records[i]);
    kafka_consumer_release(search->consumer, records, count);
    arena_clear(&search->arena);
}

// Until the leader was heard or the deadline has come.
static void search_run(struct search *search, const struct invocation *invocation)
{
    while (!search->is_leader) {
        int64_t left_ms = span_ms(instant_since(search->deadline, now()));
        if (left_ms <= 0)
            break;
        struct pollfd fd = {.fd = kafka_consumer_fd(search->consumer), .events = POLLIN};
        poll(&fd, 1, left_ms > 1000 ? 1000 : (int)left_ms);
        take_records(search);
        kafka_tell_log(invocation, search->watch);
    }
}

static enum status search_explain(struct search *search, const struct conf *conf)
{
    if (kafka_watch_explain(search->watch, search->problem) != STATUS_OK) {
        buffer_add_string(search->problem, " -b HOST:PORT says where it is");
        return STATUS_UNREACHABLE;
    }
    buffer_print(search->problem, "no coordinator of the cell '%s' was heard within %lld ms",
                 conf_text(conf, "prefix"), (long long)conf_int(conf, "timeout.ms"));
    if (search->silent.size > 0)
        buffer_print(search->problem, ", and the last one, at %s, does not answer",
                     buffer_string(&search->silent));
    buffer_add_string(search->problem,
                      ": 'muster coordinator run' starts one, --api asks one directly");
    return STATUS_UNREACHABLE;
}

static enum status search_beats(const struct invocation *invocation, struct buffer *ret_url,
                                struct buffer *problem)
{
    const struct conf *conf = invocation->conf;
    struct search search = {
        .watch = kafka_watch_create(text_of(conf_text(conf, "kafka.bootstrap.servers"))),
        .begun_ms = loop_wall_ms(),
        .deadline = instant_add(now(), conf_span(conf, "timeout.ms")),
        .problem = problem,
    };
    enum status status = search_begin(&search, conf);
    if (status == STATUS_OK)
        search_run(&search, invocation);
    if (search.address.size)
        buffer_print(ret_url, "http://%s", buffer_string(&search.address));
    else if (status == STATUS_OK)
        status = search_explain(&search, conf);
    // The command is over in a moment, so nobody waits for the handle to end.
    enum status ended = kafka_consumer_destroy(search.consumer, span_of_ms(0));
    (void)ended;
    kafka_watch_destroy(search.watch);
    arena_finish(&search.arena);
    buffer_finish(&search.address);
    buffer_finish(&search.silent);
    return status;
}

enum status locate_api(const struct invocation *invocation, struct buffer *ret_url,
                       struct buffer *problem)
{
    const char *url = conf_text(invocation->conf, "api.url");
    if (url[0]) {
        buffer_add_string(ret_url, url);
        return STATUS_OK;
    }
    return search_beats(invocation, ret_url, problem);
}
