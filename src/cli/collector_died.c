// SPDX-License-Identifier: Apache-2.0

#include <stdio.h>

#include "cli/command.h"
#include "daemon/collector_state.h"
#include "daemon/kafka_settings.h"
#include "kafka/producer.h"
#include "kafka/watch.h"
#include "wire/wire.h"

static const struct flag flags[] = {
    FLAG_ROW_SETTING("state-file", "FILE", "state.file", "state file of the collector"),
    FLAG_ROW_DURATION("hold-ms", "DURATION", "its units wait so long for its restart"),
    FLAG_ROW_SWITCH("wait", "wait until it is done: it always does"),
    FLAG_ROW_END,
};

// A producer with its watch, as the configuration says.
struct line {
    struct kafka_watch *watch;
    struct kafka_producer *producer;
};

static enum status line_open(struct line *line, const struct conf *conf, struct buffer *fault)
{
    struct kafka_settings settings = {0};
    struct kafka_producer_options options = {.timeout_ms = (uint32_t)conf_int(conf, "timeout.ms")};
    line->watch = kafka_watch_open(conf);
    settings.watch = line->watch;
    kafka_settings_load(&settings, conf);
    enum status status = kafka_producer_create(&settings, &options, fault, &line->producer);
    kafka_settings_finish(&settings);
    return status;
}

static void line_close(struct line *line)
{
    // What cannot be closed in time is left behind: this process is about to end.
    if (line->producer != NULL)
        (void)kafka_producer_destroy(line->producer, span_of_ms(1000));
    kafka_watch_destroy(line->watch);
}

static enum status send_death(struct line *line, const struct conf *conf, const struct death *death)
{
    struct buffer topic = {0};
    struct buffer value = {0};
    buffer_print(&topic, "%s.members", conf_text(conf, "prefix"));
    wire_encode_avro_at(1, RECORD_DEATH, death, &value); // every coordinator can read it
    struct kafka_message message = {
        .topic = buffer_text(&topic),
        .key = death->id,
        .value = buffer_text(&value),
    };
    enum status status = kafka_producer_send(line->producer, &message, 1);
    buffer_finish(&topic);
    buffer_finish(&value);
    return status;
}

// Waits until Kafka has taken `count` deaths.
static enum status await_taken(struct line *line, const struct conf *conf, int count)
{
    struct kafka_delivery delivery;
    enum status status = kafka_producer_flush(line->producer, conf_span(conf, "timeout.ms"));
    for (int i = 0; status == STATUS_OK && i < count; i++) {
        if (kafka_producer_poll(line->producer, &delivery, 1) != 1)
            return STATUS_FAILED;
        status = delivery.status;
    }
    return status;
}

// Any incarnation in the file may be the one that the leader believes alive.
static enum status publish(const struct invocation *invocation, const struct collector_state *state,
                           struct buffer *problem)
{
    const struct conf *conf = invocation->conf;
    const char *incarnations[] = {state->incarnation, state->replaces};
    struct line line = {0};
    int count = 0;
    enum status status = line_open(&line, conf, problem);
    for (size_t i = 0; status == STATUS_OK && i < 2; i++) {
        if (incarnations[i][0] == '\0')
            continue;
        struct death death = {
            .role = TEXT_LITERAL("collector"),
            .pool = text_of(state->pool),
            .id = text_of(state->id),
            .incarnation = text_of(incarnations[i]),
            .hold_ms = invocation_int(invocation, "hold-ms", 0),
        };
        status = send_death(&line, conf, &death);
        count++;
    }
    if (status == STATUS_OK)
        status = await_taken(&line, conf, count);
    if (status != STATUS_OK && problem->size == 0 &&
        kafka_watch_explain(line.watch, problem) != STATUS_OK)
        status = STATUS_UNREACHABLE;
    else if (status != STATUS_OK && problem->size == 0)
        buffer_print(problem, "the death of '%s/%s' was not taken: %s", state->pool, state->id,
                     status_text(status));
    line_close(&line);
    return status;
}

static enum exit_code run_opened(const struct invocation *invocation,
                                 const struct collector_state *state)
{
    struct buffer problem = {0};
    if (state->incarnation[0] == '\0')
        return invocation_fail(invocation, EXIT_NOT_FOUND,
                               "the state file '%s' names no incarnation", state->path);
    enum status status = publish(invocation, state, &problem);
    enum exit_code code = exit_code_of(status);
    if (status != STATUS_OK)
        code = invocation_fail(invocation, code, "%s", buffer_string(&problem));
    buffer_finish(&problem);
    return code;
}

static enum exit_code run(struct invocation *invocation)
{
    const char *path = conf_text(invocation->conf, "state.file");
    struct collector_state state;
    struct buffer fault = {0};
    if (path[0] == '\0')
        return invocation_fail(invocation, EXIT_USAGE, "--state-file FILE is needed");
    enum status status = collector_state_open(&state, path, false, &fault);
    enum exit_code code;
    if (status == STATUS_OK)
        code = run_opened(invocation, &state);
    else
        code = invocation_fail(
            invocation, status == STATUS_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED, "%s%s",
            buffer_string(&fault), status == STATUS_EXISTS ? ": it has not died" : "");
    collector_state_close(&state);
    buffer_finish(&fault);
    return code;
}

const struct command command_collector_died = {
    .noun = "collector",
    .verb = "died",
    .arguments = "",
    .flags = flags,
    .help = "prove by its state file that a collector has died, so that its units move at once",
    .example = "muster collector died --state-file /var/lib/muster/c1.state --hold-ms 500",
    .run = run,
};
