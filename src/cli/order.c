// SPDX-License-Identifier: Apache-2.0

#include "cli/order.h"

#include <string.h>

#include "base/memory.h"
#include "base/name.h"
#include "cli/fetch.h"
#include "net/loop.h"
#include "plan/policy.h"
#include "proto/records.h"
#include "wire/wire.h"

static void order_add(struct exchange *exchange, struct order *order, struct text subject)
{
    struct buffer id = {0};
    struct buffer value = {0};
    exchange_id_draw(&id);
    order->id = buffer_text(&id);
    order->sent_at_ms = loop_wall_ms();
    wire_encode_avro(RECORD_ORDER, order, &value);
    // 128 random bits do not come twice.
    (void)!exchange_add(exchange, subject, order->id, buffer_text(&value));
    buffer_finish(&id);
    buffer_finish(&value);
}

static struct exchange exchange_of(const struct invocation *invocation)
{
    return (struct exchange){.topic = "orders",
                             .is_awaited = !invocation_switch(invocation, "no-wait")};
}

static enum exit_code name_refuse(const struct invocation *invocation, const char *what,
                                  const char *name, const char *fault)
{
    struct buffer shown = {0};
    output_escape(&shown, text_of(name));
    invocation_fail(invocation, EXIT_USAGE, "%s '%s' %s", what, buffer_string(&shown), fault);
    buffer_finish(&shown);
    return EXIT_USAGE;
}

enum exit_code order_each(const struct invocation *invocation, const char *verb,
                          const char *argument)
{
    struct exchange exchange = exchange_of(invocation);
    enum exit_code code = EXIT_DONE;
    for (size_t i = 0; i < invocation->argument_count && code == EXIT_DONE; i++) {
        const char *name = invocation->arguments[i];
        const char *fault = name_fault(text_of(name));
        struct label label = {text_of(argument), text_of(name)};
        struct order order = {.pool = text_of(conf_text(invocation->conf, "pool")),
                              .verb = text_of(verb),
                              .args = &label,
                              .args_count = 1};
        if (fault)
            code = name_refuse(invocation, argument, name, fault);
        else
            order_add(&exchange, &order, text_of(name));
    }
    if (code == EXIT_DONE)
        code = exchange_run(&exchange, invocation);
    exchange_finish(&exchange);
    return code;
}

// The KEY=VALUE words behind the first one; `labels` has room for all of them.
static enum exit_code arguments_read(const struct invocation *invocation, struct label *labels,
                                     uint32_t *ret_count)
{
    uint32_t count = 0;
    for (size_t i = 1; i < invocation->argument_count; i++) {
        const char *word = invocation->arguments[i];
        const char *equal = strchr(word, '=');
        struct text key = {word, equal ? (size_t)(equal - word) : 0};
        if (key.size == 0)
            return invocation_fail(invocation, EXIT_USAGE, "'%s' is not KEY=VALUE", word);
        if (label_find(labels, count, key))
            return invocation_fail(invocation, EXIT_USAGE, "'%.*s' is there twice", TEXT_ARGS(key));
        labels[count++] = (struct label){key, text_of(equal + 1)};
    }
    *ret_count = count;
    return EXIT_DONE;
}

// What the keys mean together with those that were set before, only a coordinator can tell.
static enum exit_code policy_refuse(const struct invocation *invocation, const struct label *labels,
                                    uint32_t count)
{
    struct buffer why = {0};
    struct buffer shown = {0};
    enum exit_code code = EXIT_DONE;
    if (policy_check(labels, count, &why) != NULL) {
        output_escape(&shown, buffer_text(&why));
        code = invocation_fail(invocation, EXIT_USAGE, "%s", buffer_string(&shown));
    }
    buffer_finish(&why);
    buffer_finish(&shown);
    return code;
}

static enum exit_code order_run(const struct invocation *invocation, struct order *order)
{
    struct exchange exchange = exchange_of(invocation);
    order_add(&exchange, order, order->pool);
    enum exit_code code = exchange_run(&exchange, invocation);
    exchange_finish(&exchange);
    return code;
}

enum exit_code order_pool(const struct invocation *invocation, const char *verb)
{
    struct text pool = text_of(invocation->arguments[0]);
    struct label *labels = memory_get(invocation->argument_count * sizeof(*labels));
    struct order order = {.pool = pool, .verb = text_of(verb), .args = labels};
    bool is_dry = invocation->output == invocation->command->output_dry_run;
    const char *fault = name_fault(pool);
    enum exit_code code = fault ? name_refuse(invocation, "pool", pool.data, fault)
                                : arguments_read(invocation, labels, &order.args_count);
    if (code == EXIT_DONE)
        code = policy_refuse(invocation, labels, order.args_count);
    if (code == EXIT_DONE)
        code = is_dry ? fetch_trial(invocation, labels, order.args_count)
                      : order_run(invocation, &order);
    if (code == EXIT_DONE && strcmp(verb, "pool.create") == 0)
        code = order_wait(invocation, 1, ORDER_RUNNING);
    memory_release(labels);
    return code;
}

enum exit_code order_pools(const struct invocation *invocation, const char *verb,
                           struct label label, enum order_goal goal)
{
    struct exchange exchange = exchange_of(invocation);
    enum exit_code code = EXIT_DONE;
    for (size_t i = 0; i < invocation->argument_count && code == EXIT_DONE; i++) {
        struct text pool = text_of(invocation->arguments[i]);
        const char *fault = name_fault(pool);
        struct order order = {
            .pool = pool, .verb = text_of(verb), .args = &label, .args_count = label.key.size > 0};
        if (fault)
            code = name_refuse(invocation, "pool", pool.data, fault);
        else
            order_add(&exchange, &order, pool);
    }
    if (code == EXIT_DONE)
        code = exchange_run(&exchange, invocation);
    if (code == EXIT_DONE)
        code = order_wait(invocation, invocation->argument_count, goal);
    exchange_finish(&exchange);
    return code;
}

enum exit_code order_cell(const struct invocation *invocation, const char *verb)
{
    struct exchange exchange = exchange_of(invocation);
    struct order order = {.verb = text_of(verb)};
    order_add(&exchange, &order, text_of(conf_text(invocation->conf, "prefix")));
    enum exit_code code = exchange_run(&exchange, invocation);
    exchange_finish(&exchange);
    return code;
}
