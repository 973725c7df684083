// SPDX-License-Identifier: Apache-2.0
//
// The policy of a workload: keys that come line by line, each replacing what it said before.
#include "base/memory.h"
#include "cli/workload_inner.h"

static void keys_release(struct label *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        memory_release((void *)keys[i].key.data);
        memory_release((void *)keys[i].value.data);
    }
    memory_release(keys);
}

static struct text text_own(struct text text)
{
    return (struct text){text_copy(text), text.size};
}

// The key of the line must be one that exists, and be there once, whatever name it goes by.
static bool key_check(const struct workload_line *line, uint32_t at, struct buffer *problem)
{
    struct text key = policy_key(line->labels[at].key);
    struct label reset = {line->labels[at].key, TEXT_LITERAL("none")};
    struct plan_policy policy;
    if (policy_parse(&reset, 1, problem, &policy))
        return false;
    policy_finish(&policy);
    for (uint32_t i = 0; i < at; i++) {
        if (!text_equal(policy_key(line->labels[i].key), key))
            continue;
        buffer_print(problem, "%.*s is set twice", TEXT_ARGS(key));
        return false;
    }
    return true;
}

static bool line_has(const struct workload_line *line, struct text key)
{
    for (uint32_t i = 0; i < line->labels_count; i++)
        if (text_equal(policy_key(line->labels[i].key), key))
            return true;
    return false;
}

// The keys that hold now: those of before that the line does not name, and the line's.
static struct label *keys_merge(const struct workload *workload, const struct workload_line *line,
                                uint32_t *ret_count)
{
    uint32_t count = 0;
    struct label *keys =
        memory_get((workload->keys_count + line->labels_count + 1) * sizeof(*keys));
    for (uint32_t i = 0; i < workload->keys_count; i++) {
        const struct label *old = &workload->keys[i];
        if (!line_has(line, old->key))
            keys[count++] = (struct label){text_own(old->key), text_own(old->value)};
    }
    for (uint32_t i = 0; i < line->labels_count; i++) {
        const struct label *said = &line->labels[i];
        if (said->value.data)
            keys[count++] = (struct label){text_own(policy_key(said->key)), text_own(said->value)};
    }
    *ret_count = count;
    return keys;
}

enum status workload_policy_take(struct workload *workload, const struct workload_line *line,
                                 struct buffer *problem)
{
    uint32_t count;
    struct plan_policy policy;
    for (uint32_t i = 0; i < line->labels_count; i++)
        if (!key_check(line, i, problem))
            return STATUS_INVALID;
    struct label *keys = keys_merge(workload, line, &count);
    if (policy_parse(keys, count, problem, &policy)) {
        keys_release(keys, count);
        return STATUS_INVALID;
    }
    keys_release(workload->keys, workload->keys_count);
    policy_finish(&workload->policy);
    workload->keys = keys;
    workload->keys_count = count;
    workload->policy = policy;
    return STATUS_OK;
}

void workload_policy_finish(struct workload *workload)
{
    keys_release(workload->keys, workload->keys_count);
    policy_finish(&workload->policy);
    for (uint32_t i = 0; i < workload->policies_count; i++)
        policy_finish(&workload->policies[i]);
    memory_release(workload->policies);
}
