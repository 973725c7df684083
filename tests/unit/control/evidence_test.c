// SPDX-License-Identifier: Apache-2.0
//
// S4: what an own record read back proves, and what it does not.
#include "control/evidence.h"
#include "test.h"

static struct instant at_ms(int64_t ms)
{
    return (struct instant){ms * 1000};
}

static void nothing_is_proved_before_a_return(void)
{
    struct evidence evidence;
    evidence_init(&evidence, at_ms(0));
    evidence_sent(&evidence, 1, at_ms(90000));
    CHECK(!evidence_proves(&evidence, at_ms(0), span_of_ms(1000)));
}

// Promised 10 s: 10 s, 1 % and 200 ms later a record has to have been sent.
static void silence_needs_the_margin(void)
{
    struct evidence evidence;
    evidence_init(&evidence, at_ms(0));
    CHECK_INT(evidence_deadline(&evidence, at_ms(0), span_of_ms(10000)).us, 10300000);
    evidence_sent(&evidence, 1, at_ms(10300));
    evidence_returned(&evidence, 1, at_ms(10310), span_of_ms(1000));
    CHECK(!evidence_proves(&evidence, at_ms(0), span_of_ms(10000)));
    evidence_sent(&evidence, 2, at_ms(10301));
    evidence_returned(&evidence, 2, at_ms(10310), span_of_ms(1000));
    CHECK(evidence_proves(&evidence, at_ms(0), span_of_ms(10000)));
}

// The send counts, not the return: one sent early and returned late proves only the early instant.
static void the_send_counts(void)
{
    struct evidence evidence;
    evidence_init(&evidence, at_ms(0));
    evidence_sent(&evidence, 1, at_ms(100));
    evidence_returned(&evidence, 1, at_ms(900), span_of_ms(1000));
    CHECK_INT(evidence.proved.us, 100000);
}

static void a_late_return_restarts_all_deadlines(void)
{
    struct evidence evidence;
    evidence_init(&evidence, at_ms(0));
    evidence_sent(&evidence, 1, at_ms(20000));
    evidence_returned(&evidence, 1, at_ms(21001), span_of_ms(1000));
    CHECK(!evidence_proves(&evidence, at_ms(0), span_of_ms(10000)));
    CHECK_INT(evidence_deadline(&evidence, at_ms(0), span_of_ms(10000)).us, 31301000);
}

static void forgotten_and_foreign_records_prove_nothing(void)
{
    struct evidence evidence;
    evidence_init(&evidence, at_ms(0));
    for (int64_t seq = 1; seq <= EVIDENCE_SENT_MAX + 1; seq++)
        evidence_sent(&evidence, seq, at_ms(seq * 1000));
    evidence_returned(&evidence, 1, at_ms(70000), span_of_ms(1000));
    evidence_returned(&evidence, 500, at_ms(70000), span_of_ms(1000));
    evidence_returned(&evidence, -1, at_ms(70000), span_of_ms(1000));
    CHECK(!evidence_proves(&evidence, at_ms(0), span_of_ms(1000)));
    evidence_returned(&evidence, 3, at_ms(3500), span_of_ms(1000));
    evidence_returned(&evidence, 2, at_ms(3500), span_of_ms(2000));
    CHECK_INT(evidence.proved.us, 3000000);
}

static const struct test tests[] = {
    TEST(nothing_is_proved_before_a_return),
    TEST(silence_needs_the_margin),
    TEST(the_send_counts),
    TEST(a_late_return_restarts_all_deadlines),
    TEST(forgotten_and_foreign_records_prove_nothing),
};

TEST_MAIN("control/evidence", tests)
