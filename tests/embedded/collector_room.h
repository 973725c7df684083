// SPDX-License-Identifier: Apache-2.0
//
// A collector on an embedded broker, with the test as its leader: heads and buckets are written by
// hand, beats are read back, and the file of its sink is looked at. Waiting is for conditions, up
// to a deadline that ends the test.
#ifndef COLLECTOR_ROOM_H
#define COLLECTOR_ROOM_H

#include <stdio.h>

#include "base/arena.h"
#include "conf/conf.h"
#include "daemon/collector.h"
#include "kafka_room.h"
#include "net/loop.h"
#include "proto/records.h"

#define ROOM_UNITS_MAX 16

struct room_unit {
    const char *unit;
    int64_t fence;
};

struct collector_room {
    struct kafka_room kafka;
    struct conf *conf;
    char folder[256];
    struct kafka_producer *producer;
    uint64_t sent;
    struct kafka_consumer *members; // read from its start
    struct kafka_consumer *reports;
    struct arena arena; // of the newest beat
    struct beat beat;   // the newest beat read
    uint32_t beat_count;
    struct arena report_arena;
    struct report report; // the newest report read
    char reported[128];   // state of the newest unit reported
    int64_t reported_lag;
    int output; // of the sink 'stdout', 0 = 1

    // What the leader has published.
    int64_t generation;
    int64_t epoch;
    struct room_unit units[ROOM_UNITS_MAX];
    uint32_t unit_count;
    int64_t bucket_generations[16];
    const char *lineage;
    const char *on_gap;
    const char *start;
    bool is_begun; // every unit had an owner before
    int64_t from;  // position in partition 0 of every unit that was handed over, 0 = none
    struct head_command *commands; // borrowed
    uint32_t commands_count;

    // The collector under test.
    struct loop *loop;
    struct collector *collector;
    char *err_text; // what it has said so far
    size_t err_size;
    FILE *err;
};

void collector_room_open(struct collector_room *room);
void collector_room_close(struct collector_room *room);

// A path in the room's folder; one static buffer.
const char *room_path(const struct collector_room *room, const char *name);

void room_set(struct collector_room *room, const char *name, const char *value);

// Starts the collector; `room_kill` ends it as a crash would, and may be followed by another start.
void room_start(struct collector_room *room);
void room_kill(struct collector_room *room);

// A second process of the same collector beside the one of `room`, with files of its own. It shares
// the rest, so it is closed first, with room_neighbour_close.
void room_neighbour(const struct collector_room *room, struct collector_room *ret_second);
void room_neighbour_close(struct collector_room *second);

// Lets the collector work for some milliseconds.
void room_step(struct collector_room *room);

// Lets the collector work until the condition holds; the test fails after 30 s.
void room_await(struct collector_room *room, bool (*condition)(struct collector_room *room));

// Lets it work until its newest beat has this state, generation and incarnation (NULL, -1 = any).
void room_await_beat(struct collector_room *room, const char *state, int64_t applied);

// Lets it work until so many lines are in its file, and for a moment more.
void room_await_lines(struct collector_room *room, uint32_t lines);

// Lets it work until its lines for people contain the text.
void room_await_said(struct collector_room *room, const char *text);

// Lets it work until it has ended; returns its exit code.
int room_await_end(struct collector_room *room);

// Publishes the units of the list for collector c1, a new generation, with a head that names
// `incarnation`.
void room_publish(struct collector_room *room, const char *incarnation,
                  const struct room_unit *units, uint32_t count);

// Joins the collector: awaits a joining beat, publishes the units, awaits the acknowledgement.
void room_admit(struct collector_room *room, const struct room_unit *units, uint32_t count);

// Writes records "first".."first+count-1" into partition of topic.
void room_produce(struct collector_room *room, const char *topic, int32_t partition, uint32_t first,
                  uint32_t count);

// The text of the sink's file; the caller frees it. "" if there is none.
char *room_file(const struct collector_room *room);
uint32_t room_lines(const struct collector_room *room);

// How often a value of a topic is in the file.
uint32_t room_count(const struct collector_room *room, const char *topic, uint32_t value);

// The group's committed offset of a partition, -1 = none; the metadata goes into `metadata` if not
// NULL.
int64_t room_committed(struct collector_room *room, const char *topic, int32_t partition,
                       struct buffer *metadata);
void room_commit(struct collector_room *room, const char *topic, int32_t partition, int64_t offset,
                 const char *metadata);

struct collector_figures room_look(const struct collector_room *room);

#endif
