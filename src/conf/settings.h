// SPDX-License-Identifier: Apache-2.0
//
// The one table of settings. Parsing, `config show`, `config check`, the reference file
// conf/muster.conf and the suggestions for a mistyped key all walk these rows, so a new setting is
// one new row in settings.c.
#ifndef MUSTER_CONF_SETTINGS_H
#define MUSTER_CONF_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_INTEGER,
    SETTING_DURATION, // stored in ms
    SETTING_SIZE,     // stored in the row's unit: bytes or kbytes (1024 bytes)
    SETTING_BOOLEAN,
    SETTING_CHOICE,
    SETTING_LIST, // texts with commas between them
};

// Who reads a setting; a row may name several.
enum setting_role {
    ROLE_COORDINATOR = 1,
    ROLE_COLLECTOR = 2,
    ROLE_AGENT = 4,
    ROLE_CLIENT = 8, // the commands that ask and order
    ROLE_ALL = 15,
};

struct setting {
    const char *name; // dotted; ends in its unit if it has one
    enum setting_type type;
    unsigned roles;      // of enum setting_role
    const char *initial; // the default as it would be written in a file
    int64_t min;         // integer, duration, size: smallest that is accepted, in the row's unit
    int64_t max;         // and largest
    const char *unit;    // "ms", "bytes", "kbytes" or ""
    const char *choices; // choice: the words with '|' between them, else NULL
    const char *(*fault)(struct text value); // text: what is wrong with it or NULL; may be NULL
    bool is_secret;   // never written down: comes through NAME.file, NAME.fd or NAME.credential
    const char *help; // one line
};

// The row at `index`, in the order of names; NULL behind the last.
const struct setting *setting_at(size_t index);

// The row of that name, or NULL.
const struct setting *setting_find(struct text name);

// The row whose name has the smallest edit distance to `name`, or NULL if none is near enough to be
// a slip of the hand (a third of its length).
const struct setting *setting_nearest(struct text name);

// Name of a type for people: "duration".
const char *setting_type_name(enum setting_type type);

#endif
