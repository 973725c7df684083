// SPDX-License-Identifier: Apache-2.0
//
// Where a collector writes. A sink is made by its type's name and takes batches of records; it says
// of each record whether it is done. What is not done is offered again by the caller, in the same
// order, until it is: nothing is kept back in here, so offsets may be committed behind what is
// done.
//
//     struct sink *sink;
//     if (sink_create(&options, &fault, &sink) != STATUS_OK) ...
//     switch (sink_write(sink, records, count, verdicts)) {
//     case STATUS_OK:     everything is done
//     case STATUS_AGAIN:  the sink is busy: wait until sink_wait_fd is writable, offer the rest;
//                         or it was not to begin another write (S3)
//     case STATUS_FAILED: sink_fault says why: offer the rest later
//     case STATUS_CLOSED: sink_fault says why: it will never take anything again
//
// A new sink is one file with its driver and one line in the table of sink.c.
#ifndef MUSTER_SINK_SINK_H
#define MUSTER_SINK_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"

struct sink_header {
    struct text name;
    struct text value;
    bool is_null; // the value is null, not empty
};

// One record as every sink gets it. All borrowed during the call.
struct sink_record {
    struct text cluster; // data cluster, empty = the cell's own
    struct text topic;
    int32_t partition;
    int64_t offset;
    int64_t fence;   // of the grant under which it was read; never falls for a unit
    int64_t time_ms; // wall time of the record, -1 = none
    struct text key;
    struct text value;
    bool is_key_null;
    bool is_value_null;
    const struct sink_header *headers; // in the record's order
    uint32_t header_count;
};

enum sink_verdict {
    SINK_RETRY, // not taken: offer it again
    SINK_DONE,  // taken
};

struct sink_options {
    const char *type;     // "stdout" or "file"
    int output;           // stdout: descriptor to write to, borrowed
    const char *path;     // file: where it is
    int64_t rotate_bytes; // file: rotated before it grows above this; 0 = never
    int64_t rotate_count; // file: rotated files that are kept, >= 1
};

struct sink;

// Opens the sink. STATUS_NOT_FOUND: no such type; STATUS_INVALID: wrong options; STATUS_EXISTS:
// another process writes there; STATUS_FAILED: the system refuses. The reason is appended to
// `fault`.
enum status sink_create(const struct sink_options *options, struct buffer *fault,
                        struct sink **ret_sink) MUST_CHECK;

// Ends it at once: nothing is written any more. NULL is fine.
void sink_destroy(struct sink *sink);

// Offers `count` > 0 records; `verdicts` gets one for each. Does not wait, but a disk that hangs
// can hold it: no write(2) begins at `until` (CLOCK_BOOTTIME) or later, not even for the rest of a
// line. Records are taken from the first on, and none is taken behind one that is not.
enum status sink_write(struct sink *sink, const struct sink_record *records, uint32_t count,
                       struct instant until, enum sink_verdict *verdicts) MUST_CHECK;

// Ends the file that is written to and begins a new one; nothing where there are no files, or
// nothing in it yet. STATUS_FAILED: sink_fault says why; trying again goes on from there.
enum status sink_rotate(struct sink *sink) MUST_CHECK;

// After STATUS_AGAIN: the descriptor that becomes writable.
int sink_wait_fd(const struct sink *sink);

// Why the last write or rotation failed, for people; "" if it did not. Lives until the next call.
const char *sink_fault(const struct sink *sink);

// The types there are: "stdout, file".
void sink_types(struct buffer *buffer);

#endif
