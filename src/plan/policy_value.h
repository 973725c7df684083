// SPDX-License-Identifier: Apache-2.0
//
// The values of a policy's keys: from text to numbers and checked words. For policy.c.
//
// Each returns NULL and the value, or what is wrong with it, to stand behind the quoted value
// ("is more than 100%"); static memory.
#ifndef MUSTER_PLAN_POLICY_VALUE_H
#define MUSTER_PLAN_POLICY_VALUE_H

#include <stdint.h>

#include "base/text.h"

#define POLICY_COUNT_MAX 1000000000             // the greatest whole number of any key
#define POLICY_SPAN_MAX_MS INT64_C(31536000000) // a year
#define POLICY_LABEL_SIZE_MAX 200               // bytes of a label's name or value
#define POLICY_GROUPS_MAX 1000                  // values of `groups`
#define POLICY_RULES_MAX 64                     // rules of `match`
#define POLICY_RULES_SIZE_MAX 4096              // and their bytes

// 1%, 0.5%, 0.01: at most 100 %, in millionths.
const char *policy_ratio(struct text value, uint32_t *ret_ppm);

// A whole number from `min` (0 or 1) to POLICY_COUNT_MAX.
const char *policy_count(struct text value, uint32_t min, uint32_t *ret_count);

// 500, 500ms, 30s, 5m, 1h: at most POLICY_SPAN_MAX_MS.
const char *policy_span(struct text value, int64_t *ret_ms);

// Name or value of a label, or characters of one: 1 to 200 printable bytes.
const char *policy_label(struct text value);

// Values with commas between, each once whatever its case; blanks around them do not count. They
// are added to `list`, with commas between.
const char *policy_list(struct text value, struct buffer *list);

// Match rules, see policy_matches.
const char *policy_rules(struct text value);

// Walks a list of values with commas, or rules with blanks, between: takes the next one off
// `*rest`. Returns false behind the last.
bool policy_item(struct text *rest, char separator, struct text *ret_item);

// Whether they are the same but for the case of ASCII letters.
bool policy_equal_nocase(struct text a, struct text b);

#endif
