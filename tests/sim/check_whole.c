// SPDX-License-Identifier: Apache-2.0
//
// S2 by the log: a book of what every head gave each collector and took from it. A beat that
// acknowledges generation g comes from a process that reads nothing that was taken at or before g.
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "proto/key.h"
#include "proto/unit.h"
#include "sim/check.h"
#include "wire/wire.h"

struct entry {
    bool is_known;
    uint32_t bucket;
    bool is_listed; // in the newest record of its bucket
    int64_t gone;   // generation of the head that took it away, INT64_MAX = it is given
    int64_t given;  // generation of the head that gave it
};

struct book {
    char id[32], pool[32];
    int64_t epoch, generation;
    int64_t buckets[BUCKET_COUNT];
    struct entry *entries;
    uint32_t count, capacity;
};

void books_finish(struct checks *checks)
{
    for (uint32_t i = 0; i < checks->books_count; i++)
        memory_release(checks->books[i].entries);
    memory_release(checks->books);
}

static struct book *book_of(struct checks *checks, struct text pool, struct text id)
{
    for (uint32_t i = 0; i < checks->books_count; i++)
        if (text_equals(id, checks->books[i].id) && text_equals(pool, checks->books[i].pool))
            return &checks->books[i];
    checks->books = array_reserve(checks->books, &checks->books_capacity, checks->books_count + 1,
                                  sizeof(*checks->books));
    struct book *book = &checks->books[checks->books_count++];
    *book = (struct book){0};
    snprintf(book->id, sizeof(book->id), "%.*s", TEXT_ARGS(id));
    snprintf(book->pool, sizeof(book->pool), "%.*s", TEXT_ARGS(pool));
    return book;
}

// A unit without the pool before it (world_name).
static struct text unit_text(const struct world *world, uint32_t name)
{
    const char *text = names_text(&world->names, name);
    const char *blank = strchr(text, ' ');
    return text_of(blank ? blank + 1 : text);
}

static struct entry *entry_of(struct world *world, struct book *book, uint32_t name)
{
    if (name >= book->count) {
        book->entries =
            array_reserve(book->entries, &book->capacity, name + 1, sizeof(*book->entries));
        memset(book->entries + book->count, 0, (name + 1 - book->count) * sizeof(*book->entries));
        book->count = name + 1;
    }
    struct entry *entry = &book->entries[name];
    if (!entry->is_known)
        *entry = (struct entry){.is_known = true, .bucket = unit_bucket(unit_text(world, name))};
    return entry;
}

static void take_bucket(struct world *world, struct book *book, uint32_t index,
                        const struct bucket *bucket)
{
    for (uint32_t i = 0; i < book->count; i++)
        if (book->entries[i].is_known && book->entries[i].bucket == index)
            book->entries[i].is_listed = false;
    book->buckets[index] = bucket ? bucket->generation : 0;
    if (bucket != NULL && bucket->units_count == 0)
        world_fail(world, "S2", "an empty bucket of '%s' is no tombstone", book->id);
    for (uint32_t i = 0; bucket != NULL && i < bucket->units_count; i++) {
        uint32_t name = world_name(world, text_of(book->pool), bucket->units[i].unit);
        struct entry *entry = entry_of(world, book, name);
        if (entry->bucket != index || entry->is_listed)
            world_fail(world, "PD-17", "'%s' stands twice or in the wrong bucket of '%s'",
                       names_text(&world->names, name), book->id);
        if (i > 0 && text_compare(bucket->units[i - 1].unit, bucket->units[i].unit) >= 0)
            world_fail(world, "S2", "a bucket of '%s' is not sorted", book->id);
        if (bucket->units[i].fence > bucket->generation)
            world_fail(world, "S6", "the fence of '%s' is newer than its bucket",
                       names_text(&world->names, name));
        entry->is_listed = true;
    }
}

static void take_head(struct world *world, struct book *book, const struct head *head)
{
    if (head->generation <= book->generation || head->epoch < book->epoch)
        world_fail(world, "PD-19", "head %lld of epoch %lld of '%s' follows %lld of %lld",
                   (long long)head->generation, (long long)head->epoch, book->id,
                   (long long)book->generation, (long long)book->epoch);
    book->generation = head->generation;
    book->epoch = head->epoch;
    for (uint32_t i = 0; i < BUCKET_COUNT; i++)
        if (i >= head->buckets_count || head->buckets[i] != book->buckets[i])
            world_fail(world, "S2", "head %lld of '%s' names bucket %u otherwise than it is",
                       (long long)head->generation, book->id, i);
    for (uint32_t i = 0; i < book->count; i++) {
        struct entry *entry = &book->entries[i];
        if (entry->is_listed && entry->gone != INT64_MAX)
            entry->given = head->generation;
        if (entry->is_listed)
            entry->gone = INT64_MAX;
        else if (entry->gone == INT64_MAX)
            entry->gone = head->generation;
    }
}

// A head goes with its pool: after every unit.
static void take_no_head(struct world *world, struct book *book)
{
    for (uint32_t i = 0; i < book->count; i++)
        if (book->entries[i].is_known && book->entries[i].is_listed)
            world_fail(world, "S2", "the head of '%s' is deleted while it has '%s'", book->id,
                       names_text(&world->names, i));
}

void books_take(struct world *world, int topic, uint32_t offset)
{
    const struct log_record *record = &world->logs[topic].items[offset];
    struct wire_record decoded;
    struct assignment_key key;
    if (assignment_key_parse(record->key, &key) != STATUS_OK ||
        log_decode(&world->logs[topic], offset, &decoded) != STATUS_OK)
        return; // a stranger's
    struct book *book = book_of(world->checks, key.pool, key.collector);
    if (key.bucket >= 0)
        take_bucket(world, book, (uint32_t)key.bucket, decoded.record);
    else if (decoded.record != NULL)
        take_head(world, book, decoded.record);
    else
        take_no_head(world, book);
}

// CB-27: what is acknowledged is read.
static void check_all_read(struct world *world, const struct process *process,
                           const struct beat *beat, const struct book *book)
{
    if (!text_equals(beat->state, "active"))
        return;
    for (uint32_t name = 0; name < book->count; name++) {
        const struct entry *entry = &book->entries[name];
        if (entry->gone != INT64_MAX || entry->given > beat->applied_generation ||
            fact_is_failed(process, name))
            continue;
        bool is_read = false;
        for (uint32_t i = 0; i < process->units_count && !is_read; i++)
            is_read = process->units[i].name == name;
        if (!is_read)
            world_fail(world, "S2", "'%s' acknowledges %lld and does not read '%s', given at %lld",
                       process->name, (long long)beat->applied_generation,
                       names_text(&world->names, name), (long long)entry->given);
    }
}

bool books_is_let_go(struct world *world, const struct process *process, const struct beat *beat,
                     uint32_t name)
{
    struct book *book = book_of(world->checks, text_of(process->pool), text_of(process->id));
    const struct entry *entry = entry_of(world, book, name);
    return entry->given > 0 && entry->gone <= beat->applied_generation;
}

void books_check_beat(struct world *world, const struct process *process, const struct beat *beat)
{
    // What it acknowledges is of a state that is no more.
    if (!text_equals(beat->lineage, world->checks->lineage))
        return;
    struct book *book = book_of(world->checks, text_of(process->pool), text_of(process->id));
    check_all_read(world, process, beat, book);
    if (process->units_count == 0)
        return;
    if (text_equals(beat->state, "leaving"))
        world_fail(world, "S5", "'%s' says leaving and reads '%s'", process->name,
                   names_text(&world->names, process->units[0].name));
    for (uint32_t i = 0; i < process->units_count; i++) {
        const struct entry *entry = entry_of(world, book, process->units[i].name);
        if (entry->gone <= beat->applied_generation)
            world_fail(world, "S2", "'%s' acknowledges %lld and reads '%s', taken at %lld",
                       process->name, (long long)beat->applied_generation,
                       names_text(&world->names, process->units[i].name), (long long)entry->gone);
    }
}
