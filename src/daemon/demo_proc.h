// SPDX-License-Identifier: Apache-2.0
//
// The tables of /proc as telemetry: each format says how one file is laid out, and gives a record
// for each of its keys (a processor, a disk, ...). Text in, JSON members out; nothing is read here.
#ifndef MUSTER_DAEMON_DEMO_PROC_H
#define MUSTER_DAEMON_DEMO_PROC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/text.h"

enum proc_form {
    PROC_COLUMNS, // a line a key: the key, then values named by `columns`
    PROC_SUM,     // a line a key: the key, then values whose sum counts
    PROC_PAIRS,   // a line a key: the key, then name value name value ...
    PROC_EQUALS,  // a line a key: the key, then name=value ...
    PROC_FIRST,   // no keys: the first line has values named by `columns`
    PROC_PICK,    // no keys: lines of a name and a value; those named by `columns` count
};

struct proc_format {
    const char *name; // first part of the topic: "disk"
    const char *path; // "/proc/diskstats"
    enum proc_form form;
    size_t key_at;          // words before the key
    const char *key_prefix; // keys without it are skipped, others lose it; NULL = none
    bool has_colon;         // keys are followed by ':'; what is not is no key
    size_t keys_max;        // of these, the first ones
    const char *columns[18];
};

// All formats; name NULL ends them.
extern const struct proc_format proc_formats[];

// Whether records have a key.
bool proc_has_keys(const struct proc_format *format);

// The next key of the file, as it stands there, without the colon; `*cursor` starts at 0. False at
// the end.
bool proc_key_next(const struct proc_format *format, struct text file, size_t *cursor,
                   struct text *ret_key);

// Adds the values of a key (empty without keys) as members of the open object. False, and nothing
// added, if the file does not have it.
bool proc_print(const struct proc_format *format, struct text file, struct text key,
                struct json *json);

// What /proc/PID/stat says (proc(5)).
struct proc_process {
    struct text command;
    int64_t ticks; // of processor time, user and system
    int64_t pages; // resident
};

// False if the text is not such a file.
bool proc_process_parse(struct text file, struct proc_process *ret_process);

#endif
