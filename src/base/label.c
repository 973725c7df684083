// SPDX-License-Identifier: Apache-2.0
//
// Looking up a label.
#include "base/label.h"

const struct label *label_find(const struct label *labels, uint32_t count, struct text key)
{
    for (uint32_t i = 0; i < count; i++)
        if (text_equal(labels[i].key, key))
            return &labels[i];
    return NULL;
}

struct text label_value(const struct label *labels, uint32_t count, struct text key)
{
    const struct label *label = label_find(labels, count, key);
    return label ? label->value : (struct text){0};
}
