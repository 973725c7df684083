// SPDX-License-Identifier: Apache-2.0
//
// What this machine can tell about itself: a source for each processor, disk, network interface,
// file system, busiest process and so on. Each gives one small JSON record a call.
#ifndef MUSTER_DAEMON_DEMO_SOURCE_H
#define MUSTER_DAEMON_DEMO_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"

#define DEMO_SOURCES_MIN 26 // on any machine: two of them come and go in the play
#define DEMO_SOURCES_MAX 200

struct demo_sources;

// Looks what there is. Never NULL; ends with demo_sources_destroy.
struct demo_sources *demo_sources_create(void);
void demo_sources_destroy(struct demo_sources *sources); // NULL is fine

uint32_t demo_sources_count(const struct demo_sources *sources);

// Name of a source, which is the name of its topic: "disk.sda". Lives as long as the sources.
const char *demo_source_name(const struct demo_sources *sources, uint32_t index);

// Appends what the source says now, with the wall clock `time_ms`. Files are read at most once for
// the same `now`.
void demo_source_sample(struct demo_sources *sources, uint32_t index, struct instant now,
                        int64_t time_ms, struct buffer *record);

#endif
