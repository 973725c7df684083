// SPDX-License-Identifier: Apache-2.0
//
// The state file of a collector: which incarnations of it may still be believed alive, and a lock
// that only a living process can hold. Who gets the lock therefore has proof that they are dead.
//
// The file has the lines pool=, id=, incarnation= and replaces=. `incarnation` is the life that was
// begun last; `replaces` is the one before it, kept until a head has named the newer one.
#ifndef MUSTER_DAEMON_COLLECTOR_STATE_H
#define MUSTER_DAEMON_COLLECTOR_STATE_H

#include "base/status.h"
#include "base/text.h"

#define INCARNATION_SIZE 32 // hex digits

struct collector_state {
    int fd;     // locked; -1 = no file
    char *path; // owned
    char pool[256];
    char id[256];
    char incarnation[INCARNATION_SIZE + 1]; // "" = none
    char replaces[INCARNATION_SIZE + 1];    // "" = none
};

// Opens and locks the file, and makes it if `is_made`. What it says of another pool or id, or
// cannot be read, counts as nothing. Errors, with the reason in `fault`: STATUS_EXISTS: a process
// holds the lock; STATUS_NOT_FOUND: no such file; STATUS_FAILED.
enum status collector_state_open(struct collector_state *state, const char *path, bool is_made,
                                 struct buffer *fault) MUST_CHECK;

// Writes the four texts to the disk. STATUS_FAILED with the reason in `fault`. No file is no error.
enum status collector_state_write(const struct collector_state *state,
                                  struct buffer *fault) MUST_CHECK;

// Releases the lock. `= {.fd = -1}` is an empty one.
void collector_state_close(struct collector_state *state);

// A new random incarnation, terminated.
void collector_incarnation_draw(char incarnation[INCARNATION_SIZE + 1]);

#endif
