// SPDX-License-Identifier: Apache-2.0
//
// The metrics page in both forms.
#include "net/metrics.h"

#include "test.h"

static void write_page(struct buffer *out, enum metrics_form form, uint32_t series_max)
{
    struct metrics metrics;
    struct metrics_label labels[] = {{"pool", TEXT_LITERAL("default")},
                                     {"unit", TEXT_LITERAL("a\"b\\c\nd\xff")}};
    metrics_begin(&metrics, out, form, series_max);
    metrics_family(&metrics, METRICS_COUNTER, "muster_moves_total", "units that \"moved\" \\ once");
    metrics_int64(&metrics, NULL, 0, 12);
    metrics_family(&metrics, METRICS_GAUGE, "muster_lag_seconds", "age of the oldest record");
    metrics_seconds(&metrics, labels, 2, (struct span){1500000});
    metrics_seconds(&metrics, labels, 1, (struct span){0});
    metrics_end(&metrics);
}

static void the_text_form_is_what_prometheus_reads(void)
{
    struct buffer out = {0};
    write_page(&out, METRICS_TEXT, 100);
    CHECK_TEXT(buffer_string(&out),
               "# HELP muster_moves_total units that \"moved\" \\\\ once\n"
               "# TYPE muster_moves_total counter\n"
               "muster_moves_total 12\n"
               "# HELP muster_lag_seconds age of the oldest record\n"
               "# TYPE muster_lag_seconds gauge\n"
               "muster_lag_seconds{pool=\"default\",unit=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"} 1.5\n"
               "muster_lag_seconds{pool=\"default\"} 0\n"
               "# HELP muster_metrics_series_dropped series left out of this page because it has "
               "too many\n"
               "# TYPE muster_metrics_series_dropped gauge\n"
               "muster_metrics_series_dropped 0\n");
    buffer_finish(&out);
}

static void openmetrics_names_counters_differently_and_ends(void)
{
    struct buffer out = {0};
    write_page(&out, METRICS_OPENMETRICS, 100);
    CHECK_TEXT(buffer_string(&out),
               "# HELP muster_moves units that \\\"moved\\\" \\\\ once\n"
               "# TYPE muster_moves counter\n"
               "muster_moves_total 12\n"
               "# HELP muster_lag_seconds age of the oldest record\n"
               "# TYPE muster_lag_seconds gauge\n"
               "muster_lag_seconds{pool=\"default\",unit=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"} 1.5\n"
               "muster_lag_seconds{pool=\"default\"} 0\n"
               "# HELP muster_metrics_series_dropped series left out of this page because it has "
               "too many\n"
               "# TYPE muster_metrics_series_dropped gauge\n"
               "muster_metrics_series_dropped 0\n"
               "# EOF\n");
    buffer_finish(&out);
}

static void series_above_the_cap_are_counted_instead(void)
{
    struct buffer out = {0};
    write_page(&out, METRICS_TEXT, 1);
    CHECK_TEXT(buffer_string(&out),
               "# HELP muster_moves_total units that \"moved\" \\\\ once\n"
               "# TYPE muster_moves_total counter\n"
               "muster_moves_total 12\n"
               "# HELP muster_lag_seconds age of the oldest record\n"
               "# TYPE muster_lag_seconds gauge\n"
               "# HELP muster_metrics_series_dropped series left out of this page because it has "
               "too many\n"
               "# TYPE muster_metrics_series_dropped gauge\n"
               "muster_metrics_series_dropped 2\n");
    buffer_finish(&out);
}

static void the_form_is_what_the_scraper_asks_for(void)
{
    CHECK_INT(metrics_form_for(text_of("application/openmetrics-text;version=1.0.0;q=0.75")),
              METRICS_OPENMETRICS);
    CHECK_INT(metrics_form_for(text_of("text/plain;version=0.0.4")), METRICS_TEXT);
    CHECK_INT(metrics_form_for(text_of("")), METRICS_TEXT);
    CHECK_TEXT(metrics_content_type(METRICS_TEXT), "text/plain; version=0.0.4; charset=utf-8");
    CHECK_TEXT(metrics_content_type(METRICS_OPENMETRICS),
               "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

static const struct test tests[] = {
    TEST(the_text_form_is_what_prometheus_reads),
    TEST(openmetrics_names_counters_differently_and_ends),
    TEST(series_above_the_cap_are_counted_instead),
    TEST(the_form_is_what_the_scraper_asks_for),
};
TEST_MAIN("net/metrics", tests)
