// SPDX-License-Identifier: Apache-2.0
//
// Everything on one machine without Kafka: an embedded broker, agents that tell about this machine,
// a coordinator and collectors as processes of their own, and a play in which a collector is
// killed, another joins, topics come and go. At the end every record is accounted for.
//
// Not shown, because the embedded broker cannot: takeover by another coordinator, missing topics,
// refusals of topic settings.
#ifndef MUSTER_DAEMON_DEMO_H
#define MUSTER_DAEMON_DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DEMO_SECONDS_MIN 20

struct demo_setup {
    int64_t seconds; // how long, at least DEMO_SECONDS_MIN; 0 = until a signal
    bool is_json;    // the result as one JSON document on `out`, else as lines
    FILE *out;       // the result only
    FILE *err;       // what happens, as it happens
};

// Plays. Returns the exit code: 0, or 1 if a record was lost, a topic was without a collector at
// the end, or the play could not go on.
int demo_run(const struct demo_setup *setup);

#endif
