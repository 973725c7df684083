// SPDX-License-Identifier: Apache-2.0
//
// What happens to a small pool, in words: "key=value key=value".
#ifndef WORDS_H
#define WORDS_H

#include "unit/plan/pool.h"

// The policy; it must be a good one, and put no other labels to use once collectors are in.
void policy(struct pool *pool, const char *keys);

// Of a collector "units=4 weight=100 held=1"; any other key is a label.
void join(struct pool *pool, const char *id, const char *line);
void set(struct pool *pool, const char *id, const char *line);

// Of a unit "weight=3"; any other key is a label.
void add(struct pool *pool, uint32_t unit, const char *line);
void add_all(struct pool *pool, uint32_t first, uint32_t last, const char *line);
void retell(struct pool *pool, uint32_t unit, const char *line);

#endif
