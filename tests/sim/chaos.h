// SPDX-License-Identifier: Apache-2.0
//
// Worlds of faults, drawn from a seed: how many processes there are and how patient they are, then
// times of trouble and of calm by turns. In trouble people announce and order, and things go wrong
// by a theme (chaos_act.c). In calm nothing goes wrong any more, and within a bound everything must
// be right: one leader, every topic read once, every collector with a head that names it (S9), all
// that was announced there (CB-18), the state as good as memory (PD-20). A leader that is killed
// then moves nothing (CB-42), the topics of a collector that is killed are read again in time
// (CB-40), and all records are delivered, none twice that was committed or handed over (CB-28).
#ifndef SIM_CHAOS_H
#define SIM_CHAOS_H

#include "sim/world.h"

struct chaos {
    int64_t ms;    // how long the world goes on
    bool is_timed; // the story says when
    bool is_quiet; // a fault is not told on stderr
};

// A world as the seed makes it, in which nothing has happened yet.
struct world *chaos_world(uint64_t seed, const struct chaos *chaos);

// Runs it until a fault is found or the time is over.
void chaos_run(struct world *world, const struct chaos *chaos);

// ---- Between the files of this folder.

enum chaos_theme {
    THEME_MIXED,
    THEME_LEADERS,   // coordinators die, freeze, and lose transactions
    THEME_MEMBERS,   // collectors die, freeze, and come back in every way
    THEME_SILENCE,   // acknowledgements, brokers and links are stuck
    THEME_READERS,   // reads are late or done again while topics are compacted
    THEME_NAMESAKES, // two processes have one id
    THEME_SHAPES,    // topics change their shape, orders move them about
    THEME_TTL,       // statements live as long as they are repeated
    THEME_SINKS,     // sinks hang and units fail
    THEME_STRANGERS, // others write what they should not
    THEME_AGENTS,    // agents fall silent, and come back
    THEME_POOLS,     // pools come and go, pause and freeze; binaries of two levels are about
    THEME_GROUPS,    // strangers are in the groups, so that positions are handed over
    THEME_COUNT,
};

// One thing that happens. `times` is how often something has happened in this world.
void chaos_act(struct world *world, enum chaos_theme theme, uint64_t times);

// Any coordinator, often the leader; any collector.
const struct process *draw_process(struct world *world, bool is_coordinator);

// What is said (chaos_say.c).
void say_announce(struct world *world);
void say_ttl(struct world *world);
void say_sign(struct world *world);
void say_order(struct world *world);
void say_interval(struct world *world);
void say_pool(struct world *world);
void say_level(struct world *world);
void stranger_beats(struct world *world, uint64_t times);
void stranger_assigns(struct world *world);
void stranger_spoils(struct world *world);
void stranger_speaks(struct world *world);

// Some agents fall silent while everything is quiet (chaos_lull.c).
void chaos_lull(struct world *world);

// Positions are handed over while everything is quiet (chaos_handed.c).
void chaos_handed(struct world *world);

// State and assignments are lost while collectors run (chaos_lost.c).
void chaos_lost(struct world *world);

// The state goes back; then an operator begins a new lineage (chaos_back.c). False: it did not.
bool chaos_back(struct world *world);

// What retention takes away in all topics.
void chaos_expire(struct world *world);

// Announced names; agents, and those with a time-to-live.
enum { CHAOS_TOPICS = 24, CHAOS_AGENTS = 4, CHAOS_MORTALS = 3 };

#endif
