// SPDX-License-Identifier: Apache-2.0
//
// A pair of texts: one label, one argument, one setting of a policy. Records hold them as arrays.
#ifndef MUSTER_BASE_LABEL_H
#define MUSTER_BASE_LABEL_H

#include <stdint.h>

#include "base/text.h"

struct label {
    struct text key;   // unique in its array
    struct text value; // may be empty
};

// The label with this key, borrowed, or NULL. A linear walk.
const struct label *label_find(const struct label *labels, uint32_t count, struct text key);

// Its value, or the empty text.
struct text label_value(const struct label *labels, uint32_t count, struct text key);

#endif
