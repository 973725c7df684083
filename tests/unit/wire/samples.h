// SPDX-License-Identifier: Apache-2.0
//
// Records of every kind with random values, made along the tables, and their comparison.
#ifndef SAMPLES_H
#define SAMPLES_H

#include "base/arena.h"
#include "wire/table.h"
#include "wire/wire.h"

// A small random generator; any seed will do.
struct dice {
    uint64_t state;
};

uint64_t dice_roll(struct dice *dice);

// A number below `bound` > 0.
uint32_t dice_below(struct dice *dice, uint32_t bound);

// A record of the kind in the arena: strings of any characters, numbers of any size, extremes among
// them, lists of 0 to 4 items.
void *sample_make(struct dice *dice, enum record_kind kind, struct arena *arena);

// Whether two records of a table hold the same.
bool sample_equal(const struct wire_table *table, const void *a, const void *b);

// Decodes what must decode; ends the test with the reason if it does not.
struct wire_record sample_decode(struct text bytes, struct arena *arena);

// The reason that the decoder gives for refusing, "" if it does not refuse. In `why`.
const char *refusal_of_avro(struct text bytes, struct buffer *why, enum status *ret_status);
const char *refusal_of_input(enum record_kind expected, struct text bytes, struct buffer *why,
                             enum status *ret_status);

#endif
