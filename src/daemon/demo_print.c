// SPDX-License-Identifier: Apache-2.0

#include <stdarg.h>

#include "base/json.h"
#include "daemon/demo_inner.h"

#define LIVE_MS 250   // between two figures on a terminal
#define LINE_MS 10000 // and elsewhere

static void line_clear(struct demo *demo)
{
    if (demo->has_live_line)
        fputs("\r\033[K", demo->setup->err);
    demo->has_live_line = false;
}

static void clock_print(struct demo *demo)
{
    fprintf(demo->setup->err, "%6.1f s  ",
            (double)instant_since(loop_now(), demo->started).us / 1e6);
}

void demo_tell(struct demo *demo, const char *format, ...)
{
    va_list arguments;
    line_clear(demo);
    clock_print(demo);
    va_start(arguments, format);
    vfprintf(demo->setup->err, format, arguments);
    va_end(arguments);
    fputc('\n', demo->setup->err);
    fflush(demo->setup->err);
}

void demo_live_line(struct demo *demo, struct instant now)
{
    if (!instant_has_come(demo->next_line, now))
        return;
    demo->next_line = instant_add(now, span_of_ms(demo->is_terminal ? LIVE_MS : LINE_MS));
    struct demo_sums sums = demo_tally_sums(demo->tally);
    if (sums.produced == 0)
        return;
    line_clear(demo);
    clock_print(demo);
    fprintf(demo->setup->err, "%u topics:", demo_cell_owned(demo, DEMO_NOBODY));
    for (int i = 0; i < DEMO_COLLECTORS; i++)
        if (demo->children[i].pid > 0)
            fprintf(demo->setup->err, " %s %u", demo->children[i].name, demo_cell_owned(demo, i));
    fprintf(demo->setup->err, "; %lld records produced, %lld delivered, %lld on their way",
            (long long)sums.produced, (long long)sums.delivered, (long long)sums.lost);
    demo->has_live_line = demo->is_terminal;
    if (!demo->is_terminal)
        fputc('\n', demo->setup->err);
    fflush(demo->setup->err);
}

static void json_print(const struct demo_result *result, struct buffer *out)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    json_member_string(&json, "schema", "muster.demo/1");
    json_key(&json, "topics");
    json_object_begin(&json);
    json_member_int64(&json, "announced", result->announced);
    json_member_int64(&json, "assigned", result->assigned);
    json_member_int64(&json, "pending", result->pending);
    json_object_end(&json);
    json_member_int64(&json, "collectors", result->collectors);
    json_key(&json, "moves");
    json_object_begin(&json);
    json_member_int64(&json, "made", result->moves_made);
    json_member_int64(&json, "minimum", result->moves_minimum);
    json_object_end(&json);
    json_key(&json, "records");
    json_object_begin(&json);
    json_member_int64(&json, "produced", result->sums.produced);
    json_member_int64(&json, "delivered", result->sums.delivered);
    json_member_int64(&json, "lost", result->sums.lost);
    json_member_int64(&json, "duplicated", result->sums.duplicated);
    json_object_end(&json);
    json_member_int64(&json, "lag_records_max", result->lag_max);
    json_key(&json, "read_again_s");
    if (result->read_again_us >= 0)
        json_seconds(&json, (struct span){result->read_again_us});
    else
        json_null(&json);
    json_object_end(&json);
    json_end(&json);
    buffer_add_char(out, '\n');
}

static void lines_print(const struct demo_result *result, struct buffer *out)
{
    buffer_print(out, "topics      %lld announced, %lld assigned, %lld pending\n",
                 (long long)result->announced, (long long)result->assigned,
                 (long long)result->pending);
    buffer_print(out, "collectors  %lld\n", (long long)result->collectors);
    buffer_print(out, "moves       %lld made, %lld needed\n", (long long)result->moves_made,
                 (long long)result->moves_minimum);
    buffer_print(out, "records     %lld produced, %lld delivered, %lld lost, %lld duplicated\n",
                 (long long)result->sums.produced, (long long)result->sums.delivered,
                 (long long)result->sums.lost, (long long)result->sums.duplicated);
    buffer_print(out, "lag         %lld records at most\n", (long long)result->lag_max);
    if (result->read_again_us >= 0)
        buffer_print(out, "killed      read again after %.2f s\n",
                     (double)result->read_again_us / 1e6);
}

void demo_result_print(struct demo *demo)
{
    struct buffer out = {0};
    line_clear(demo);
    if (demo->setup->is_json)
        json_print(&demo->result, &out);
    else
        lines_print(&demo->result, &out);
    fputs(buffer_string(&out), demo->setup->out);
    if (fflush(demo->setup->out) != 0)
        demo->code = 1;
    buffer_finish(&out);
}
