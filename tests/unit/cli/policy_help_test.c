// SPDX-License-Identifier: Apache-2.0
//
// The help names the keys that there are, all of them.
#include "cli/policy_help.h"

#include "plan/policy.h"
#include "test.h"

static void every_key_is_one(void)
{
    struct label keys[64];
    uint32_t count = 0;
    struct buffer why = {0};
    struct plan_policy policy;
    for (const struct policy_help *row = policy_help; row->key != NULL; row++)
        keys[count++] = (struct label){text_of(row->key), TEXT_LITERAL("none")};
    CHECK_TEXT(policy_parse(keys, count, &why, &policy), NULL);
    policy_finish(&policy);
    buffer_finish(&why);
}

static void no_key_is_missing(void)
{
    size_t count = 0;
    for (; policy_key_at(count) != NULL && policy_help[count].key != NULL; count++)
        CHECK_TEXT(policy_help[count].key, policy_key_at(count));
    CHECK(policy_key_at(count) == NULL);
}

static const struct test tests[] = {TEST(every_key_is_one), TEST(no_key_is_missing)};

TEST_MAIN("cli/policy_help", tests)
