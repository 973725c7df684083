// SPDX-License-Identifier: Apache-2.0
//
// Records of the state that somebody else has written. Private to this room.
#ifndef MUSTER_CONTROL_DAMAGE_H
#define MUSTER_CONTROL_DAMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct control;

enum { DAMAGE_MAX = 1000 };

// Keys of the state with a record that nobody can read.
struct damage {
    struct damage_row {
        char *key;     // owned
        bool is_known; // what stood there is in the tables
    } * rows;          // owned, in no order
    uint32_t count, capacity;
    bool is_more;      // than DAMAGE_MAX
    bool is_succeeded; // somebody else's marker was found, and no commit has told better
};

// A record of the state that nobody can read, while this one does not lead; `is_later`: a later
// version may. One under the same key that can be read.
void damage_note(struct control *control, struct text key, bool is_later);
void damage_end(struct control *control, struct text key);
bool damage_bars(const struct control *control); // something is not known: it must not lead

// It leads: what is damaged is written again; so is what a stranger has written meanwhile.
void damage_mend(struct control *control);
void damage_found(struct control *control, struct text key);
void damage_committed(struct control *control);
void damage_finish(struct control *control);

#endif
