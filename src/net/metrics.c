// SPDX-License-Identifier: Apache-2.0
//
// The metrics page. The two forms differ in the name of a counter's family (OpenMetrics leaves out
// "_total"), in what HELP escapes, and in the end mark.
#include "net/metrics.h"

#include <string.h>

#include "base/ensure.h"

enum metrics_form metrics_form_for(struct text accept)
{
    static const char wanted[] = "application/openmetrics-text";
    bool is_there =
        accept.size && memmem(accept.data, accept.size, wanted, sizeof(wanted) - 1) != NULL;
    return is_there ? METRICS_OPENMETRICS : METRICS_TEXT;
}

const char *metrics_content_type(enum metrics_form form)
{
    if (form == METRICS_OPENMETRICS)
        return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    return "text/plain; version=0.0.4; charset=utf-8";
}

void metrics_begin(struct metrics *metrics, struct buffer *out, enum metrics_form form,
                   uint32_t series_max)
{
    *metrics = (struct metrics){.out = out, .form = form, .series_max = series_max};
}

// [a-zA-Z_][a-zA-Z0-9_]*, and where `is_lower` no upper case.
static bool name_is_fine(const char *name, bool is_lower)
{
    for (const char *c = name; *c; c++) {
        bool is_letter = (*c >= 'a' && *c <= 'z') || (!is_lower && *c >= 'A' && *c <= 'Z');
        bool is_digit = c > name && *c >= '0' && *c <= '9';
        if (!is_letter && !is_digit && *c != '_')
            return false;
    }
    return *name != '\0';
}

// The text with what the format cannot hold escaped: backslash and line feed, with `has_quotes`
// also '"'.
static void add_escaped(struct buffer *out, struct text text, bool has_quotes)
{
    while (text.size) {
        size_t size = text_utf8_size(text);
        char c = text.data[0];
        if (size == 0) {
            buffer_add_string(out, "\xef\xbf\xbd");
            size = 1;
        } else if (c == '\n') {
            buffer_add_string(out, "\\n");
        } else {
            if (c == '\\' || (c == '"' && has_quotes))
                buffer_add_char(out, '\\');
            buffer_add(out, text.data, size);
        }
        text = (struct text){text.data + size, text.size - size};
    }
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t size = strlen(name);
    size_t end = strlen(suffix);
    return size > end && strcmp(name + size - end, suffix) == 0;
}

void metrics_family(struct metrics *metrics, enum metrics_kind kind, const char *name,
                    const char *help)
{
    struct text family = text_of(name);
    ensure(name_is_fine(name, true));
    ensure(has_suffix(name, "_total") == (kind == METRICS_COUNTER));
    ensure(metrics->family_count < METRICS_FAMILIES_MAX);
    for (uint32_t i = 0; i < metrics->family_count; i++)
        ensure(strcmp(metrics->families[i], name) != 0);
    metrics->families[metrics->family_count++] = name;

    if (metrics->form == METRICS_OPENMETRICS && kind == METRICS_COUNTER)
        family.size -= strlen("_total");
    buffer_print(metrics->out, "# HELP %.*s ", TEXT_ARGS(family));
    add_escaped(metrics->out, text_of(help), metrics->form == METRICS_OPENMETRICS);
    buffer_print(metrics->out, "\n# TYPE %.*s %s\n", TEXT_ARGS(family),
                 kind == METRICS_COUNTER ? "counter" : "gauge");
}

// Writes name and labels up to the value; false when there are too many series already.
static bool series_begin(struct metrics *metrics, const struct metrics_label *labels,
                         uint32_t label_count)
{
    ensure(metrics->family_count > 0);
    if (metrics->series_count == metrics->series_max) {
        metrics->dropped++;
        return false;
    }
    metrics->series_count++;
    buffer_add_string(metrics->out, metrics->families[metrics->family_count - 1]);
    for (uint32_t i = 0; i < label_count; i++) {
        ensure(name_is_fine(labels[i].name, false));
        buffer_add_char(metrics->out, i == 0 ? '{' : ',');
        buffer_add_string(metrics->out, labels[i].name);
        buffer_add_string(metrics->out, "=\"");
        add_escaped(metrics->out, labels[i].value, true);
        buffer_add_char(metrics->out, '"');
    }
    buffer_add_string(metrics->out, label_count ? "} " : " ");
    return true;
}

void metrics_int64(struct metrics *metrics, const struct metrics_label *labels,
                   uint32_t label_count, int64_t value)
{
    if (!series_begin(metrics, labels, label_count))
        return;
    buffer_add_int64(metrics->out, value);
    buffer_add_char(metrics->out, '\n');
}

void metrics_seconds(struct metrics *metrics, const struct metrics_label *labels,
                     uint32_t label_count, struct span value)
{
    if (!series_begin(metrics, labels, label_count))
        return;
    buffer_add_seconds(metrics->out, value.us);
    buffer_add_char(metrics->out, '\n');
}

void metrics_end(struct metrics *metrics)
{
    uint64_t dropped = metrics->dropped;
    metrics_family(metrics, METRICS_GAUGE, "muster_metrics_series_dropped",
                   "series left out of this page because it has too many");
    metrics->series_max = UINT32_MAX;
    metrics_int64(metrics, NULL, 0, (int64_t)dropped);
    if (metrics->form == METRICS_OPENMETRICS)
        buffer_add_string(metrics->out, "# EOF\n");
}
