// SPDX-License-Identifier: Apache-2.0
//
// The system's reasons in the style of our messages.
#ifndef MUSTER_NET_REASON_H
#define MUSTER_NET_REASON_H

// Writes the text of an errno value without its capital, "connection refused", and returns `out`.
const char *reason_text(int error, char *out, unsigned size);

#endif
