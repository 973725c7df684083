// SPDX-License-Identifier: Apache-2.0
//
// The keys of the compacted topics. They are bytes from the network: parsing checks every part, and
// what was parsed prints to the same bytes.
#ifndef MUSTER_PROTO_KEY_H
#define MUSTER_PROTO_KEY_H

#include "base/text.h"
#include "proto/records.h"

// A key of the topic `state`. Parts that a kind does not have are empty.
//
//     RECORD_STATE_CELL       cell
//     RECORD_STATE_MARKER     marker
//     RECORD_STATE_POOL       pool/POOL
//     RECORD_STATE_AGENT      agent/POOL/NAME
//     RECORD_STATE_CLAIM      claim/POOL/NAME/SOURCE/[CLUSTER:]TOPIC    SOURCE may be empty
//     RECORD_STATE_UNIT       unit/POOL/UNIT
//     RECORD_STATE_COLLECTOR  collector/POOL/NAME
struct state_key {
    enum record_kind kind; // one of the seven above
    struct text pool;
    struct text name;   // agent or collector
    struct text source; // of a claim
    struct text unit;   // text form of proto/unit.h; of a claim without partition
};

// The parts are views of `text`. STATUS_INVALID for anything that state_key_print would not have
// printed from checked names; `*ret_key` is untouched then.
enum status state_key_parse(struct text text, struct state_key *ret_key) MUST_CHECK;

// Appends the key. The parts have been checked.
void state_key_print(struct state_key key, struct buffer *buffer);

// A key of the topic `assignments`: POOL/COLLECTOR for the head, POOL/COLLECTOR/BUCKET for a
// bucket.
struct assignment_key {
    struct text pool;
    struct text collector;
    int bucket; // 0 to BUCKET_COUNT − 1; -1 = the head
};

// As state_key_parse and state_key_print.
enum status assignment_key_parse(struct text text, struct assignment_key *ret_key) MUST_CHECK;
void assignment_key_print(struct assignment_key key, struct buffer *buffer);

#endif
