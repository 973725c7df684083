// SPDX-License-Identifier: Apache-2.0
//
// Policies of tests, in one line.
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H

#include "plan/policy.h"

// policy_parse of "key=value;key=value"; the first '=' of each splits it.
const char *policy_of(const char *text, struct buffer *why, struct plan_policy *ret_policy);

// Labels in the same form, at most `max`. Views into the text.
uint32_t labels_of(const char *text, struct label *ret_labels, uint32_t max);

#endif
