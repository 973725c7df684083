// SPDX-License-Identifier: Apache-2.0
//
// Where an agent learns which topics it has. A source is looked at again and again; what it said
// last stands until it says something else, so trouble with a source takes no topic away.
//
//     struct discover *source = discover_file_create(path);
//     switch (discover_look(source, &fault)) { ... }
//     for (uint32_t i = 0; i < discover_count(source); i++)
//         use(discover_topics(source)[i]);
//     discover_destroy(source);
#ifndef MUSTER_DISCOVER_DISCOVER_H
#define MUSTER_DISCOVER_DISCOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "proto/records.h"

#define DISCOVER_TOPICS_MAX 1000000

// What a source has said: topics in its order, each once, with all they point to in the arena.
struct discover_set {
    struct arena arena;
    struct announcement_topic *topics; // in the arena
    uint32_t count;
};

// One kind of source.
struct discover_driver {
    const char *name; // "file"

    // Fills the empty `set` if the source has something new to say. STATUS_OK: it has, and the set
    // is whole. STATUS_AGAIN: nothing new. Anything else: it cannot be read or is wrong, with the
    // reason in `fault`; what is in `set` then does not count.
    enum status (*look)(void *state, struct discover_set *set, struct buffer *fault);

    void (*destroy)(void *state);
};

struct discover;

// A source of the driver, which gets the state. Never NULL.
struct discover *discover_create(const struct discover_driver *driver, void *state);
void discover_destroy(struct discover *source); // NULL is fine

// A file with a topic a line: its name, or a JSON object with the members of a topic in an
// announcement. Blank lines and lines that begin with '#' are skipped. A change is taken at the
// first look that finds the file as the look before did, so that one half written is not.
struct discover *discover_file_create(const char *path);

// STATUS_OK: there is a new set. STATUS_AGAIN: nothing new. Else as the driver says; the set is the
// one from before.
enum status discover_look(struct discover *source, struct buffer *fault) MUST_CHECK;

// Whether there ever was a set: until then "none" means "not known".
bool discover_is_known(const struct discover *source);

// The set, borrowed until the next look.
const struct announcement_topic *discover_topics(const struct discover *source);
uint32_t discover_count(const struct discover *source);

#endif
