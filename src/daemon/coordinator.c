// SPDX-License-Identifier: Apache-2.0
//
// Making, running and ending a coordinator, and its turn.
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/ensure.h"
#include "base/memory.h"
#include "control/view.h"
#include "daemon/coordinator_inner.h"
#include "daemon/kafka_settings.h"

void coordinator_log(struct coordinator *coordinator, const char *level, const char *format, ...)
{
    va_list arguments;
    fprintf(coordinator->err, "%s: coordinator '%s': ", level, coordinator->id);
    va_start(arguments, format);
    vfprintf(coordinator->err, format, arguments);
    va_end(arguments);
    fputc('\n', coordinator->err);
    fflush(coordinator->err);
}

void coordinator_fail(struct coordinator *coordinator, const char *format, ...)
{
    va_list arguments;
    char words[512];
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    coordinator_log(coordinator, "error", "%s", words);
    coordinator->exit_code = 1;
    loop_stop(coordinator->loop);
}

static void clock_read(struct coordinator *coordinator)
{
    coordinator->now = loop_now();
    coordinator->wall_ms = loop_wall_ms();
}

void coordinator_step(struct coordinator *coordinator, struct control_event *event)
{
    event->at = coordinator->now;
    event->wall_ms = coordinator->wall_ms;
    control_step(coordinator->control, event, &coordinator->effects);
    effects_carry_out(coordinator);
}

// ---- The turn.

static void woken(void *ctx)
{
    (void)ctx; // the turn looks at everything
}

static void coordinator_watch(struct coordinator *coordinator, int fd)
{
    ensure(coordinator->watch_count < sizeof(coordinator->watches) / sizeof(void *));
    coordinator->watches[coordinator->watch_count++] =
        loop_watch_fd(coordinator->loop, fd, woken, NULL);
}

// The descriptors of what is not to be read now must not wake the loop up again and again.
static void feeds_watch(struct coordinator *coordinator)
{
    struct kafka_consumer *consumers[] = {coordinator->members, coordinator->state,
                                          coordinator->inputs};
    bool wants = coordinator->control != NULL && !coordinator->is_committing;
    for (int i = 0; i < 3; i++) {
        if (consumers[i] == coordinator->inputs)
            wants = wants && feed_reads_inputs(coordinator);
        if (wants == (coordinator->feeds[i] != NULL))
            continue;
        loop_unwatch(coordinator->feeds[i]);
        coordinator->feeds[i] =
            wants ? loop_watch_fd(coordinator->loop, kafka_consumer_fd(consumers[i]), woken, NULL)
                  : NULL;
    }
}

static void replies_take(struct coordinator *coordinator)
{
    struct kafka_reply *reply;
    while ((reply = kafka_admin_poll(coordinator->admin)) != NULL) {
        (void)ground_has_moved(coordinator, reply->cluster_id);
        switch ((enum ask_kind)(reply->number & ((1 << ASK_KIND_BITS) - 1))) {
        case ASK_GROUND:
            ground_reply(coordinator, reply);
            break;
        case ASK_CHECK:
            check_reply(coordinator, reply);
            break;
        case ASK_ENDS:
            ends_reply(coordinator, reply);
            break;
        case ASK_CONTROL_PULSE:
            pulse_reply(coordinator, INPUT_CONTROL, reply);
            break;
        case ASK_ORDERS_PULSE:
            pulse_reply(coordinator, INPUT_ORDERS, reply);
            break;
        case ASK_STRANGERS:
            strangers_reply(coordinator, reply);
            break;
        case ASK_TOPICS:
            effects_reply(coordinator, reply);
            continue;
        }
        kafka_reply_release(reply);
    }
}

// Beats and markers that could not be written say so by their silence; only a dead handle matters.
static void deliveries_take(struct coordinator *coordinator)
{
    struct kafka_delivery deliveries[64];
    uint32_t count;
    while ((count = kafka_producer_poll(coordinator->producer, deliveries, 64)) > 0)
        for (uint32_t i = 0; i < count; i++)
            if (deliveries[i].status == STATUS_CLOSED)
                coordinator_fail(coordinator, "cannot write any more: %s", deliveries[i].text);
}

static void reach_tell(struct coordinator *coordinator)
{
    struct buffer text = {0};
    bool is_reached = kafka_watch_reach(coordinator->kafka_watch, &text) == STATUS_OK;
    if (!is_reached && !coordinator->is_unreachable)
        coordinator_log(coordinator, "warning", "%s: is it running? it is tried again for ever",
                        buffer_string(&text));
    if (is_reached && coordinator->is_unreachable)
        coordinator_log(coordinator, "info", "Kafka is reached again");
    coordinator->is_unreachable = !is_reached;
    buffer_clear(&text);
    while (kafka_watch_next(coordinator->kafka_watch, &text)) {
        if (coordinator->is_verbose)
            coordinator_log(coordinator, "debug", "kafka: %s", buffer_string(&text));
        buffer_clear(&text);
    }
    buffer_finish(&text);
}

// Brokers that are connected and answer nothing are seen by the own beats alone, which come back
// out of Kafka within a beat's time while all is well.
static void echo_tell(struct coordinator *coordinator)
{
    struct span patience = conf_span(coordinator->conf, "leader.timeout.ms");
    struct span echo = {0};
    if (coordinator->is_unreachable || coordinator->control == NULL)
        coordinator->reached = coordinator->now;
    else
        echo = control_view_echo(coordinator->control, coordinator->now);
    bool is_deaf = echo.us > patience.us &&
                   instant_since(coordinator->now, coordinator->reached).us > patience.us;
    if (is_deaf && !coordinator->is_deaf)
        coordinator_log(coordinator, "warning",
                        "its own beats have not come back for %lld ms: Kafka is connected, but "
                        "does not answer: is it frozen or overloaded? it is waited for",
                        (long long)span_ms(echo));
    if (!is_deaf && coordinator->is_deaf && !coordinator->is_unreachable)
        coordinator_log(coordinator, "info", "its own beats come back again");
    coordinator->is_deaf = is_deaf;
}

// What it waits for before it is ready.
static const char *awaited(const struct coordinator *coordinator, const struct cell_view *cell)
{
    if (coordinator->control == NULL)
        return "Kafka's answers about the cell's topics";
    if (!cell->is_restored)
        return "the end of the state";
    return text_equals(cell->role, "claiming") ? "the transaction that claims leadership"
                                               : "its own record in the state, or what logs hold";
}

static void delay_tell(struct coordinator *coordinator, const struct cell_view *cell,
                       struct instant now)
{
    struct span patience = conf_span(coordinator->conf, "leader.timeout.ms");
    patience.us *= READY_LATE;
    if (coordinator->is_unreachable ||
        !instant_has_come(instant_add(coordinator->delay_told, patience), now))
        return;
    coordinator->delay_told = now;
    coordinator_log(coordinator, "warning", "not ready for %lld ms: waits for %s",
                    (long long)span_ms(instant_since(now, coordinator->started)),
                    awaited(coordinator, cell));
}

static void systemd_tell(struct coordinator *coordinator, struct instant now)
{
    struct cell_view cell = {0};
    if (coordinator->watchdog_interval.us > 0 &&
        instant_has_come(coordinator->next_watchdog, now)) {
        notify_watchdog(&coordinator->notify);
        coordinator->next_watchdog = instant_add(now, coordinator->watchdog_interval);
    }
    if (coordinator->is_ready)
        return;
    if (coordinator->control != NULL)
        control_view_cell(coordinator->control, &cell);
    if (!cell.is_restored || text_equals(cell.role, "claiming") ||
        text_equals(cell.role, "restoring")) {
        delay_tell(coordinator, &cell, now);
        return;
    }
    coordinator->is_ready = true;
    notify_ready(&coordinator->notify);
}

// After a storm or a restore most of what was allocated for records is free, but still the
// process's; it is given back once it is quiet again.
static void memory_trim(struct coordinator *coordinator, struct instant now)
{
    if (coordinator->records_read < TRIM_RECORDS ||
        instant_since(now, coordinator->last_busy).us < TRIM_QUIET_US)
        return;
    coordinator->records_read = 0;
    commit_trim(coordinator);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// What has arrived becomes events, the batch ends, its transaction begins. Requests are answered
// where memory holds nothing that is not committed: behind a commit, and where a batch is empty.
static void work(struct coordinator *coordinator, struct instant now)
{
    bool was_committing = coordinator->is_committing;
    commit_poll(coordinator);
    if (was_committing && !coordinator->is_committing)
        api_turn(coordinator);
    check_turn(coordinator, now);
    if (instant_has_come(control_deadline(coordinator->control), now))
        coordinator_step(coordinator, &(struct control_event){.kind = CONTROL_TICKED});
    if (coordinator->is_committing)
        return;
    effects_take_reply(coordinator);
    ends_answer(coordinator);
    feed_turn(coordinator);
    clock_read(coordinator);
    pulse_turn(coordinator, coordinator->now);
    strangers_turn(coordinator, coordinator->now);
    memory_trim(coordinator, coordinator->now);
    if (!instant_has_come(coordinator->next_commit, loop_now()))
        return;
    coordinator_step(coordinator, &(struct control_event){.kind = CONTROL_BATCH_ENDED,
                                                          .caught_up = coordinator->is_caught_up});
    if (!coordinator->is_committing)
        api_turn(coordinator);
}

static struct instant turn_deadline(const struct coordinator *coordinator)
{
    struct instant deadline =
        instant_earlier(ground_deadline(coordinator), check_deadline(coordinator));
    if (coordinator->is_stopping)
        deadline = instant_earlier(deadline, coordinator->stop_deadline);
    if (coordinator->watchdog_interval.us > 0)
        deadline = instant_earlier(deadline, coordinator->next_watchdog);
    if (coordinator->control == NULL)
        return deadline;
    deadline = instant_earlier(deadline, control_deadline(coordinator->control));
    if (!coordinator->is_committing && instant_is_before(loop_now(), coordinator->next_commit))
        deadline = instant_earlier(deadline, coordinator->next_commit);
    return deadline;
}

static struct instant turn(void *ctx, struct instant now)
{
    struct coordinator *coordinator = ctx;
    clock_read(coordinator);
    replies_take(coordinator);
    deliveries_take(coordinator);
    if (coordinator->exit_code != 0) {
        loop_stop(coordinator->loop);
        return INSTANT_NEVER;
    }
    reach_tell(coordinator);
    echo_tell(coordinator);
    systemd_tell(coordinator, now);
    if (coordinator->is_stopping && instant_has_come(coordinator->stop_deadline, now))
        coordinator_fail(coordinator, "could not say goodbye within stop.timeout.ms");
    ground_turn(coordinator, now);
    if (coordinator->control != NULL)
        work(coordinator, now);
    else
        api_turn(coordinator);
    feeds_watch(coordinator);
    return turn_deadline(coordinator);
}

// ---- Making one.

static void hex_draw(char text[33])
{
    unsigned char bytes[16];
    ssize_t got = getrandom(bytes, sizeof(bytes), 0);
    ensure(got == (ssize_t)sizeof(bytes));
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static void names_make(struct coordinator *coordinator)
{
    const char *id = conf_text(coordinator->conf, "coordinator.id");
    if (gethostname(coordinator->host, sizeof(coordinator->host) - 1) != 0)
        memcpy(coordinator->host, "localhost", sizeof("localhost"));
    if (id[0] != '\0')
        snprintf(coordinator->id, sizeof(coordinator->id), "%s", id);
    else
        snprintf(coordinator->id, sizeof(coordinator->id), "%.180s-%d", coordinator->host,
                 (int)getpid());
    hex_draw(coordinator->incarnation);
    hex_draw(coordinator->lineage);
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        struct buffer name = {0};
        kafka_layout_print((enum kafka_cell_topic)i,
                           text_of(conf_text(coordinator->conf, "prefix")), &name);
        coordinator->topics[i] = text_copy(buffer_text(&name));
        buffer_finish(&name);
    }
}

static void settings_make(struct coordinator *coordinator)
{
    kafka_settings_load(&coordinator->settings, coordinator->conf);
    coordinator->kafka_watch = kafka_watch_open(coordinator->conf);
    coordinator->settings.watch = coordinator->kafka_watch;
}

static enum status handles_make(struct coordinator *coordinator, struct buffer *fault)
{
    const struct kafka_settings *settings = &coordinator->settings;
    struct kafka_consumer_options reading = {.has_end_events = true};
    struct kafka_consumer_options much = {.has_end_events = true, .queue_kbytes = MUCH_KBYTES};
    struct buffer id = {0};
    buffer_print(&id, "%s.coordinator", conf_text(coordinator->conf, "prefix"));
    struct kafka_transactor_options writing = {
        .id = buffer_text(&id), .followed = text_of(coordinator->topics[KAFKA_CELL_STATE])};
    enum status status =
        kafka_admin_create(settings, &(struct kafka_admin_options){0}, fault, &coordinator->admin);
    if (!status)
        status = kafka_consumer_create(settings, &reading, fault, &coordinator->members);
    if (!status)
        status = kafka_consumer_create(settings, &much, fault, &coordinator->state);
    if (!status)
        status = kafka_consumer_create(settings, &much, fault, &coordinator->inputs);
    if (!status)
        status = kafka_producer_create(settings, &(struct kafka_producer_options){0}, fault,
                                       &coordinator->producer);
    if (!status)
        status = kafka_transactor_create(settings, &writing, fault, &coordinator->transactor);
    buffer_finish(&id);
    return status;
}

static void watches_make(struct coordinator *coordinator)
{
    coordinator_watch(coordinator, kafka_admin_fd(coordinator->admin));
    coordinator_watch(coordinator, kafka_producer_fd(coordinator->producer));
    coordinator_watch(coordinator, kafka_transactor_fd(coordinator->transactor));
    loop_set_turn(coordinator->loop, turn, coordinator);
}

enum status coordinator_create(struct loop *loop, const struct coordinator_setup *setup,
                               struct buffer *fault, struct coordinator **ret_coordinator)
{
    struct coordinator *coordinator = memory_get(sizeof(*coordinator));
    coordinator->conf = setup->conf;
    coordinator->err = setup->err;
    coordinator->loop = loop;
    coordinator->started = loop_now();
    coordinator->ends.stage = ENDS_NONE;
    strangers_forget(coordinator);
    coordinator->is_verbose = strcmp(conf_text(setup->conf, "log.level"), "debug") == 0;
    coordinator->watchdog_interval = notify_watchdog_interval(setup->watchdog_us);
    coordinator->next_watchdog = coordinator->delay_told = coordinator->started;
    enum status status = notify_init(&coordinator->notify, setup->notify_socket);
    if (status)
        coordinator_log(coordinator, "warning", "NOTIFY_SOCKET is not usable: systemd is not told");
    names_make(coordinator);
    settings_make(coordinator);
    status = handles_make(coordinator, fault);
    if (!status)
        status = api_open(coordinator, fault);
    if (status) {
        coordinator_destroy(coordinator);
        return status;
    }
    watches_make(coordinator);
    *ret_coordinator = coordinator;
    return STATUS_OK;
}

void coordinator_destroy(struct coordinator *coordinator)
{
    const struct span patience = span_of_ms(5000);
    if (coordinator == NULL)
        return;
    loop_set_turn(coordinator->loop, NULL, NULL);
    for (uint32_t i = 0; i < coordinator->watch_count; i++)
        loop_unwatch(coordinator->watches[i]);
    for (int i = 0; i < 3; i++)
        loop_unwatch(coordinator->feeds[i]);
    http_server_destroy(coordinator->http);
    (void)kafka_transactor_destroy(coordinator->transactor, patience);
    (void)kafka_producer_destroy(coordinator->producer, patience);
    (void)kafka_consumer_destroy(coordinator->inputs, patience);
    (void)kafka_consumer_destroy(coordinator->state, patience);
    (void)kafka_consumer_destroy(coordinator->members, patience);
    (void)kafka_admin_destroy(coordinator->admin, patience);
    kafka_settings_finish(&coordinator->settings);
    kafka_watch_destroy(coordinator->kafka_watch);
    control_destroy(coordinator->control);
    control_effects_finish(&coordinator->effects);
    commit_finish(coordinator);
    effects_asked_forget(coordinator);
    arena_finish(&coordinator->arena);
    arena_finish(&coordinator->ends.arena);
    heads_finish(&coordinator->heads);
    buffer_finish(&coordinator->line);
    buffer_finish(&coordinator->value);
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++)
        memory_release(coordinator->topics[i]);
    notify_finish(&coordinator->notify);
    memory_release(coordinator);
}

void coordinator_stop(struct coordinator *coordinator)
{
    if (coordinator->is_stopping) {
        coordinator_fail(coordinator, "ended by a second signal");
        return;
    }
    coordinator->is_stopping = true;
    coordinator->stop_deadline =
        instant_add(loop_now(), conf_span(coordinator->conf, "stop.timeout.ms"));
    notify_stopping(&coordinator->notify);
    clock_read(coordinator);
    if (coordinator->control == NULL)
        loop_stop(coordinator->loop);
    else
        coordinator_step(coordinator, &(struct control_event){.kind = CONTROL_STOP_REQUESTED});
}

int coordinator_exit_code(const struct coordinator *coordinator)
{
    return coordinator->exit_code;
}

static void signalled(void *ctx, int signal)
{
    struct coordinator *coordinator = ctx;
    if (signal != SIGHUP || !coordinator->is_stopping)
        coordinator_stop(coordinator);
}

// What Kafka's threads allocate is freed by the loop's. In arenas of their own it could not be
// given back: trimming passes by the tops of these.
static void memory_share(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_ARENA_MAX, 1);
#endif
}

int coordinator_run(const struct coordinator_setup *setup)
{
    memory_share();
    struct loop *loop = loop_create();
    struct coordinator *coordinator = NULL;
    struct buffer fault = {0};
    int code = 1;
    enum status status = coordinator_create(loop, setup, &fault, &coordinator);
    if (status) {
        fprintf(setup->err, "muster: cannot start a coordinator: %s\n", buffer_string(&fault));
        code = status == STATUS_INVALID ? 2 : 1;
    } else {
        struct loop_watch *watches[LOOP_STOPS];
        loop_watch_stops(loop, signalled, coordinator, watches);
        loop_run(loop);
        code = coordinator_exit_code(coordinator);
        loop_unwatch_stops(watches);
        coordinator_destroy(coordinator);
    }
    buffer_finish(&fault);
    loop_destroy(loop);
    return code;
}
