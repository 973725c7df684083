// SPDX-License-Identifier: Apache-2.0
//
// What a conf holds, for the files of this room only.
#ifndef MUSTER_CONF_STORE_H
#define MUSTER_CONF_STORE_H

#include "conf/conf.h"
#include "conf/settings.h"

#define CONF_FILE_SIZE_MAX (1024 * 1024)
#define CONF_SECRET_SIZE_MAX (64 * 1024)
#define CONF_PROBLEMS_MAX 100 // listed; the others are only counted
#define CONF_EXTRAS_MAX 1000  // properties of librdkafka's that are no settings of ours

// Where a value was written.
struct conf_where {
    enum conf_source source;
    const char *place; // path, name of the variable or the flag; NULL for a default
    uint32_t line;     // from 1; 0 outside files
};

struct conf_value {
    const struct setting *row; // NULL for an extra: a kafka.* that is no setting of ours
    char *name;                // owned; of an extra only
    char *text;                // owned; never NULL
    char *shown;               // owned; as `config show` writes it
    int64_t number;            // as value_parse gives it
    enum conf_source source;
    uint32_t line;
    char *origin; // owned; for people
};

struct conf {
    struct conf_value *values; // owned; one a row of the table, in its order
    size_t value_count;
    struct conf_value *extras; // owned; sorted by name
    uint32_t extra_count;
    uint32_t extra_capacity;
    char *credentials_path; // owned; $CREDENTIALS_DIRECTORY, or NULL
    struct buffer problems;
    uint32_t problem_count;
};

// Sets a value if its source is not weaker than that of the one there. Says what is wrong with name
// or value.
enum status conf_assign(struct conf *conf, const struct conf_where *where, struct text name,
                        struct text value) MUST_CHECK;

// Adds a problem: "FILE:LINE: ...". Returns STATUS_INVALID.
enum status conf_refuse(struct conf *conf, const struct conf_where *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Reads a secret by "file", "fd" or "credential" (of $CREDENTIALS_DIRECTORY); one line end behind
// it is dropped. The caller finishes the buffer. STATUS_FAILED with the reason in `problem`.
enum status secret_read(const struct conf *conf, struct text how, struct text value,
                        struct buffer *ret_secret, struct buffer *problem) MUST_CHECK;

// Reads a whole file of at most `size_max` bytes. STATUS_NOT_FOUND, STATUS_TOO_LARGE, or
// STATUS_FAILED; the reason is in `problem`.
enum status file_read(const char *path, size_t size_max, struct buffer *ret_bytes,
                      struct buffer *problem) MUST_CHECK;

// The value of a setting that exists.
const struct conf_value *conf_value_get(const struct conf *conf, const char *name);

#endif
