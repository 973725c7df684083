// SPDX-License-Identifier: Apache-2.0
//
// The help names keys that there are.
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
    CHECK_INT(count, 23);
    policy_finish(&policy);
    buffer_finish(&why);
}

static const struct test tests[] = {TEST(every_key_is_one)};

TEST_MAIN("cli/policy_help", tests)
