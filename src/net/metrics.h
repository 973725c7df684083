// SPDX-License-Identifier: Apache-2.0
//
// Writes metrics for Prometheus: text format 0.0.4, or OpenMetrics 1.0 where the scraper asks for
// it. Formats: prometheus.io/docs/instrumenting/exposition_formats, openmetrics.io. A family is
// begun once and its series follow; a cap on series bounds what a scrape can cost, and the last
// family says how many were left out.
//
//     metrics_begin(&metrics, &body, METRICS_TEXT, 20000);
//     metrics_family(&metrics, METRICS_GAUGE, "muster_units", "units of the cell by state");
//     struct metrics_label state = {"state", TEXT_LITERAL("assigned")};
//     metrics_int64(&metrics, &state, 1, 42);
//     metrics_end(&metrics);
#ifndef MUSTER_NET_METRICS_H
#define MUSTER_NET_METRICS_H

#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"

#define METRICS_FAMILIES_MAX 256

enum metrics_form {
    METRICS_TEXT,
    METRICS_OPENMETRICS,
};

enum metrics_kind {
    METRICS_GAUGE,
    METRICS_COUNTER,
};

struct metrics_label {
    const char *name;  // [a-zA-Z_][a-zA-Z0-9_]*
    struct text value; // any bytes; what is not UTF-8 becomes U+FFFD
};

struct metrics {
    struct buffer *out; // borrowed
    enum metrics_form form;
    const char *families[METRICS_FAMILIES_MAX]; // names so far: each only once
    uint32_t family_count;
    uint32_t series_count;
    uint32_t series_max;
    uint64_t dropped; // series left out because of series_max
};

// The form that the value of an Accept header asks for, and the Content-Type of a form.
enum metrics_form metrics_form_for(struct text accept);
const char *metrics_content_type(enum metrics_form form);

// Begins a page at the end of `out`.
void metrics_begin(struct metrics *metrics, struct buffer *out, enum metrics_form form,
                   uint32_t series_max);

// Begins a family. `name` (static, [a-z_][a-z0-9_]*) ends in "_total" if and only if it is a
// counter; `help` is one sentence.
void metrics_family(struct metrics *metrics, enum metrics_kind kind, const char *name,
                    const char *help);

// One series of the family begun last: a whole number, or seconds with up to six decimals.
void metrics_int64(struct metrics *metrics, const struct metrics_label *labels,
                   uint32_t label_count, int64_t value);
void metrics_seconds(struct metrics *metrics, const struct metrics_label *labels,
                     uint32_t label_count, struct span value);

// Ends the page with the family muster_metrics_series_dropped and, in OpenMetrics, the end mark.
void metrics_end(struct metrics *metrics);

#endif
