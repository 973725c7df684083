// SPDX-License-Identifier: Apache-2.0
//
// Numbers as JSON writes them, without floating point: 5, 5.0, 1e-05, 1.5e3.
#ifndef MUSTER_CLI_DECIMAL_H
#define MUSTER_CLI_DECIMAL_H

#include "base/text.h"

// Appends the JSON number without an exponent and without zeros that say nothing: 1e-05 becomes
// 0.00001, 5.0 becomes 5. One with more than a hundred places is appended as it is written.
void decimal_plain(struct text number, struct buffer *plain);

// A whole number, in whatever form. STATUS_INVALID if it has a fraction, STATUS_TOO_LARGE outside
// int64_t.
enum status decimal_whole(struct text number, int64_t *ret_value) MUST_CHECK;

// The nearest whole number, a half away from zero. STATUS_TOO_LARGE outside int64_t.
enum status decimal_nearest(struct text number, int64_t *ret_value) MUST_CHECK;

// Appends numerator / denominator with up to three digits behind the point, rounded. Both are ≥ 0,
// the denominator is at most 2^50 and not 0.
void decimal_ratio(struct buffer *out, int64_t numerator, int64_t denominator);

#endif
