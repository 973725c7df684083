// SPDX-License-Identifier: Apache-2.0

#include "cli/fetch.h"

#include <string.h>

#include "cli/answer.h"
#include "cli/locate.h"
#include "net/http_client.h"

#define PAGE_ITEMS 1000

// One command's conversation with a coordinator.
struct fetch {
    const struct invocation *invocation;
    struct buffer base; // "http://HOST:PORT"
    struct answer answer;
};

static bool flag_exists(const struct command *command, const char *name)
{
    for (const struct flag *flag = command->flags; flag && flag->name; flag++)
        if (strcmp(flag->name, name) == 0)
            return true;
    return false;
}

const char *fetch_pool(const struct invocation *invocation)
{
    struct conf_row row;
    size_t cursor = 0;
    while (conf_row_next(invocation->conf, &cursor, &row))
        if (strcmp(row.name, "pool") == 0)
            return row.is_default ? NULL : row.value;
    return NULL;
}

static enum exit_code fetch_begin(struct fetch *fetch, const struct invocation *invocation)
{
    struct buffer problem = {0};
    *fetch = (struct fetch){.invocation = invocation};
    fetch->answer.table = invocation->output;
    if (flag_exists(invocation->command, "limit"))
        fetch->answer.limit = (size_t)invocation_int(invocation, "limit", 0);
    enum status status = locate_api(invocation, &fetch->base, &problem);
    enum exit_code code = EXIT_DONE;
    if (status != STATUS_OK)
        code = invocation_fail(invocation, exit_code_of(status), "%s", buffer_string(&problem));
    while (fetch->base.size && fetch->base.data[fetch->base.size - 1] == '/')
        fetch->base.data[--fetch->base.size] = '\0';
    buffer_finish(&problem);
    return code;
}

// Ends the answer, if one was begun.
static enum exit_code fetch_end(struct fetch *fetch, enum exit_code code)
{
    if (fetch->answer.output)
        code = invocation_answered(fetch->answer.output, code);
    answer_finish(&fetch->answer);
    buffer_finish(&fetch->base);
    return code;
}

// What a refusal of the API means to the one who asked.
static enum exit_code refusal_code(int http_code)
{
    switch (http_code) {
    case 404:
        return EXIT_NOT_FOUND;
    case 400:
        return EXIT_USAGE;
    case 401:
    case 403:
        return EXIT_DENIED;
    case 502:
    case 503:
    case 504:
        return EXIT_UNREACHABLE;
    default:
        return EXIT_FAILED;
    }
}

static enum exit_code refusal_print(struct fetch *fetch, const struct http_client_answer *reply)
{
    struct buffer message = {0};
    struct buffer line = {0};
    if (!answer_read_error(buffer_text(&reply->body), &message))
        buffer_print(&message, "answered with HTTP %d", reply->code);
    output_escape(&line, buffer_text(&message));
    invocation_fail(fetch->invocation, EXIT_FAILED, "%s (the coordinator at %s)",
                    buffer_string(&line), buffer_string(&fetch->base));
    buffer_finish(&message);
    buffer_finish(&line);
    return refusal_code(reply->code);
}

static enum exit_code reply_print(struct fetch *fetch, const struct http_client_answer *reply)
{
    struct buffer problem = {0};
    enum exit_code code = EXIT_DONE;
    if (reply->code != 200)
        return refusal_print(fetch, reply);
    if (!fetch->answer.output)
        fetch->answer.output = invocation_answer(fetch->invocation);
    if (answer_read(&fetch->answer, buffer_text(&reply->body), &problem) != STATUS_OK)
        code = invocation_fail(fetch->invocation, EXIT_FAILED,
                               "the answer of %s is not understood: %s: is it a coordinator of "
                               "this version?",
                               buffer_string(&fetch->base), buffer_string(&problem));
    buffer_finish(&problem);
    return code;
}

// Asks for one page and prints it.
static enum exit_code fetch_page(struct fetch *fetch, const char *path_and_query)
{
    const struct conf *conf = fetch->invocation->conf;
    struct http_client_answer reply = {0};
    struct buffer url = {0};
    struct buffer problem = {0};
    enum exit_code code;
    buffer_print(&url, "%s%s", buffer_string(&fetch->base), path_and_query);
    struct http_client_request request = {.url = buffer_string(&url),
                                          .timeout = conf_span(conf, "timeout.ms")};
    enum status status = http_client_fetch(&request, &reply, &problem);
    if (status == STATUS_OK)
        code = reply_print(fetch, &reply);
    else
        code = invocation_fail(fetch->invocation, exit_code_of(status),
                               "%s (--api or api.url say where the coordinator is)",
                               buffer_string(&problem));
    http_client_answer_finish(&reply);
    buffer_finish(&url);
    buffer_finish(&problem);
    return code;
}

static void add_parameter(struct buffer *url, const char *name, struct text value)
{
    buffer_print(url, "&%s=", name);
    http_escape(url, value);
}

static void list_url(const struct fetch *fetch, const char *path,
                     const struct fetch_filter *filters, struct buffer *ret_url)
{
    const struct answer *answer = &fetch->answer;
    size_t left = answer->limit ? answer->limit - answer->count : PAGE_ITEMS;
    const char *pool = fetch_pool(fetch->invocation);
    buffer_print(ret_url, "%s?limit=%zu", path, left < PAGE_ITEMS ? left : PAGE_ITEMS);
    if (pool)
        add_parameter(ret_url, "pool", text_of(pool));
    for (; filters && filters->name; filters++)
        if (filters->value)
            add_parameter(ret_url, filters->name, text_of(filters->value));
    if (answer->next.size)
        add_parameter(ret_url, "after", buffer_text(&answer->next));
}

// What was named and is not there, NULL if nothing was named.
static const char *argument_of(const struct fetch_filter *filters)
{
    for (; filters && filters->name; filters++)
        if (filters->is_argument && filters->value)
            return filters->value;
    return NULL;
}

enum exit_code fetch_list(const struct invocation *invocation, const char *path,
                          const struct fetch_filter *filters)
{
    struct fetch fetch;
    enum exit_code code = fetch_begin(&fetch, invocation);
    struct answer *answer = &fetch.answer;
    size_t count = 0;
    while (code == EXIT_DONE) {
        struct buffer url = {0};
        list_url(&fetch, path, filters, &url);
        code = fetch_page(&fetch, buffer_string(&url));
        buffer_finish(&url);
        bool is_full = answer->limit && answer->count >= answer->limit;
        // A page without items ends the list, whatever it says about a next one.
        if (answer->next.size == 0 || is_full || answer->count == count)
            break;
        count = answer->count;
    }
    const char *argument = argument_of(filters);
    if (code == EXIT_DONE && answer->count == 0 && argument)
        code = invocation_fail(invocation, EXIT_NOT_FOUND, "there is nothing of '%s'", argument);
    return fetch_end(&fetch, code);
}

enum exit_code fetch_trial(const struct invocation *invocation, const struct label *keys,
                           uint32_t count)
{
    struct fetch fetch;
    struct buffer url = {0};
    enum exit_code code = fetch_begin(&fetch, invocation);
    buffer_print(&url, "/api/v1/pools/");
    http_escape(&url, text_of(invocation->arguments[0]));
    buffer_add_string(&url, "/trial");
    for (uint32_t i = 0; i < count; i++) {
        buffer_add_char(&url, i == 0 ? '?' : '&');
        http_escape(&url, keys[i].key);
        buffer_add_char(&url, '=');
        http_escape(&url, keys[i].value);
    }
    if (code == EXIT_DONE)
        code = fetch_page(&fetch, buffer_string(&url));
    buffer_finish(&url);
    return fetch_end(&fetch, code);
}

enum exit_code fetch_each(const struct invocation *invocation, const char *path, const char *suffix)
{
    return fetch_each_amended(invocation, path, suffix, &(struct fetch_amend){0});
}

enum exit_code fetch_each_amended(const struct invocation *invocation, const char *path,
                                  const char *suffix, const struct fetch_amend *amend)
{
    struct fetch fetch;
    enum exit_code code = fetch_begin(&fetch, invocation);
    fetch.answer.amend = amend->amend;
    fetch.answer.context = amend->context;
    const char *pool = fetch_pool(invocation);
    for (size_t i = 0; i < invocation->argument_count; i++) {
        if (code != EXIT_DONE && code != EXIT_NOT_FOUND)
            break;
        struct buffer url = {0};
        buffer_print(&url, "%s/", path);
        http_escape(&url, text_of(invocation->arguments[i]));
        buffer_print(&url, "%s?limit=%d", suffix, PAGE_ITEMS);
        if (pool)
            add_parameter(&url, "pool", text_of(pool));
        enum exit_code one = fetch_page(&fetch, buffer_string(&url));
        code = one == EXIT_DONE ? code : one;
        if (one == EXIT_NOT_FOUND && amend->missing)
            amend->missing(amend->context, invocation->arguments[i]);
        buffer_finish(&url);
    }
    return fetch_end(&fetch, code);
}
