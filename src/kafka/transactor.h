// SPDX-License-Identifier: Apache-2.0
//
// Transactions of one transactional id, on a thread of their own because librdkafka's calls wait.
//
//     create -> init -> READY -> commit -> COMMITTED -> begin, add, add, end -> COMMITTED -> ...
//
// An init fences whoever used the id before, so that its next commit is answered with FENCED, and
// waits for that one's open transaction (at most `transaction_timeout_ms`). One request is under
// way at a time; its answer comes through an fd. A commit is the whole of a batch or nothing: an
// attempt that Kafka makes us abort is repeated unchanged, a bounded number of times.
//
//     READY      init: the id is ours
//     COMMITTED  every message of the batch is written and visible to read_committed
//     FAILED     nothing is written; after init: not ours, try again; after commit: the batch may
//     be sent again FENCED     somebody else has initialised the id; whether the last batch was
//     committed is open UNKNOWN    the batch may be committed or not: forget what it rested on,
//     init and restore
//
// Kafka finishes a transaction after it has answered the commit, and one that begins meanwhile is
// told to come back: a caller that leaves some 5 ms between two gets more of them through in a
// second.
//
// After FENCED and UNKNOWN only an init is taken. One thread owns a transactor.
#ifndef MUSTER_KAFKA_TRANSACTOR_H
#define MUSTER_KAFKA_TRANSACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/status.h"
#include "base/text.h"
#include "kafka/config.h"
#include "kafka/record.h"

struct kafka_transactor;

// `= {0}` and an id give the defaults.
struct kafka_transactor_options {
    struct text id;                  // transactional.id, not empty
    uint32_t transaction_timeout_ms; // after which Kafka aborts on its own; 0 = 30000
    uint32_t commit_timeout_ms;      // after which the outcome of a commit is UNKNOWN; 0 = 45000
    uint32_t attempts_max;           // tries of a batch that had to be aborted; 0 = 3
    struct text followed;            // topic of whose partition 0 the offsets are told; "" = none
};

// Where the messages of a batch for the followed topic lie: from `first` up to `end`, and between
// them, from `gap` up to `gap_end`, something of others, or -1 each. The end of a transaction takes
// an offset more.
struct kafka_followed {
    int64_t first, end, gap, gap_end;
};

enum kafka_outcome {
    KAFKA_READY,
    KAFKA_COMMITTED,
    KAFKA_FAILED,
    KAFKA_FENCED,
    KAFKA_UNKNOWN,
};

struct kafka_answer {
    uint64_t number; // of the request
    enum kafka_outcome outcome;
    enum status status;             // why: STATUS_UNREACHABLE, STATUS_DENIED, STATUS_TIMEOUT, ...
    char text[256];                 // why, for people; empty on success
    int64_t duration_us;            // from the request to the answer
    uint32_t attempts;              // tries of the batch
    struct kafka_followed followed; // of the last try; counts if COMMITTED
};

// STATUS_INVALID with the reason in `fault` if the settings cannot be used. Waits for no
// connection.
enum status kafka_transactor_create(const struct kafka_settings *settings,
                                    const struct kafka_transactor_options *options,
                                    struct buffer *fault,
                                    struct kafka_transactor **ret_transactor) MUST_CHECK;

// Ends it; a batch under way has an unknown outcome, and its memory must outlive this call. Returns
// STATUS_TIMEOUT if librdkafka did not let go within `patience`: the thread is left behind, and
// only then the batch's memory must stay for good.
enum status kafka_transactor_destroy(struct kafka_transactor *transactor, struct span patience);

// Asks for the id, with a new handle each time. FAILED after `patience`. STATUS_AGAIN: a request is
// under way.
enum status kafka_transactor_init(struct kafka_transactor *transactor, uint64_t number,
                                  struct span patience) MUST_CHECK;

// Writes a batch of at least one message in one transaction, in their order per partition. It is
// handed over in parts, so that Kafka has the first while the caller makes the last: begin, add as
// often as wanted, end; there is no answer before the end. The parts, their messages and all these
// point to stay untouched until the answer. Their sum should stay below 64 MB. begin: STATUS_AGAIN:
// a request is under way; STATUS_CLOSED: not READY. add: STATUS_INVALID: a message has no topic
// name or too many headers; the part is not taken, and the batch without it can only be given up by
// a destroy.
struct kafka_part {
    const struct kafka_message *messages;
    uint32_t count;
    struct kafka_part *next; // private to the transactor
};
enum status kafka_transactor_begin(struct kafka_transactor *transactor, uint64_t number) MUST_CHECK;
enum status kafka_transactor_add(struct kafka_transactor *transactor,
                                 struct kafka_part *part) MUST_CHECK;
void kafka_transactor_end(struct kafka_transactor *transactor);

// All three in one, for a batch of one part; what can be refused is refused before anything begins.
enum status kafka_transactor_commit(struct kafka_transactor *transactor, uint64_t number,
                                    struct kafka_part *part) MUST_CHECK;

// Whether a request is under way.
bool kafka_transactor_is_busy(const struct kafka_transactor *transactor);

// Readable whenever an answer is there: watch it level-triggered. Not to be read by the caller.
int kafka_transactor_fd(const struct kafka_transactor *transactor);

// Takes the answer if there is one, without waiting.
bool kafka_transactor_poll(struct kafka_transactor *transactor, struct kafka_answer *ret_answer);

#endif
