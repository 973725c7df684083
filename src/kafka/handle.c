// SPDX-License-Identifier: Apache-2.0
//
// A handle is made from four layers of properties, later ones win: our defaults for every handle,
// the role's presets, the user's own, and the role's musts. Its log and its connections go to the
// watch.
#include "kafka/handle.h"

#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "kafka/watch_feed.h"
#include "kafka/worker.h"

// For every role. Nagle's delay costs 40 ms a request and is on by default before 2.10.
static const struct kafka_fixed common[] = {
    {"client.id", "muster", true},
    {"socket.nagle.disable", "true", true},
    {"log.connection.close", "false", true},
    {"topic.metadata.refresh.sparse", "true", true},
    {"allow.auto.create.topics", "false", false},
};

// "host:9092/bootstrap: Connect to ... failed: Connection refused (after 2ms in state CONNECT)" ->
// "connection refused"
static void note_reason(struct kafka_watch *watch, struct text line)
{
    char reason[160];
    size_t start = 0;
    for (size_t i = 0; i + 2 <= line.size; i++) {
        if (memcmp(line.data + i, " (", 2) == 0) {
            line.size = i;
            break;
        }
        if (memcmp(line.data + i, ": ", 2) == 0)
            start = i + 2;
    }
    size_t size = line.size - start;
    if (size == 0)
        return;
    if (size > sizeof reason)
        size = sizeof reason;
    memcpy(reason, line.data + start, size);
    // A lower first letter unless it is an acronym, as in "SSL handshake failed".
    if (size > 1 && reason[0] >= 'A' && reason[0] <= 'Z' && reason[1] >= 'a')
        reason[0] = (char)(reason[0] - 'A' + 'a');
    kafka_watch_set_reason(watch, (struct text){reason, size});
}

// Called by any thread of librdkafka. "[thrd:NAME]: " in front of a line is of no use to anybody.
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
    const struct kafka_handle *handle = rd_kafka_opaque(rk);
    (void)level;
    if (!handle || !handle->watch || strcmp(facility, "CONFWARN") == 0)
        return;
    const char *rest = strncmp(line, "[thrd:", 6) == 0 ? strstr(line, "]: ") : NULL;
    struct text bare = text_of(rest ? rest + 3 : line);
    struct buffer buffer = {0};
    buffer_print(&buffer, "%s: %.*s", facility, TEXT_ARGS(bare));
    kafka_watch_add_line(handle->watch, buffer_text(&buffer));
    buffer_finish(&buffer);
    if (strcmp(facility, "FAIL") == 0)
        note_reason(handle->watch, bare);
}

// What concerns connections has been said by a FAIL line already.
static void on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
    const struct kafka_handle *handle = opaque;
    (void)rk;
    if (handle->failed)
        handle->failed(handle->owner, (rd_kafka_resp_err_t)error, reason);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    const struct kafka_handle *handle = opaque;
    handle->delivered(rk, message, handle->owner);
}

static enum kafka_link link_of(const char *state)
{
    if (strcmp(state, "UP") == 0 || strcmp(state, "UPDATE") == 0)
        return KAFKA_LINK_UP;
    if (strcmp(state, "DOWN") == 0 || strcmp(state, "INIT") == 0)
        return KAFKA_LINK_DOWN;
    return strcmp(state, "APIVERSION_QUERY") == 0 ? KAFKA_LINK_ASKING : KAFKA_LINK_TRYING;
}

static rd_kafka_resp_err_t on_broker_state(rd_kafka_t *rk, int32_t broker, const char *protocol,
                                           const char *name, int port, const char *state,
                                           void *context)
{
    const struct kafka_handle *handle = context;
    if (atomic_load(&handle->is_closing))
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    (void)rk;
    (void)protocol;
    // The number of a broker changes while a connection stands: it is learned, or moves to another.
    (void)broker;
    uint64_t id = hash_keyed(text_of(name), (uint32_t)port);
    kafka_watch_set_link(handle->watch, handle, id, link_of(state));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *context,
                                  char *fault, size_t fault_size)
{
    (void)conf;
    (void)fault;
    (void)fault_size;
    return rd_kafka_interceptor_add_on_broker_state_change(rk, "muster", on_broker_state, context);
}

static enum status conf_fault(const char *name, const char *value, const char *reason,
                              struct buffer *fault)
{
    buffer_print(fault, "librdkafka refuses 'kafka.%s = %s': %s", name, value, reason);
    return STATUS_INVALID;
}

static enum status conf_set_fixed(rd_kafka_conf_t *conf, const struct kafka_fixed *fixed,
                                  uint32_t count, bool is_preset, struct buffer *fault)
{
    char reason[512];
    for (uint32_t i = 0; i < count; i++) {
        if (fixed[i].is_preset != is_preset)
            continue;
        rd_kafka_conf_res_t result =
            rd_kafka_conf_set(conf, fixed[i].name, fixed[i].value, reason, sizeof reason);
        bool is_too_old = is_preset && result == RD_KAFKA_CONF_UNKNOWN;
        if (result != RD_KAFKA_CONF_OK && !is_too_old)
            return conf_fault(fixed[i].name, fixed[i].value, reason, fault);
    }
    return STATUS_OK;
}

static enum status conf_set_users(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                                  struct buffer *fault)
{
    char reason[512];
    for (uint32_t i = 0; i < settings->count; i++) {
        struct text name = settings->properties[i].name;
        struct text value = settings->properties[i].value;
        if (kafka_property_is_ours(name)) {
            buffer_print(fault, "'kafka.%.*s' is set by muster itself; leave it out",
                         TEXT_ARGS(name));
            return STATUS_INVALID;
        }
        // Both are terminated copies; a zero byte inside would hide the rest.
        if (memchr(name.data, 0, name.size) || memchr(value.data, 0, value.size)) {
            buffer_print(fault, "'kafka.%s' contains a zero byte", name.data);
            return STATUS_INVALID;
        }
        if (rd_kafka_conf_set(conf, name.data, value.data, reason, sizeof reason) !=
            RD_KAFKA_CONF_OK)
            return conf_fault(name.data, value.data, reason, fault);
    }
    return STATUS_OK;
}

static bool settings_have(const struct kafka_settings *settings, const char *name)
{
    for (uint32_t i = 0; i < settings->count; i++)
        if (text_equals(settings->properties[i].name, name) &&
            settings->properties[i].value.size > 0)
            return true;
    return false;
}

static enum status conf_create(const struct kafka_settings *settings,
                               const struct kafka_fixed *fixed, uint32_t fixed_count,
                               struct buffer *fault, rd_kafka_conf_t **ret_conf)
{
    uint32_t common_count = sizeof common / sizeof common[0];
    if (!settings_have(settings, "bootstrap.servers") &&
        !settings_have(settings, "metadata.broker.list")) {
        buffer_add_string(fault, "'kafka.bootstrap.servers' is missing: say where Kafka is with "
                                 "-b HOST:PORT");
        return STATUS_INVALID;
    }
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum status status = conf_set_fixed(conf, common, common_count, true, fault);
    if (!status)
        status = conf_set_fixed(conf, fixed, fixed_count, true, fault);
    if (!status)
        status = conf_set_users(conf, settings, fault);
    if (!status)
        status = conf_set_fixed(conf, common, common_count, false, fault);
    if (!status)
        status = conf_set_fixed(conf, fixed, fixed_count, false, fault);
    if (status)
        rd_kafka_conf_destroy(conf);
    else
        *ret_conf = conf;
    return status;
}

enum status kafka_settings_check(const struct kafka_settings *settings, struct buffer *fault)
{
    rd_kafka_conf_t *conf;
    enum status status = conf_create(settings, NULL, 0, fault, &conf);
    if (!status)
        rd_kafka_conf_destroy(conf);
    return status;
}

enum status kafka_handle_create(const struct kafka_settings *settings,
                                const struct kafka_handle_plan *plan, struct buffer *fault,
                                struct kafka_handle **ret_handle)
{
    rd_kafka_conf_t *conf;
    enum status status = conf_create(settings, plan->fixed, plan->fixed_count, fault, &conf);
    if (status)
        return status;
    struct kafka_handle *handle = memory_get(sizeof *handle);
    handle->watch = settings->watch;
    handle->delivered = plan->delivered;
    handle->failed = plan->failed;
    handle->owner = plan->owner;
    kafka_watch_hold(handle->watch);
    rd_kafka_conf_set_opaque(conf, handle);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (plan->delivered)
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    ensure(rd_kafka_conf_interceptor_add_on_new(conf, "muster", on_new, handle) == 0);

    char reason[512];
    handle->rk = rd_kafka_new(plan->type, conf, reason, sizeof reason);
    if (!handle->rk) {
        rd_kafka_conf_destroy(conf);
        kafka_watch_forget(handle->watch, handle);
        kafka_watch_drop(handle->watch);
        memory_release(handle);
        buffer_print(fault, "librdkafka refuses the settings: %s", reason);
        return STATUS_INVALID;
    }
    *ret_handle = handle;
    return STATUS_OK;
}

// No consumer close: there is no group to leave, and it would wait for a missing coordinator.
static void handle_finish(void *context)
{
    struct kafka_handle *handle = context;
    rd_kafka_destroy_flags(handle->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    kafka_watch_forget(handle->watch, handle);
    kafka_watch_drop(handle->watch);
    memory_release(handle);
}

enum status kafka_handle_destroy(struct kafka_handle *handle, struct span patience)
{
    struct kafka_watch *watch = handle->watch;
    kafka_watch_hold(watch);
    // An attempt that ends here has not failed.
    atomic_store(&handle->is_closing, true);
    kafka_watch_forget(watch, handle);
    struct buffer line = {0};
    buffer_print(&line, "CLOSE: '%s' did not end within %lld ms and is left behind",
                 rd_kafka_name(handle->rk), (long long)span_ms(patience));
    struct kafka_worker_role role = {.finish = handle_finish};
    struct kafka_worker *closer = kafka_worker_create(&role, handle);
    enum status status = kafka_worker_destroy(closer, patience);
    if (status && patience.us > 0)
        kafka_watch_add_line(watch, buffer_text(&line));
    buffer_finish(&line);
    kafka_watch_drop(watch);
    return status;
}

void kafka_handle_explain(const struct kafka_handle *handle, const char *otherwise,
                          struct buffer *text)
{
    if (!handle || !handle->watch || kafka_watch_reach(handle->watch, text) == STATUS_OK)
        buffer_add_string(text, otherwise);
}
