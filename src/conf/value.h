// SPDX-License-Identifier: Apache-2.0
//
// The text of one setting's value to what it means.
#ifndef MUSTER_CONF_VALUE_H
#define MUSTER_CONF_VALUE_H

#include <stdint.h>

#include "base/text.h"
#include "conf/settings.h"

// Checks a value against its row. `*ret_number` is the number in the row's unit, 1 or 0 for a
// boolean, 0 for texts. STATUS_INVALID appends what is wrong to `problem`, without the setting's
// name.
enum status value_parse(const struct setting *row, struct text value, int64_t *ret_number,
                        struct buffer *problem) MUST_CHECK;

// Parses a duration as settings do: a bare number is in ms, or with ms, s, m, h, d.
enum status duration_parse(struct text text, int64_t *ret_ms) MUST_CHECK;

// The text without blanks at its ends.
struct text text_trim(struct text text);

// The item at `index` of a text with commas between its items, trimmed. False behind the last; an
// empty text has none.
bool list_item(struct text list, size_t index, struct text *ret_item);

#endif
