// SPDX-License-Identifier: Apache-2.0
//
// S2 by the log: a book of what every head gave each collector and took from it. A beat that
// acknowledges generation g comes from a process that reads nothing that was taken at or before g.
#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "proto/key.h"
#include "proto/unit.h"
#include "sim/check.h"
#include "wire/wire.h"

struct entry {
    char name[80];
    uint32_t bucket;
    bool is_listed; // in the newest record of its bucket
    int64_t gone;   // generation of the head that took it away, INT64_MAX = it is given
};

struct book {
    char id[32];
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

static struct book *book_of(struct checks *checks, struct text id)
{
    for (uint32_t i = 0; i < checks->books_count; i++)
        if (text_equals(id, checks->books[i].id))
            return &checks->books[i];
    checks->books = array_reserve(checks->books, &checks->books_capacity, checks->books_count + 1,
                                  sizeof(*checks->books));
    struct book *book = &checks->books[checks->books_count++];
    *book = (struct book){0};
    snprintf(book->id, sizeof(book->id), "%.*s", TEXT_ARGS(id));
    return book;
}

static struct entry *entry_of(struct book *book, struct text name)
{
    for (uint32_t i = 0; i < book->count; i++)
        if (text_equals(name, book->entries[i].name))
            return &book->entries[i];
    book->entries =
        array_reserve(book->entries, &book->capacity, book->count + 1, sizeof(*book->entries));
    struct entry *entry = &book->entries[book->count++];
    *entry = (struct entry){.bucket = unit_bucket(name), .gone = 0};
    snprintf(entry->name, sizeof(entry->name), "%.*s", TEXT_ARGS(name));
    return entry;
}

static void take_bucket(struct world *world, struct book *book, uint32_t index,
                        const struct bucket *bucket)
{
    for (uint32_t i = 0; i < book->count; i++)
        if (book->entries[i].bucket == index)
            book->entries[i].is_listed = false;
    book->buckets[index] = bucket ? bucket->generation : 0;
    if (bucket != NULL && bucket->units_count == 0)
        world_fail(world, "an empty bucket of '%s' is no tombstone", book->id);
    for (uint32_t i = 0; bucket != NULL && i < bucket->units_count; i++) {
        struct entry *entry = entry_of(book, bucket->units[i].unit);
        if (entry->bucket != index || entry->is_listed)
            world_fail(world, "'%s' stands twice or in the wrong bucket of '%s' (PD-17)",
                       entry->name, book->id);
        if (i > 0 && text_compare(bucket->units[i - 1].unit, bucket->units[i].unit) >= 0)
            world_fail(world, "a bucket of '%s' is not sorted", book->id);
        if (bucket->units[i].fence > bucket->generation)
            world_fail(world, "the fence of '%s' is newer than its bucket", entry->name);
        entry->is_listed = true;
    }
}

static void take_head(struct world *world, struct book *book, const struct head *head)
{
    if (head->generation <= book->generation || head->epoch < book->epoch)
        world_fail(world, "head %lld of epoch %lld of '%s' follows %lld of %lld (PD-19)",
                   (long long)head->generation, (long long)head->epoch, book->id,
                   (long long)book->generation, (long long)book->epoch);
    book->generation = head->generation;
    book->epoch = head->epoch;
    for (uint32_t i = 0; i < BUCKET_COUNT; i++)
        if (i >= head->buckets_count || head->buckets[i] != book->buckets[i])
            world_fail(world, "head %lld of '%s' names bucket %u otherwise than it is (S2)",
                       (long long)head->generation, book->id, i);
    for (uint32_t i = 0; i < book->count; i++) {
        struct entry *entry = &book->entries[i];
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
        if (book->entries[i].is_listed)
            world_fail(world, "the head of '%s' is deleted while it has '%s'", book->id,
                       book->entries[i].name);
}

void books_take(struct world *world, int topic, uint32_t offset)
{
    const struct log_record *record = &world->logs[topic].items[offset];
    struct wire_record decoded = {0};
    struct arena arena = {0};
    struct assignment_key key;
    enum status status = assignment_key_parse(record->key, &key);
    ensure(status == STATUS_OK);
    if (record->value.data != NULL) {
        status = wire_decode(record->value, &arena, NULL, &decoded, NULL);
        ensure(status == STATUS_OK);
    }
    struct book *book = book_of(world->checks, key.collector);
    if (key.bucket >= 0)
        take_bucket(world, book, (uint32_t)key.bucket, decoded.record);
    else if (decoded.record != NULL)
        take_head(world, book, decoded.record);
    else
        take_no_head(world, book);
    arena_finish(&arena);
}

void check_beat(struct world *world, const struct process *process, const struct beat *beat)
{
    struct book *book = book_of(world->checks, text_of(process->id));
    if (text_equals(beat->state, "leaving") && process->units_count > 0)
        world_fail(world, "S5: '%s' says leaving and reads '%s'", process->id,
                   process->units[0].name);
    for (uint32_t i = 0; i < process->units_count; i++) {
        const struct entry *entry = entry_of(book, text_of(process->units[i].name));
        if (entry->gone <= beat->applied_generation)
            world_fail(world, "S2: '%s' acknowledges %lld and reads '%s', taken at %lld",
                       process->id, (long long)beat->applied_generation, entry->name,
                       (long long)entry->gone);
    }
}
