// SPDX-License-Identifier: Apache-2.0
//
// A record as one line of JSON:
// {"cluster","topic","partition","offset","fence","time_ms","key","value","headers":[[name,value]...]}
// Bytes are a string where they are well-formed UTF-8, null where there are none, and else
// {"base64":"..."} (RFC 4648 with padding), so that nothing is lost.
#ifndef MUSTER_SINK_LINE_H
#define MUSTER_SINK_LINE_H

#include "sink/sink.h"

// Appends the line with its line end.
void line_add(struct buffer *buffer, const struct sink_record *record);

// What every line begins with.
#define LINE_BEGIN "{\"cluster\":"

#endif
