// SPDX-License-Identifier: Apache-2.0
//
// From the configuration of a process to what its Kafka handles and records need.
#ifndef MUSTER_DAEMON_KAFKA_SETTINGS_H
#define MUSTER_DAEMON_KAFKA_SETTINGS_H

#include "conf/conf.h"
#include "kafka/config.h"
#include "kafka/watch.h"

// Adds every kafka.NAME that is set.
void kafka_settings_load(struct kafka_settings *settings, const struct conf *conf);

// A watch that names the brokers of the configuration. Never NULL.
struct kafka_watch *kafka_watch_open(const struct conf *conf);

// The pool that somebody has set, empty where it is only the default: then the coordinator places
// the agent.
struct text pool_wanted(const struct conf *conf);

#endif
