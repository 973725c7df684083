// SPDX-License-Identifier: Apache-2.0
//
// The closed set of results that fallible functions return. One list gives the names and texts;
// what went wrong in detail goes into a `struct buffer` that the function names.
#ifndef MUSTER_BASE_STATUS_H
#define MUSTER_BASE_STATUS_H

// name, text for people
// clang-format off
#define STATUS_LIST(row)                                                                           \
    row(STATUS_OK, "done")                                                                         \
    row(STATUS_INVALID, "invalid input")                                                           \
    row(STATUS_NOT_FOUND, "not found")                                                             \
    row(STATUS_EXISTS, "exists already")                                                           \
    row(STATUS_TOO_LARGE, "larger than a limit")                                                   \
    row(STATUS_DENIED, "not allowed")                                                              \
    row(STATUS_UNREACHABLE, "not reached")                                                         \
    row(STATUS_TIMEOUT, "timed out")                                                               \
    row(STATUS_FENCED, "fenced by a newer one")                                                    \
    row(STATUS_AGAIN, "try again")                                                                 \
    row(STATUS_CLOSED, "closed")                                                                   \
    row(STATUS_UNSUPPORTED, "not supported by this version")                                       \
    row(STATUS_FAILED, "failed")
// clang-format on

enum status {
#define STATUS_ROW(name, text) name,
    STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

#define MUST_CHECK __attribute__((warn_unused_result))

// Returns the text of a status for people, never NULL. Static memory.
const char *status_text(enum status status);

#endif
