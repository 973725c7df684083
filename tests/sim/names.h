// SPDX-License-Identifier: Apache-2.0
//
// The names of units that ever came up in a world, numbered, with how many lives read each: a unit
// is contested when two do, or when one reads the whole topic and another one a part of it.
#ifndef SIM_NAMES_H
#define SIM_NAMES_H

#include <stdint.h>

#include "base/index.h"
#include "base/text.h"

struct name {
    char text[80];
    uint32_t whole;   // the topic, itself if it is none's part
    uint32_t readers; // lives that read it
    uint32_t parts;   // of a topic: readers of its parts
    uint32_t doubles; // of a topic: names of its family with two readers or more
};

struct names {
    struct name *items;
    uint32_t count, capacity;
    struct index index;
    uint32_t contested; // topics
};

// Number of a name, from 0.
uint32_t names_of(struct names *names, struct text text);

static inline const char *names_text(const struct names *names, uint32_t name)
{
    return names->items[name].text;
}

// A life begins (1) or ceases (-1) to read it.
void names_read(struct names *names, uint32_t name, int by);

void names_finish(struct names *names);

#endif
