// SPDX-License-Identifier: Apache-2.0
//
// The turn of the collector, and what its lives begin and end with.
//
// Start: lock the state file -> whoever is in it is dead -> draw an incarnation, write it down ->
// go. End of a life (lease gone, other lineage): everything stops at once, a new incarnation that
// replaces this one begins in the same process. End of the process: exit code and reason of the
// deciding part.
#include "daemon/collector.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "daemon/collector_inner.h"
#include "daemon/kafka_settings.h"

#define LEAVE_TIMEOUT_MS 5000
#define EXTEND_MS 10000 // how long systemd is asked to wait at a time

void collector_wake(void *ctx)
{
    (void)ctx; // being woken is all: the turn looks at everything
}

void collector_clock(struct collector *collector)
{
    struct instant now = loop_now();
    if (instant_is_before(collector->now, now))
        collector->now = now;
}

static int64_t memory_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void send_beat(struct collector *collector, const struct beat *decided)
{
    struct beat beat = *decided;
    beat.info.memory_bytes = memory_bytes();
    beat.info.uptime_ms = span_ms(instant_since(collector->now, collector->started_at));
    link_send_beat(collector, &beat);
}

void collector_end(struct collector *collector, int code, struct text reason)
{
    collector_log(collector, code == 0 ? LOG_INFO : LOG_ERROR, "%.*s", TEXT_ARGS(reason));
    collector->has_ended = true;
    collector->exit_code = code;
    loop_stop(collector->loop);
}

// Positions are committed by the names of topics, which another cluster may have as well.
bool collector_knows_cluster(struct collector *collector, const struct kafka_reply *reply)
{
    struct buffer reason = {0};
    const char *known = collector->cluster_id;
    if (known[0] == '\0')
        snprintf(collector->cluster_id, sizeof(collector->cluster_id), "%.*s",
                 TEXT_ARGS(reply->cluster_id));
    if (collector->has_ended)
        return false;
    if (reply->cluster_id.size == 0 || text_equals(reply->cluster_id, known))
        return true;
    buffer_print(&reason,
                 "another Kafka cluster ('%.*s') answers at '%s' than the one it began with "
                 "('%s'): it ends, and commits nothing there",
                 TEXT_ARGS(reply->cluster_id),
                 conf_text(collector->setup.conf, "kafka.bootstrap.servers"), known);
    collector_end(collector, 1, buffer_text(&reason));
    buffer_finish(&reason);
    return false;
}

static void carry_out(struct collector *collector, const struct collect_effect *effect)
{
    switch (effect->kind) {
    case COLLECT_SEND_BEAT:
        send_beat(collector, effect->beat);
        break;
    case COLLECT_ASK_END:
        link_ask_end(collector, effect->number);
        break;
    case COLLECT_START_UNIT:
        intake_start(collector, effect);
        break;
    case COLLECT_STOP_UNIT:
        intake_stop(collector, effect);
        break;
    case COLLECT_RAISE_FENCE:
        intake_raise_fence(collector, effect);
        break;
    case COLLECT_STOP_ALL_NOW:
        intake_stop_all(collector);
        break;
    case COLLECT_CARRY_OUT:
        command_take(collector, effect);
        break;
    case COLLECT_WATCH_INCUMBENT:
        link_watch_members(collector, true);
        break;
    case COLLECT_RESTART:
        collector->is_restart_wanted = true;
        break;
    case COLLECT_EXIT:
        collector_end(collector, effect->code, effect->reason);
        break;
    case COLLECT_TRACE:
        collector_log(collector, effect->is_alarm ? LOG_WARNING : LOG_INFO, "%.*s",
                      TEXT_ARGS(effect->reason));
        break;
    }
}

void collector_give(struct collector *collector, struct collect_event *event)
{
    struct collect_effects effects;
    event->at = collector->now;
    collect_step(collector->collect, event, &effects);
    for (size_t i = 0; i < effects.count; i++)
        carry_out(collector, &effects.items[i]);
}

// The state file says which life may be believed alive before anybody hears of it.
static void write_state(struct collector *collector, const char *incarnation, const char *replaces)
{
    struct collector_state *state = &collector->state;
    struct buffer fault = {0};
    snprintf(state->pool, sizeof(state->pool), "%s", collector->pool);
    snprintf(state->id, sizeof(state->id), "%s", collector->id);
    snprintf(state->incarnation, sizeof(state->incarnation), "%s", incarnation);
    snprintf(state->replaces, sizeof(state->replaces), "%s", replaces);
    if (collector_state_write(state, &fault) != STATUS_OK)
        collector_log(collector, LOG_ERROR, "%s", buffer_string(&fault));
    buffer_finish(&fault);
}

static void begin_life(struct collector *collector)
{
    const struct conf *conf = collector->setup.conf;
    collector->life++;
    collector->is_settled = collector->is_waiting_told = false;
    collector->waiting_since = collector->now;
    collector->command.number = 0; // it was for the life before
    collector_incarnation_draw(collector->incarnation);
    write_state(collector, collector->incarnation, collector->replaces);
    collector->beat = (struct beat){
        .role = TEXT_LITERAL("collector"),
        .pool = text_of(collector->pool),
        .id = text_of(collector->id),
        .incarnation = text_of(collector->incarnation),
        .lease_ms = conf_int(conf, "lease.ms"),
        .replaces = text_of(collector->replaces),
        .capacity = {.units = conf_int(conf, "collector.capacity.units")},
        .labels = collector->labels,
        .labels_count = collector->label_count,
        .info = {.host = text_of(collector->host),
                 .pid = getpid(),
                 .version = TEXT_LITERAL(MUSTER_VERSION)},
    };
    collector->collect = collect_create(&(struct collect_options){
        .beat = &collector->beat,
        .beat_interval_ms = conf_int(conf, "beat.interval.ms"),
        .revoke_flush_ms = conf_int(conf, "revoke.flush.ms"),
        .revoke_timeout_ms = conf_int(conf, "revoke.timeout.ms"),
        .stop_timeout_ms = conf_int(conf, "stop.timeout.ms"),
        .leave_timeout_ms = LEAVE_TIMEOUT_MS,
        .start_margin_ms = conf_int(conf, "sink.start.margin.ms"),
    });
    collector_log(collector, LOG_INFO, "begins as incarnation %s%s%s", collector->incarnation,
                  collector->replaces[0] ? ", replaces " : "", collector->replaces);
    link_begin_life(collector);
    collector_give(collector, &(struct collect_event){.kind = COLLECT_STARTED});
}

// This life has stopped for good, so the next one may say that it is dead. What was to be replaced
// before and was not admitted yet still is: the newest that the leader may have named counts.
static void restart(struct collector *collector)
{
    collector->is_restart_wanted = false;
    if (collector->is_settled || collector->replaces[0] == '\0')
        snprintf(collector->replaces, sizeof(collector->replaces), "%s", collector->incarnation);
    collect_destroy(collector->collect);
    collector->collect = NULL;
    begin_life(collector);
}

static void take_stop_request(struct collector *collector)
{
    if (!collector->is_stop_requested)
        return;
    collector->is_stop_requested = false;
    notify_stopping(&collector->notify);
    collector_give(collector, &(struct collect_event){.kind = COLLECT_STOP_REQUESTED});
}

// What follows from having been named: the predecessor needs no mention any more.
static void settle_life(struct collector *collector)
{
    if (collector->is_settled || !collect_is_named(collector->collect))
        return;
    collector->is_settled = true;
    link_watch_members(collector, false);
    write_state(collector, collector->incarnation, "");
}

static void tell_systemd(struct collector *collector)
{
    struct notify *notify = &collector->notify;
    if (!notify_is_wanted(notify))
        return;
    bool has_beaten = collect_state(collector->collect) != COLLECT_JOINING ||
                      collect_lease_left(collector->collect, collector->now).us <
                          span_of_ms(collector->beat.lease_ms).us;
    if (!collector->is_ready && has_beaten) {
        notify_ready(notify);
        collector->is_ready = true;
    }
    if (!collector->is_ready && instant_has_come(collector->extend_at, collector->now)) {
        notify_extend(notify, span_of_ms(EXTEND_MS));
        collector->extend_at = instant_add(collector->now, span_of_ms(EXTEND_MS / 2));
    }
    if (collector->watchdog_interval.us > 0 &&
        instant_has_come(collector->watchdog_at, collector->now)) {
        notify_watchdog(notify);
        collector->watchdog_at = instant_add(collector->now, collector->watchdog_interval);
    }
}

static void tell_reach(struct collector *collector)
{
    struct buffer text = {0};
    bool is_unreachable = kafka_watch_reach(collector->watch, &text) != STATUS_OK;
    if (is_unreachable && !collector->is_unreachable)
        collector_log(collector, LOG_WARNING, "%s", buffer_string(&text));
    else if (!is_unreachable && collector->is_unreachable)
        collector_log(collector, LOG_WARNING, "Kafka is reached again");
    collector->is_unreachable = is_unreachable;
    buffer_clear(&text);
    while (kafka_watch_next(collector->watch, &text)) {
        collector_log(collector, collector->setup.is_verbose ? LOG_INFO : LOG_DEBUG, "%s",
                      buffer_string(&text));
        buffer_clear(&text);
    }
    buffer_finish(&text);
}

// Nobody answers who beats for a pool that does not exist.
static void tell_waiting(struct collector *collector)
{
    struct span beats = {3 * conf_span(collector->setup.conf, "beat.interval.ms").us};
    bool has_beaten = collect_lease_left(collector->collect, collector->now).us <
                      span_of_ms(collector->beat.lease_ms).us;
    if (collector->is_unreachable || !has_beaten)
        collector->waiting_since = collector->now;
    if (collector->is_waiting_told || collect_lineage(collector->collect).size > 0 ||
        collect_state(collector->collect) != COLLECT_JOINING ||
        instant_since(collector->now, collector->waiting_since).us <= beats.us)
        return;
    collector->is_waiting_told = true;
    collector_log(collector, LOG_WARNING,
                  "no head yet: is there a pool '%s', and a coordinator that leads? 'muster pool "
                  "list' and 'muster coordinator list' show them; it goes on waiting",
                  collector->pool);
}

static struct instant next_turn(const struct collector *collector)
{
    struct instant next = collect_deadline(collector->collect);
    if (collector->is_stop_requested)
        return collector->now;
    next = instant_earlier(next, link_deadline(collector));
    next = instant_earlier(next, intake_deadline(collector));
    next = instant_earlier(next, commits_deadline(collector));
    next = instant_earlier(next, batch_deadline(collector));
    next = instant_earlier(next, command_deadline(collector));
    if (collect_is_named(collector->collect) && !collector->intake.ends.is_out)
        next = instant_earlier(next, collector->reports.next_at);
    if (collector->watchdog_interval.us > 0)
        next = instant_earlier(next, collector->watchdog_at);
    return next;
}

// A write that hung may have taken longer than the lease had left: of such a life nothing is
// committed any more (S3). Returns whether the process ends with it.
static bool has_outlived_its_lease(struct collector *collector)
{
    collector_clock(collector);
    if (collect_lease_left(collector->collect, collector->now).us == 0)
        collector_give(collector, &(struct collect_event){.kind = COLLECT_TICKED});
    return collector->has_ended;
}

static struct instant turn(void *ctx, struct instant now)
{
    struct collector *collector = ctx;
    if (collector->has_ended)
        return INSTANT_NEVER;
    if (instant_is_before(collector->now, now))
        collector->now = now;
    if (instant_has_come(collect_deadline(collector->collect), collector->now))
        collector_give(collector, &(struct collect_event){.kind = COLLECT_TICKED});
    take_stop_request(collector);
    link_run(collector);
    settle_life(collector);
    intake_poll(collector);
    if (collector->has_ended)
        return INSTANT_NEVER;
    intake_ask(collector);
    readers_run(collector);
    batch_run(collector);
    if (has_outlived_its_lease(collector))
        return INSTANT_NEVER;
    commits_run(collector);
    intake_settle(collector);
    reports_run(collector);
    command_run(collector);
    tell_systemd(collector);
    tell_reach(collector);
    tell_waiting(collector);
    if (collector->is_restart_wanted && !collector->has_ended)
        restart(collector);
    return collector->has_ended ? INSTANT_NEVER : next_turn(collector);
}

static enum status open_state(struct collector *collector, struct buffer *fault)
{
    const char *path = conf_text(collector->setup.conf, "state.file");
    struct collector_state *state = &collector->state;
    if (path[0] == '\0')
        return STATUS_OK;
    enum status status = collector_state_open(state, path, true, fault);
    if (status != STATUS_OK)
        return status;
    bool is_ours =
        strcmp(state->pool, collector->pool) == 0 && strcmp(state->id, collector->id) == 0;
    const char *dead = state->replaces[0] ? state->replaces : state->incarnation;
    if (is_ours)
        snprintf(collector->replaces, sizeof(collector->replaces), "%s", dead);
    else if (state->incarnation[0] != '\0')
        collector_log(collector, LOG_WARNING,
                      "the state file is of collector '%s/%s': it proves nothing here", state->pool,
                      state->id);
    return STATUS_OK;
}

static void take_labels(struct collector *collector)
{
    const struct conf *conf = collector->setup.conf;
    struct text item;
    uint32_t capacity = 0;
    for (size_t i = 0; (item = conf_list_item(conf, "collector.labels", i)).data != NULL; i++) {
        const char *equals = memchr(item.data, '=', item.size);
        size_t size = equals ? (size_t)(equals - item.data) : item.size;
        struct label label = {.key = {item.data, size}};
        if (equals != NULL)
            label.value = (struct text){equals + 1, item.size - size - 1};
        collector->labels = array_reserve(collector->labels, &capacity, collector->label_count + 1,
                                          sizeof(*collector->labels));
        collector->labels[collector->label_count++] = label;
    }
}

static void take_names(struct collector *collector)
{
    const struct conf *conf = collector->setup.conf;
    struct buffer id = {0};
    struct utsname machine;
    ensure(uname(&machine) == 0);
    snprintf(collector->host, sizeof(collector->host), "%s", machine.nodename);
    buffer_add_string(&id, conf_text(conf, "collector.id"));
    if (id.size == 0)
        buffer_print(&id, "%s-%ld", collector->host, (long)getpid());
    collector->id = id.data;
    collector->pool = text_copy(text_of(conf_text(conf, "pool")));
    collector->prefix = text_copy(text_of(conf_text(conf, "prefix")));
    collector->log_level = collector_log_level(conf_text(conf, "log.level"));
}

static void take_kafka_settings(struct collector *collector)
{
    collector->watch = kafka_watch_open(collector->setup.conf);
    collector->settings.watch = collector->watch;
    kafka_settings_load(&collector->settings, collector->setup.conf);
}

static enum status take_notify(struct collector *collector, struct buffer *fault)
{
    enum status status = notify_init(&collector->notify, collector->setup.notify_socket);
    collector->watchdog_interval = notify_watchdog_interval(collector->setup.watchdog_us);
    collector->watchdog_at = collector->now;
    collector->extend_at = collector->now;
    if (status != STATUS_OK)
        buffer_print(fault, "cannot use NOTIFY_SOCKET '%s'", collector->setup.notify_socket);
    return status;
}

enum status collector_create(struct loop *loop, const struct collector_setup *setup,
                             struct buffer *fault, struct collector **ret_collector)
{
    struct collector *collector = memory_get(sizeof(*collector));
    collector->setup = *setup;
    collector->loop = loop;
    collector->state.fd = -1;
    collector->notify.fd = -1;
    collector->now = loop_now();
    collector->started_at = collector->now;
    take_names(collector);
    take_labels(collector);
    take_kafka_settings(collector);
    enum status status = take_notify(collector, fault);
    if (status == STATUS_OK)
        status = open_state(collector, fault);
    if (status == STATUS_OK)
        status = batch_open(collector, fault);
    if (status == STATUS_OK)
        status = link_open(collector, fault);
    if (status == STATUS_OK)
        status = intake_open(collector, fault);
    if (status != STATUS_OK) {
        collector_destroy(collector);
        return status;
    }
    begin_life(collector);
    loop_set_turn(loop, turn, collector);
    *ret_collector = collector;
    return STATUS_OK;
}

void collector_destroy(struct collector *collector)
{
    if (collector == NULL)
        return;
    loop_set_turn(collector->loop, NULL, NULL);
    intake_close(collector);
    readers_close(collector);
    batch_close(collector);
    link_close(collector);
    collect_destroy(collector->collect);
    collector_state_close(&collector->state);
    notify_finish(&collector->notify);
    kafka_settings_finish(&collector->settings);
    kafka_watch_destroy(collector->watch);
    memory_release(collector->labels);
    memory_release(collector->pool);
    memory_release(collector->id);
    memory_release(collector->prefix);
    memory_release(collector);
}

void collector_stop(struct collector *collector)
{
    collector->is_stop_requested = true;
}

bool collector_has_ended(const struct collector *collector, int *ret_code)
{
    if (collector->has_ended)
        *ret_code = collector->exit_code;
    return collector->has_ended;
}

void collector_look(const struct collector *collector, struct collector_figures *ret_figures)
{
    *ret_figures = (struct collector_figures){
        .incarnation = collector->incarnation,
        .is_named = collect_is_named(collector->collect),
        .generation = collect_applied_generation(collector->collect),
        .units = (uint32_t)collect_unit_count(collector->collect),
        .partitions = collector->intake.lists[PART_READING].count,
        .records_taken = collector->records_taken,
        .records_read = collector->records_read,
        .records_dropped = collector->records_dropped,
        .is_held = collector->batch.is_held,
    };
}
