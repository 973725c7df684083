// SPDX-License-Identifier: Apache-2.0
//
// The configuration of a process: a value for every setting and where it came from. The strongest
// source wins: flag > environment > --config FILE > user's file > system's file > default.
//
//     struct conf *conf = conf_create();
//     struct conf_sources sources = {.config_path = path, .environment = environ};
//     if (conf_load(conf, &sources) != STATUS_OK)
//         fputs(conf_problems(conf), stderr);
//     int64_t lease_ms = conf_int(conf, "lease.ms");
//
// Loading goes on after a problem, so that one run names them all. A conf with problems still
// answers every getter (with what was good), but nobody should run on it.
#ifndef MUSTER_CONF_CONF_H
#define MUSTER_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"

// From weak to strong.
enum conf_source {
    CONF_DEFAULT,
    CONF_SYSTEM_FILE, // /etc/muster/muster.conf
    CONF_USER_FILE,   // $XDG_CONFIG_HOME/muster/muster.conf, or ~/.config/...
    CONF_CONFIG_FILE, // --config FILE
    CONF_ENVIRONMENT, // MUSTER_LEASE_MS for lease.ms
    CONF_FLAG,
};

// A flag that sets a setting: "-b", "kafka.bootstrap.servers", "broker:9092".
struct conf_flag {
    const char *flag; // as the user wrote it, for messages
    const char *name; // setting
    const char *value;
};

// Everything that conf_load reads; borrowed during the call.
struct conf_sources {
    const char *system_path;        // NULL = /etc/muster/muster.conf; "" = none
    const char *config_path;        // of --config; NULL = none. A file that is missing is a problem
    const char *const *environment; // "NAME=value", NULL at the end; NULL = none
    const struct conf_flag *flags;
    size_t flag_count;
};

struct conf;

// A conf in which every setting has its default. Never NULL.
struct conf *conf_create(void);
void conf_destroy(struct conf *conf);

// Loads all sources and then checks settings against each other. STATUS_INVALID if there is any
// problem; conf_problems then has them all.
enum status conf_load(struct conf *conf, const struct conf_sources *sources) MUST_CHECK;

// The parts of conf_load, for who composes a configuration. Each returns STATUS_INVALID and adds to
// the problems if something is wrong, and does what it can nevertheless.
enum status conf_load_text(struct conf *conf, enum conf_source source, const char *path,
                           struct text text) MUST_CHECK;
enum status conf_load_file(struct conf *conf, enum conf_source source, const char *path) MUST_CHECK;
enum status conf_load_environment(struct conf *conf, const char *const *environment) MUST_CHECK;
enum status conf_load_flags(struct conf *conf, const struct conf_flag *flags,
                            size_t count) MUST_CHECK;
enum status conf_check(struct conf *conf) MUST_CHECK;

// Sets one value as a flag would; `flag` names who does it ("demo").
enum status conf_set(struct conf *conf, const char *flag, const char *name,
                     const char *value) MUST_CHECK;

// All problems so far, a line each: "FILE:LINE: what is wrong, what to do"; "" if there are none.
// Borrowed until the next call that loads.
const char *conf_problems(const struct conf *conf);
uint32_t conf_problem_count(const struct conf *conf);

// Values by the setting's name, which must exist and have the type; texts live as long as the
// value.
const char *conf_text(const struct conf *conf, const char *name); // text, choice, list: "" if empty
int64_t conf_int(const struct conf *conf, const char *name); // integer, duration, size: its unit
bool conf_bool(const struct conf *conf, const char *name);
struct span conf_span(const struct conf *conf, const char *name); // duration

// The item of a list setting at `index`, without blanks around it; a text without data behind the
// last.
struct text conf_list_item(const struct conf *conf, const char *name, size_t index);

// Walks what is meant for librdkafka, secrets included, in the order of names: `*cursor` starts at
// 0; gives "bootstrap.servers" for kafka.bootstrap.servers. False behind the last. Empty values are
// left out.
bool conf_kafka_next(const struct conf *conf, size_t *cursor, const char **ret_name,
                     const char **ret_value);

// One row of `config show`.
struct conf_row {
    const char *name;
    const char *value;  // as it would be written in a file; "(hidden)" for a secret that is set
    const char *origin; // "default", "FILE:LINE", "environment MUSTER_X", "flag --set"
    bool is_default;
    const char *help; // "" for a property of librdkafka's
};

// Walks all settings and the kafka.* that are set, in the order of names, as conf_kafka_next does.
bool conf_row_next(const struct conf *conf, size_t *cursor, struct conf_row *ret_row);

// Appends the reference file: every setting, commented out at its default, with type, range, who
// reads it and help. This is conf/muster.conf.
void conf_print_reference(struct buffer *buffer);

// Appends the same as a page in Markdown. This is conf/README.md.
void conf_print_page(struct buffer *buffer);

#endif
