// SPDX-License-Identifier: Apache-2.0

#include "policy_text.h"

#include <string.h>

#include "base/ensure.h"

#define KEYS_MAX 32

uint32_t labels_of(const char *text, struct label *ret_labels, uint32_t max)
{
    uint32_t count = 0;
    while (*text) {
        size_t size = strcspn(text, ";");
        size_t key = strcspn(text, "=");
        ensure(key < size && count < max);
        ret_labels[count++] = (struct label){{text, key}, {text + key + 1, size - key - 1}};
        text += size + (text[size] == ';');
    }
    return count;
}

const char *policy_of(const char *text, struct buffer *why, struct plan_policy *ret_policy)
{
    struct label keys[KEYS_MAX];
    uint32_t count = labels_of(text, keys, KEYS_MAX);
    return policy_parse(keys, count, why, ret_policy);
}
