// SPDX-License-Identifier: Apache-2.0
//
// What stories have in common: a world of fixed delays with one leader, and comparing what was told
// with what is written in the test.
#ifndef STORY_TALE_H
#define STORY_TALE_H

#include "sim/check.h"
#include "sim/world.h"
#include "test.h"

// A world in which "north" leads and has told of it; lease 15 s, beats every second.
struct world *tale_begin(void);

// As tale_begin, with collectors named "a", "b", ... and topics t1, t2, ... read by them, quiet.
struct world *tale_with(int collectors, int topics);

// What was told since the last call is exactly this. TALE_PRINT=1 prints it instead, for reading.
#define TALE(world, expected) tale_compare(world, expected, __FILE__, __LINE__)
void tale_compare(struct world *world, const char *expected, const char *file, int line);

// Forgets what was told.
void tale_skip(struct world *world);

// The line was told since the last call of TALE or tale_skip.
void tale_has(struct world *world, const char *line);

// The world is right by every checker; ends it.
void tale_end(struct world *world);

// As tale_end, where topics stay unread or the control log is not the whole truth (a ttl).
void tale_end_unsettled(struct world *world);

#endif
