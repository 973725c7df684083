// SPDX-License-Identifier: Apache-2.0
//
// The busiest processes of this machine.
#ifndef MUSTER_DAEMON_DEMO_PROCESS_H
#define MUSTER_DAEMON_DEMO_PROCESS_H

#include "base/json.h"

struct demo_processes;

struct demo_processes *demo_processes_create(void);
void demo_processes_destroy(struct demo_processes *processes); // NULL is fine

// Looks at all processes; what they have used counts from the look before.
void demo_processes_look(struct demo_processes *processes);

// Adds the process at `rank` (0 = the busiest) as members of the open object; its pid is null where
// there are not so many.
void demo_process_print(const struct demo_processes *processes, uint32_t rank, struct json *json);

#endif
