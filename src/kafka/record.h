// SPDX-License-Identifier: Apache-2.0
//
// Records as they are read from Kafka and messages as they are written to it. In both a null key or
// value differs from an empty one: a null value is a tombstone.
#ifndef MUSTER_KAFKA_RECORD_H
#define MUSTER_KAFKA_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

#define KAFKA_START INT64_C(-2) // logical offset: the oldest record that still exists
#define KAFKA_END INT64_C(-1)   // logical offset: behind the newest record that may be read

// Instead of a partition: the one that Kafka's default partitioner (murmur2) gives the key; any one
// if the key is null.
#define KAFKA_BY_KEY (-1)

#define KAFKA_HEADERS_MAX 256 // per message written; a record read may have any number

struct kafka_header {
    struct text name;
    struct text value;
    bool is_null; // the value is null, not empty
};

// A record to write. Everything is borrowed for the call that takes it, unless that call says
// longer.
struct kafka_message {
    struct text topic;
    int32_t partition; // or KAFKA_BY_KEY
    struct text key;
    struct text value;
    bool is_key_null;
    bool is_value_null;                 // a tombstone
    const struct kafka_header *headers; // in this order
    uint32_t header_count;              // <= KAFKA_HEADERS_MAX
};

enum kafka_record_kind {
    KAFKA_RECORD,           // a record
    KAFKA_END_OF_PARTITION, // everything up to `offset` has been handed out; comes again after
                            // later records
    KAFKA_OFFSET_LOST,      // the position does not exist in the log: reading of this partition has
                            // stopped
    KAFKA_PARTITION_FAULT,  // trouble with this partition (`status`, `text`); librdkafka goes on
                            // trying
    KAFKA_HANDLE_FAULT,     // trouble with the whole handle; fatal if status is STATUS_CLOSED
};

// Views into memory of librdkafka, valid until the record is released.
struct kafka_record {
    enum kafka_record_kind kind;
    struct text topic; // terminated; empty for KAFKA_HANDLE_FAULT
    int32_t partition; // -1 for KAFKA_HANDLE_FAULT
    uint64_t tag;      // what the caller gave when it assigned the partition
    int64_t offset; // of the record; for KAFKA_END_OF_PARTITION of the next one to come; -1 unknown
    int64_t timestamp_ms; // wall time of the record, -1 if it has none
    struct text key;
    struct text value;
    bool is_key_null;
    bool is_value_null;
    enum status status; // of a fault; STATUS_NOT_FOUND: no such topic or partition
    struct text text;   // of a fault, for people
    void *message;      // private; NULL with nothing to release
};

// Fills at most `capacity` headers in the record's order and returns how many the record has, which
// may be more. Views as long as the record lives. Costs one pass over the headers; 0 for faults.
uint32_t kafka_record_headers(const struct kafka_record *record, struct kafka_header *headers,
                              uint32_t capacity);

#endif
