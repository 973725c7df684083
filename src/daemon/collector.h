// SPDX-License-Identifier: Apache-2.0
//
// The collector as a process: it carries out what src/collect decides. It beats, reads its
// assignments, reads the units it was given with as many Kafka handles as that takes, writes them
// to one sink, commits behind the sink, and reports. One thread decides; librdkafka has its own.
#ifndef MUSTER_DAEMON_COLLECTOR_H
#define MUSTER_DAEMON_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "base/text.h"
#include "conf/conf.h"

struct loop;
struct collector;

// What a collector is made of; all borrowed for its life.
struct collector_setup {
    const struct conf *conf;   // loaded and checked
    FILE *err;                 // lines for people
    int output;                // descriptor of the sink 'stdout'
    bool is_verbose;           // show the Kafka client's own lines
    const char *notify_socket; // value of $NOTIFY_SOCKET, NULL = none
    const char *watchdog_us;   // value of $WATCHDOG_USEC, NULL = none
};

// Makes a collector on the loop; it works while the loop runs, as its turn. Errors leave nothing
// behind and append the reason to `fault`: STATUS_INVALID or STATUS_NOT_FOUND (configuration),
// STATUS_EXISTS (another process has the state file or the sink's file), STATUS_FAILED.
enum status collector_create(struct loop *loop, const struct collector_setup *setup,
                             struct buffer *fault, struct collector **ret_collector) MUST_CHECK;

// Ends it at once, as a crash would: nothing is flushed, committed or said. NULL is fine.
void collector_destroy(struct collector *collector);

// Asks for the orderly stop: drain, commit, say goodbye. The loop is stopped when that is done.
void collector_stop(struct collector *collector);

// Whether the collector has ended by itself, with its exit code: 0 stopped, 1 failed, 8 id in use
// or named no longer, 9 stopped with work left uncommitted. The loop is stopped then.
bool collector_has_ended(const struct collector *collector, int *ret_code);

// What a person or a test may want to know of a running one.
struct collector_figures {
    const char *incarnation;  // of the life under way; borrowed until the next turn
    bool is_named;            // a head names it
    int64_t generation;       // applied
    uint32_t units;           // started or stopping
    uint32_t partitions;      // being read
    uint64_t records_taken;   // by the sink, since start
    uint64_t records_read;    // from Kafka, since start
    uint64_t records_dropped; // read but not written when their unit stopped: the next owner reads
                              // them again
    bool is_held;             // the sink takes nothing at present
};

void collector_look(const struct collector *collector, struct collector_figures *ret_figures);

// The whole of `muster collector run`: creates, runs until a signal or the collector itself ends
// it. Returns the exit code; what went wrong is on `setup->err`.
int collector_run(const struct collector_setup *setup);

#endif
