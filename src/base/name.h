// SPDX-License-Identifier: Apache-2.0
//
// What may be a name. '/' separates the parts of keys and ':' the cluster of a unit, so neither
// occurs inside a name.
#ifndef MUSTER_BASE_NAME_H
#define MUSTER_BASE_NAME_H

#include "base/text.h"

// Pools, agents, sources, collectors, clusters: [A-Za-z0-9._-]{1,200}. Returns NULL if fine, else
// what is wrong with it, for people ("is empty", "has a character that is not ..."). Static memory.
const char *name_fault(struct text name);

// Kafka topics: 1 to 249 of [A-Za-z0-9._-], not "." or ".."
// (org.apache.kafka.common.internals.Topic). Returns as name_fault.
const char *name_topic_fault(struct text topic);

#endif
