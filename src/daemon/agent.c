// SPDX-License-Identifier: Apache-2.0
//
// Happy path: look at the source → say the set → Kafka takes it → ready; say it again at the
// interval and at every change; at the end say the empty set. Failures: Kafka away (messages fail
// after a while and the set is said anew), the source cannot be read (the last set stands), the
// goodbye is not taken in time.

#include "daemon/agent.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/agent_say.h"
#include "daemon/kafka_settings.h"
#include "discover/discover.h"
#include "kafka/producer.h"
#include "net/loop.h"
#include "net/notify.h"

#define LOOK_MS 500   // between two looks at the source
#define RETRY_MS 1000 // until what was not taken is said again
#define MESSAGE_TIMEOUT_MS 10000
#define EXTEND_MS 10000
#define CODE_WORK_LEFT 9

struct agent {
    const struct conf *conf;
    FILE *err;
    bool is_verbose;
    char id[256];
    char *topic; // PREFIX.control
    struct text pool;
    struct loop *loop;
    struct loop_watch *watch;
    struct kafka_watch *kafka_watch;
    struct kafka_producer *producer;
    struct discover *source;
    struct notify notify;
    struct span watchdog_interval; // 0 = nobody watches

    struct instant next_look;
    struct instant next_say; // never while nothing is known
    struct instant next_watchdog;
    struct instant next_extend; // of the time to start, until ready
    uint64_t round;             // number of the saying; of a message, the saying it belongs to
    uint64_t round_cleared;     // the last one that said the set's other form away
    bool was_whole;             // how the set was said so far
    bool was_spread;            //
    bool is_failing;            // the source cannot be read
    bool is_unreachable;        // Kafka
    bool is_ready;              // systemd was told
    struct buffer fault;        // of the source, as it was told last
    bool is_stopping;
    bool is_goodbye_said; // all of it is in the producer's queue
    struct instant stop_deadline;
    int exit_code;
};

__attribute__((format(printf, 3, 4))) static void agent_log(struct agent *agent, const char *level,
                                                            const char *format, ...)
{
    va_list arguments;
    if (agent->err == NULL)
        return;
    fprintf(agent->err, "%s: agent '%s': ", level, agent->id);
    va_start(arguments, format);
    vfprintf(agent->err, format, arguments);
    va_end(arguments);
    fputc('\n', agent->err);
    fflush(agent->err);
}

// ---- Looking at the source.

// Says the same trouble once.
static void trouble_tell(struct agent *agent, const char *fault)
{
    if (agent->is_failing && strcmp(buffer_string(&agent->fault), fault) == 0)
        return;
    agent_log(agent, "warning", "%s: %s", fault,
              discover_is_known(agent->source) ? "what was announced before stands"
                                               : "nothing is announced");
    buffer_clear(&agent->fault);
    buffer_add_string(&agent->fault, fault);
}

static void source_look(struct agent *agent, struct instant now)
{
    struct buffer fault = {0};
    if (agent->is_stopping || !instant_has_come(agent->next_look, now))
        return;
    agent->next_look = instant_add(now, span_of_ms(LOOK_MS));
    enum status status = discover_look(agent->source, &fault);
    if (status == STATUS_OK) {
        agent_log(agent, "info", "announces %u topics", discover_count(agent->source));
        agent->next_say = now;
    } else if (status != STATUS_AGAIN) {
        trouble_tell(agent, buffer_string(&fault));
    }
    if (status != STATUS_AGAIN)
        agent->is_failing = status != STATUS_OK;
    buffer_finish(&fault);
}

// ---- Saying.

static void writing_end(struct agent *agent, const char *why)
{
    agent_log(agent, "error", "cannot write any more: %s", why);
    agent->exit_code = 1;
    loop_stop(agent->loop);
}

static bool value_send(void *ctx, struct text value)
{
    struct agent *agent = ctx;
    struct kafka_message message = {
        .topic = text_of(agent->topic), .key = text_of(agent->id), .value = value};
    enum status status = kafka_producer_send(agent->producer, &message, agent->round);
    if (status == STATUS_CLOSED)
        writing_end(agent, "its Kafka client has ended");
    return status == STATUS_OK;
}

// Says the set, or the goodbye. STATUS_OK: all of it is in the producer's queue.
static enum status set_say(struct agent *agent)
{
    struct agent_saying saying = {
        .pool = agent->pool,
        .agent = text_of(agent->id),
        .ttl_ms = conf_int(agent->conf, "agent.ttl.ms"),
        .sent_at_ms = loop_wall_ms(),
        .was_spread = agent->was_spread,
        .was_whole = agent->was_whole,
    };
    bool is_spread = false;
    if (!agent->is_stopping) {
        saying.topics = discover_topics(agent->source);
        saying.count = discover_count(agent->source);
    }
    agent->round++;
    enum status status = agent_say(&saying, value_send, agent, &is_spread);
    // What was said in part was said.
    agent->was_spread = is_spread || (agent->was_spread && status != STATUS_OK);
    agent->was_whole = !is_spread || (agent->was_whole && status != STATUS_OK);
    if (saying.was_spread > agent->was_spread || saying.was_whole > agent->was_whole)
        agent->round_cleared = agent->round;
    return status;
}

static void saying_begin(struct agent *agent, struct instant now)
{
    if (!instant_has_come(agent->next_say, now))
        return;
    agent->next_say = instant_add(now, conf_span(agent->conf, "agent.interval.ms"));
    // What the source does not tell is not repeated; its ttl decides.
    if (agent->is_failing && !agent->is_stopping)
        return;
    enum status status = set_say(agent);
    agent->is_goodbye_said = agent->is_stopping && status == STATUS_OK;
    if (status == STATUS_TOO_LARGE)
        agent_log(agent, "error",
                  "the set is too large to be announced: run several agents with a part each");
    else if (status != STATUS_OK)
        agent->next_say = instant_add(now, span_of_ms(RETRY_MS));
}

static void ready_tell(struct agent *agent)
{
    if (agent->is_ready)
        return;
    agent->is_ready = true;
    notify_ready(&agent->notify);
}

static void deliveries_take(struct agent *agent, struct instant now)
{
    struct kafka_delivery deliveries[64];
    uint32_t count;
    while ((count = kafka_producer_poll(agent->producer, deliveries, 64)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            if (deliveries[i].status == STATUS_OK) {
                ready_tell(agent);
                continue;
            }
            if (deliveries[i].status == STATUS_CLOSED) {
                writing_end(agent, deliveries[i].text);
                return;
            }
            agent_log(agent, "warning", "an announcement was not taken: %s: it is said again",
                      deliveries[i].text);
            agent->is_goodbye_said = false;
            if (deliveries[i].number == agent->round_cleared)
                agent->was_whole = agent->was_spread = true; // it is said away again
            agent->next_say =
                instant_earlier(agent->next_say, instant_add(now, span_of_ms(RETRY_MS)));
        }
    }
}

// ---- The turn.

static void reach_tell(struct agent *agent)
{
    struct buffer text = {0};
    bool is_reached = kafka_watch_reach(agent->kafka_watch, &text) == STATUS_OK;
    if (!is_reached && !agent->is_unreachable)
        agent_log(agent, "warning", "%s: is it running? it is tried again for ever",
                  buffer_string(&text));
    if (is_reached && agent->is_unreachable)
        agent_log(agent, "info", "Kafka is reached again");
    agent->is_unreachable = !is_reached;
    buffer_clear(&text);
    while (kafka_watch_next(agent->kafka_watch, &text)) {
        if (agent->is_verbose)
            agent_log(agent, "debug", "kafka: %s", buffer_string(&text));
        buffer_clear(&text);
    }
    buffer_finish(&text);
}

static void systemd_tell(struct agent *agent, struct instant now)
{
    // Kafka may be away for long, and that is no reason to be started anew.
    if (!agent->is_ready && instant_has_come(agent->next_extend, now)) {
        notify_extend(&agent->notify, span_of_ms(2 * EXTEND_MS));
        agent->next_extend = instant_add(now, span_of_ms(EXTEND_MS));
    }
    if (agent->watchdog_interval.us == 0 || !instant_has_come(agent->next_watchdog, now))
        return;
    notify_watchdog(&agent->notify);
    agent->next_watchdog = instant_add(now, agent->watchdog_interval);
}

static void stop_look(struct agent *agent, struct instant now)
{
    if (agent->is_goodbye_said && kafka_producer_pending(agent->producer) == 0) {
        loop_stop(agent->loop);
        return;
    }
    if (!instant_has_come(agent->stop_deadline, now))
        return;
    agent_log(agent, "error", "could not withdraw its topics within stop.timeout.ms");
    agent->exit_code = CODE_WORK_LEFT;
    loop_stop(agent->loop);
}

static struct instant turn(void *ctx, struct instant now)
{
    struct agent *agent = ctx;
    deliveries_take(agent, now);
    source_look(agent, now);
    saying_begin(agent, now);
    reach_tell(agent);
    systemd_tell(agent, now);
    // Where the source tells nothing, being there to look is all that can be ready.
    if (agent->is_failing)
        ready_tell(agent);
    if (agent->is_stopping)
        stop_look(agent, now);
    struct instant next = instant_earlier(agent->next_look, agent->next_say);
    if (agent->watchdog_interval.us > 0)
        next = instant_earlier(next, agent->next_watchdog);
    return agent->is_stopping ? instant_earlier(next, agent->stop_deadline) : next;
}

static void woken(void *ctx)
{
    (void)ctx; // the turn looks at everything
}

// ---- Making one.

static void names_make(struct agent *agent)
{
    const char *id = conf_text(agent->conf, "agent.id");
    struct buffer topic = {0};
    if (id[0])
        snprintf(agent->id, sizeof(agent->id), "%s", id);
    else if (gethostname(agent->id, sizeof(agent->id) - 1) != 0)
        memcpy(agent->id, "localhost", sizeof("localhost"));
    buffer_print(&topic, "%s.control", conf_text(agent->conf, "prefix"));
    agent->topic = text_copy(buffer_text(&topic));
    buffer_finish(&topic);
}

static enum status producer_make(struct agent *agent, struct buffer *fault)
{
    struct kafka_producer_options options = {.timeout_ms = MESSAGE_TIMEOUT_MS};
    struct kafka_settings settings = {0};
    agent->kafka_watch = kafka_watch_open(agent->conf);
    settings.watch = agent->kafka_watch;
    kafka_settings_load(&settings, agent->conf);
    enum status status = kafka_producer_create(&settings, &options, fault, &agent->producer);
    kafka_settings_finish(&settings);
    if (status == STATUS_OK)
        kafka_producer_prepare(agent->producer, text_of(agent->topic));
    return status;
}

enum status agent_create(struct loop *loop, const struct agent_setup *setup, struct buffer *fault,
                         struct agent **ret_agent)
{
    const char *path = conf_text(setup->conf, "agent.file");
    if (path[0] == '\0') {
        buffer_add_string(fault, "agent.file is not set: --file says which file names the topics");
        return STATUS_INVALID;
    }
    struct agent *agent = memory_get(sizeof(*agent));
    agent->conf = setup->conf;
    agent->err = setup->err;
    agent->is_verbose = setup->is_verbose;
    agent->loop = loop;
    agent->next_look = loop_now();
    agent->next_watchdog = agent->next_look;
    agent->next_extend = agent->next_look;
    agent->next_say = INSTANT_NEVER;
    agent->watchdog_interval = notify_watchdog_interval(setup->watchdog_us);
    names_make(agent);
    agent->pool = pool_wanted(agent->conf);
    agent->source = discover_file_create(path);
    if (notify_init(&agent->notify, setup->notify_socket) != STATUS_OK)
        agent_log(agent, "warning", "NOTIFY_SOCKET is not usable: systemd is not told");
    enum status status = producer_make(agent, fault);
    if (status != STATUS_OK) {
        agent_destroy(agent);
        return status;
    }
    agent->watch = loop_watch_fd(loop, kafka_producer_fd(agent->producer), woken, NULL);
    loop_set_turn(loop, turn, agent);
    *ret_agent = agent;
    return STATUS_OK;
}

void agent_destroy(struct agent *agent)
{
    if (agent == NULL)
        return;
    loop_set_turn(agent->loop, NULL, NULL);
    loop_unwatch(agent->watch);
    if (agent->producer != NULL)
        (void)kafka_producer_destroy(agent->producer, span_of_ms(1000));
    kafka_watch_destroy(agent->kafka_watch);
    discover_destroy(agent->source);
    notify_finish(&agent->notify);
    buffer_finish(&agent->fault);
    memory_release(agent->topic);
    memory_release(agent);
}

void agent_stop(struct agent *agent)
{
    struct instant now = loop_now();
    if (agent->is_stopping) {
        agent->exit_code = CODE_WORK_LEFT;
        loop_stop(agent->loop);
        return;
    }
    agent->is_stopping = true;
    agent->next_look = INSTANT_NEVER;
    agent->next_say = now;
    agent->stop_deadline = instant_add(now, conf_span(agent->conf, "stop.timeout.ms"));
    notify_stopping(&agent->notify);
}

int agent_exit_code(const struct agent *agent)
{
    return agent->exit_code;
}

static void signalled(void *ctx, int signal)
{
    struct agent *agent = ctx;
    if (signal != SIGHUP || !agent->is_stopping)
        agent_stop(agent);
}

int agent_run(const struct agent_setup *setup)
{
    struct loop *loop = loop_create();
    struct agent *agent = NULL;
    struct buffer fault = {0};
    enum status status = agent_create(loop, setup, &fault, &agent);
    int code = status == STATUS_INVALID ? 2 : 1;
    if (status != STATUS_OK) {
        fprintf(setup->err, "muster: %s\n", buffer_string(&fault));
    } else {
        struct loop_watch *watches[LOOP_STOPS];
        loop_watch_stops(loop, signalled, agent, watches);
        loop_run(loop);
        code = agent_exit_code(agent);
        loop_unwatch_stops(watches);
    }
    agent_destroy(agent);
    loop_destroy(loop);
    buffer_finish(&fault);
    return code;
}
