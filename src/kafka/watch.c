// SPDX-License-Identifier: Apache-2.0
//
// One lock around three small tables: unread lines (a ring), lines heard lately (by a hash without
// their digits), and the connections of all handles.
#include "kafka/watch.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "kafka/clock.h"
#include "kafka/watch_feed.h"

#define LINES_MAX 64
#define LINE_SIZE_MAX 512
#define HEARD_MAX 64
#define LINKS_MAX 512
#define SILENCE_MS 60000

struct heard {
    uint64_t hash; // of the line without digits; 0 = free
    struct instant shown;
    uint64_t silent; // repetitions since then
};

struct link {
    const void *handle; // NULL = free
    uint64_t broker;
    enum kafka_link state;
};

struct kafka_watch {
    pthread_mutex_t lock;
    unsigned holders;
    char *servers;
    char *lines[LINES_MAX]; // ring
    uint32_t first_line;
    uint32_t line_count;
    uint64_t lost_lines; // came while the ring was full
    struct heard heard[HEARD_MAX];
    struct link links[LINKS_MAX];
    uint32_t up_count;
    uint32_t failures;    // attempts that failed since there was a connection
    struct instant since; // of the first of them
    bool is_mute;         // the last of them was connected
    bool has_connected;   // any attempt ever
    bool has_answered;
    char reason[160];
};

struct kafka_watch *kafka_watch_create(struct text servers)
{
    struct kafka_watch *watch = memory_get(sizeof *watch);
    pthread_mutex_init(&watch->lock, NULL);
    watch->holders = 1;
    watch->servers = text_copy(servers);
    return watch;
}

void kafka_watch_hold(struct kafka_watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->holders++;
    pthread_mutex_unlock(&watch->lock);
}

void kafka_watch_drop(struct kafka_watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    bool is_last = --watch->holders == 0;
    pthread_mutex_unlock(&watch->lock);
    if (!is_last)
        return;
    for (uint32_t i = 0; i < watch->line_count; i++)
        memory_release(watch->lines[(watch->first_line + i) % LINES_MAX]);
    memory_release(watch->servers);
    pthread_mutex_destroy(&watch->lock);
    memory_release(watch);
}

void kafka_watch_destroy(struct kafka_watch *watch)
{
    kafka_watch_drop(watch);
}

// Lines that differ in their numbers only are the same; never 0.
static uint64_t line_hash(struct text line)
{
    char bare[LINE_SIZE_MAX];
    size_t size = 0;
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] < '0' || line.data[i] > '9')
            bare[size++] = line.data[i];
    return hash_keyed((struct text){bare, size}, 0) | 1;
}

// The line's entry, or the one that was shown longest ago, taken over.
static struct heard *watch_find_heard(struct kafka_watch *watch, uint64_t hash)
{
    struct heard *oldest = &watch->heard[0];
    for (uint32_t i = 0; i < HEARD_MAX; i++) {
        struct heard *heard = &watch->heard[i];
        if (heard->hash == hash)
            return heard;
        if (instant_is_before(heard->shown, oldest->shown))
            oldest = heard;
    }
    *oldest = (struct heard){.hash = hash, .shown = {-INT64_C(1000) * SILENCE_MS}};
    return oldest;
}

static void watch_push(struct kafka_watch *watch, struct text line, uint64_t silent)
{
    if (watch->line_count == LINES_MAX) {
        watch->lost_lines++;
        return;
    }
    struct buffer buffer = {0};
    buffer_add_text(&buffer, line);
    if (silent > 0)
        buffer_print(&buffer, " (%llu more like it)", (unsigned long long)silent);
    watch->lines[(watch->first_line + watch->line_count++) % LINES_MAX] =
        text_copy(buffer_text(&buffer));
    buffer_finish(&buffer);
}

void kafka_watch_add_line(struct kafka_watch *watch, struct text line)
{
    if (!watch || line.size == 0)
        return;
    if (line.size > LINE_SIZE_MAX)
        line.size = LINE_SIZE_MAX;
    struct instant now = kafka_now();
    pthread_mutex_lock(&watch->lock);
    struct heard *heard = watch_find_heard(watch, line_hash(line));
    if (span_ms(instant_since(now, heard->shown)) < SILENCE_MS) {
        heard->silent++;
    } else {
        watch_push(watch, line, heard->silent);
        heard->silent = 0;
        heard->shown = now;
    }
    pthread_mutex_unlock(&watch->lock);
}

bool kafka_watch_next(struct kafka_watch *watch, struct buffer *line)
{
    pthread_mutex_lock(&watch->lock);
    bool has_line = watch->line_count > 0;
    if (has_line) {
        char *next = watch->lines[watch->first_line];
        watch->first_line = (watch->first_line + 1) % LINES_MAX;
        watch->line_count--;
        buffer_add_string(line, next);
        memory_release(next);
    } else if (watch->lost_lines > 0) {
        buffer_print(line, "%llu lines lost", (unsigned long long)watch->lost_lines);
        watch->lost_lines = 0;
        has_line = true;
    }
    pthread_mutex_unlock(&watch->lock);
    return has_line;
}

void kafka_watch_set_reason(struct kafka_watch *watch, struct text reason)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    snprintf(watch->reason, sizeof watch->reason, "%.*s", TEXT_ARGS(reason));
    pthread_mutex_unlock(&watch->lock);
}

// The connection's entry, or a free one for it; NULL if the table is full.
static struct link *watch_find_link(struct kafka_watch *watch, const void *handle, uint64_t broker)
{
    struct link *unused = NULL;
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        struct link *link = &watch->links[i];
        if (link->handle == handle && link->broker == broker)
            return link;
        if (!link->handle && !unused)
            unused = link;
    }
    return unused;
}

// Keeps `up_count` and `failures` in step with one change.
static void watch_count(struct kafka_watch *watch, enum kafka_link before, enum kafka_link now)
{
    watch->has_connected |= now == KAFKA_LINK_ASKING;
    if (now == KAFKA_LINK_UP && before != KAFKA_LINK_UP) {
        watch->has_answered = true;
        watch->up_count++;
        watch->failures = 0;
    }
    if (now != KAFKA_LINK_UP && before == KAFKA_LINK_UP)
        watch->up_count--;
    bool was_attempt = before == KAFKA_LINK_TRYING || before == KAFKA_LINK_ASKING;
    if (now != KAFKA_LINK_DOWN || !was_attempt || watch->up_count > 0)
        return;
    watch->is_mute = before == KAFKA_LINK_ASKING;
    if (watch->failures++ == 0)
        watch->since = kafka_now();
}

void kafka_watch_set_link(struct kafka_watch *watch, const void *handle, uint64_t broker,
                          enum kafka_link state)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    struct link *link = watch_find_link(watch, handle, broker);
    if (link) {
        watch_count(watch, link->state, state);
        *link = (struct link){handle, broker, state};
    }
    pthread_mutex_unlock(&watch->lock);
}

void kafka_watch_forget(struct kafka_watch *watch, const void *handle)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    for (uint32_t i = 0; i < LINKS_MAX; i++) {
        struct link *link = &watch->links[i];
        if (link->handle != handle)
            continue;
        if (link->state == KAFKA_LINK_UP)
            watch->up_count--;
        *link = (struct link){0};
    }
    pthread_mutex_unlock(&watch->lock);
}

static bool watch_is_reached(const struct kafka_watch *watch)
{
    return watch->up_count > 0 || watch->failures == 0;
}

static void failures_print(const struct kafka_watch *watch, struct buffer *text)
{
    long long spent_s = span_ms(instant_since(kafka_now(), watch->since)) / 1000;
    buffer_print(text,
                 watch->is_mute ? "'%s' is connected but does not answer"
                                : "cannot reach Kafka at '%s'",
                 watch->servers);
    buffer_print(text, " (%s%s%u %s in %lld s)", watch->reason, watch->reason[0] ? ", " : "",
                 watch->failures, watch->failures == 1 ? "try" : "tries", spent_s);
}

enum status kafka_watch_reach(struct kafka_watch *watch, struct buffer *text)
{
    pthread_mutex_lock(&watch->lock);
    bool is_reached = watch_is_reached(watch);
    if (!is_reached)
        failures_print(watch, text);
    pthread_mutex_unlock(&watch->lock);
    return is_reached ? STATUS_OK : STATUS_UNREACHABLE;
}

enum status kafka_watch_explain(struct kafka_watch *watch, struct buffer *text)
{
    pthread_mutex_lock(&watch->lock);
    bool is_reached = watch_is_reached(watch) && watch->has_answered;
    bool is_mute = watch->failures > 0 ? watch->is_mute : watch->has_connected;
    if (!watch_is_reached(watch))
        failures_print(watch, text);
    else if (!is_reached)
        buffer_print(text,
                     is_mute ? "'%s' is connected but does not answer"
                             : "cannot reach Kafka at '%s' (no connection in that time)",
                     watch->servers);
    if (!is_reached)
        buffer_add_string(text, is_mute ? ": is it Kafka?" : ": is it running?");
    pthread_mutex_unlock(&watch->lock);
    return is_reached ? STATUS_OK : STATUS_UNREACHABLE;
}
