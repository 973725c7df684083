// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "conf/conf.h"
#include "test.h"

static void check_refused(const char *text, const char *expected)
{
    struct conf *conf = conf_create();
    REQUIRE(conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", text_of(text)) == STATUS_OK);
    CHECK_INT(conf_check(conf), expected[0] ? STATUS_INVALID : STATUS_OK);
    CHECK_TEXT(conf_problems(conf), expected);
    conf_destroy(conf);
}

static void a_lease_holds_three_beats(void)
{
    check_refused("lease.ms = 3000\n", "");
    check_refused("lease.ms = 2999\n",
                  "beat.interval.ms = 1000 (default) with lease.ms = 2999 (m.conf:1): a lease must "
                  "hold three beats, or one lost beat ends it\n");
}

static void a_standby_misses_two_beats(void)
{
    check_refused("leader.timeout.ms = 2000\n", "");
    check_refused("leader.timeout.ms = 1999\n",
                  "beat.interval.ms = 1000 (default) with leader.timeout.ms = 1999 (m.conf:1): a "
                  "standby must miss two beats before it takes over\n");
}

static void the_margin_leaves_time_to_write(void)
{
    check_refused("sink.start.margin.ms = 8s\n",
                  "sink.start.margin.ms = 8000 (m.conf:1) with lease.ms = 15000 (default): the "
                  "margin must leave half of the lease for writing\n");
}

static void a_flush_ends_before_its_revoke_is_stuck(void)
{
    check_refused("revoke.flush.ms = 11s\n",
                  "revoke.flush.ms = 11000 (m.conf:1) with revoke.timeout.ms = 10000 (default): a "
                  "flush must end before the revoke counts as stuck\n");
}

// A collector refuses to start without it; a coordinator that shares the file does not care.
static void path_of_a_file_sink_is_left_to_each_collector(void)
{
    check_refused("sink.type = file\n", "");
}

static const struct test tests[] = {
    TEST(a_lease_holds_three_beats),
    TEST(a_standby_misses_two_beats),
    TEST(the_margin_leaves_time_to_write),
    TEST(a_flush_ends_before_its_revoke_is_stuck),
    TEST(path_of_a_file_sink_is_left_to_each_collector),
};

TEST_MAIN("conf/check", tests)
