// SPDX-License-Identifier: Apache-2.0
//
// Happy path: read the members topic from its end → the leader's beat → its address. A standby's
// address is kept meanwhile. Failures: no broker (the watch knows why), or nobody beats.

#include "cli/locate.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "daemon/kafka_settings.h"
#include "kafka/config.h"
#include "kafka/consumer.h"
#include "kafka/watch.h"
#include "wire/wire.h"

#define RECORDS_MAX 256
#define PATIENCE_MS 1500 // how long a leader is preferred to a standby that was heard

struct search {
    struct kafka_consumer *consumer;
    struct kafka_watch *watch;
    struct arena arena;
    struct buffer address; // of the coordinator to take; empty = none was heard
    bool is_leader;
    struct instant deadline;
    struct buffer *problem;
};

static struct instant now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (struct instant){(int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000};
}

static enum status search_begin(struct search *search, const struct conf *conf)
{
    struct kafka_settings settings = {.watch = search->watch};
    struct kafka_consumer_options options = {.fetch_wait_ms = 50};
    struct buffer topic = {0};
    kafka_settings_load(&settings, conf);
    enum status status =
        kafka_consumer_create(&settings, &options, search->problem, &search->consumer);
    kafka_settings_finish(&settings);
    buffer_print(&topic, "%s.members", conf_text(conf, "prefix"));
    struct kafka_assignment assignment = {.topic = buffer_text(&topic), .offset = KAFKA_END};
    if (status == STATUS_OK) {
        status = kafka_consumer_assign(search->consumer, &assignment, 1);
        if (status != STATUS_OK)
            buffer_print(search->problem, "cannot read '%s': %s", buffer_string(&topic),
                         status_text(status));
    }
    buffer_finish(&topic);
    return status;
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
        text_equals(beat->state, "leaving") || (search->address.size && !is_leader))
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

static void print_log(const struct invocation *invocation, struct kafka_watch *watch)
{
    struct buffer line = {0};
    while (invocation->is_verbose && kafka_watch_next(watch, &line)) {
        fprintf(invocation->cli->err, "kafka: %s\n", buffer_string(&line));
        buffer_clear(&line);
    }
    buffer_finish(&line);
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
        print_log(invocation, search->watch);
    }
}

static enum status search_explain(struct search *search, const struct conf *conf)
{
    if (kafka_watch_reach(search->watch, search->problem) != STATUS_OK) {
        buffer_add_string(search->problem, ": is it running? -b HOST:PORT says where it is");
        return STATUS_UNREACHABLE;
    }
    buffer_print(search->problem,
                 "no coordinator of the cell '%s' was heard within %lld ms: 'muster coordinator "
                 "run' starts one, --api asks one directly",
                 conf_text(conf, "prefix"), (long long)conf_int(conf, "timeout.ms"));
    return STATUS_TIMEOUT;
}

static enum status search_beats(const struct invocation *invocation, struct buffer *ret_url,
                                struct buffer *problem)
{
    const struct conf *conf = invocation->conf;
    struct search search = {
        .watch = kafka_watch_create(text_of(conf_text(conf, "kafka.bootstrap.servers"))),
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
