// SPDX-License-Identifier: Apache-2.0

#include "daemon/demo_tally.h"

#include <string.h>

#include "base/ensure.h"
#include "base/memory.h"

// A record a second for a hundred days fits.
#define OFFSETS_MAX 10000000

struct mark {
    bool is_produced;
    uint16_t delivered; // lines; stays at its maximum
};

struct topic {
    struct mark *marks; // by offset
    uint32_t count;     // offsets known so far
    uint32_t capacity;
    struct demo_sums sums; // kept as things happen; `lost` is what is not delivered yet
};

struct demo_tally {
    struct topic *topics;
    uint32_t count;
};

struct demo_tally *demo_tally_create(uint32_t topic_count)
{
    struct demo_tally *tally = memory_get(sizeof(*tally));
    tally->topics = memory_get(topic_count * sizeof(struct topic));
    tally->count = topic_count;
    return tally;
}

void demo_tally_destroy(struct demo_tally *tally)
{
    if (tally == NULL)
        return;
    for (uint32_t i = 0; i < tally->count; i++)
        memory_release(tally->topics[i].marks);
    memory_release(tally->topics);
    memory_release(tally);
}

// The mark of an offset, NULL where it is beyond what is counted.
static struct mark *mark_at(struct demo_tally *tally, uint32_t topic, int64_t offset)
{
    ensure(topic < tally->count);
    struct topic *row = &tally->topics[topic];
    if (offset < 0 || offset >= OFFSETS_MAX)
        return NULL;
    uint32_t needed = (uint32_t)offset + 1;
    if (needed > row->count) {
        row->marks = array_reserve(row->marks, &row->capacity, needed, sizeof(struct mark));
        memset(row->marks + row->count, 0, (needed - row->count) * sizeof(struct mark));
        row->count = needed;
    }
    return &row->marks[offset];
}

void demo_tally_produced(struct demo_tally *tally, uint32_t topic, int64_t offset)
{
    struct mark *mark = mark_at(tally, topic, offset);
    if (mark == NULL || mark->is_produced)
        return;
    struct demo_sums *sums = &tally->topics[topic].sums;
    mark->is_produced = true;
    sums->produced++;
    // The file may be faster than the word that Kafka has the record.
    if (mark->delivered == 0) {
        sums->lost++;
        return;
    }
    sums->delivered++;
    sums->duplicated += mark->delivered - 1;
}

void demo_tally_delivered(struct demo_tally *tally, uint32_t topic, int64_t offset)
{
    struct mark *mark = mark_at(tally, topic, offset);
    if (mark == NULL || mark->delivered == UINT16_MAX)
        return;
    struct demo_sums *sums = &tally->topics[topic].sums;
    mark->delivered++;
    if (!mark->is_produced)
        return;
    if (mark->delivered > 1) {
        sums->duplicated++;
        return;
    }
    sums->delivered++;
    sums->lost--;
}

void demo_tally_recount(struct demo_tally *tally)
{
    for (uint32_t t = 0; t < tally->count; t++) {
        struct topic *row = &tally->topics[t];
        for (uint32_t i = 0; i < row->count; i++)
            row->marks[i].delivered = 0;
        row->sums = (struct demo_sums){.produced = row->sums.produced, .lost = row->sums.produced};
    }
}

struct demo_sums demo_tally_sums(const struct demo_tally *tally)
{
    struct demo_sums all = {0};
    for (uint32_t t = 0; t < tally->count; t++) {
        const struct demo_sums *sums = &tally->topics[t].sums;
        all.produced += sums->produced;
        all.delivered += sums->delivered;
        all.lost += sums->lost;
        all.duplicated += sums->duplicated;
    }
    return all;
}

bool demo_tally_is_settled(const struct demo_tally *tally, uint32_t topic)
{
    return tally->topics[topic].sums.lost == 0;
}

// ---- Lines.

// Takes the literal off the text.
static bool literal_take(struct text *text, const char *literal)
{
    struct text wanted = text_of(literal);
    if (!text_has_prefix(*text, wanted))
        return false;
    text->data += wanted.size;
    text->size -= wanted.size;
    return true;
}

// Takes everything up to the character, and that.
static bool until_take(struct text *text, char end, struct text *ret_taken)
{
    const char *at = text->size ? memchr(text->data, end, text->size) : NULL;
    if (at == NULL)
        return false;
    *ret_taken = (struct text){text->data, (size_t)(at - text->data)};
    text->data = at + 1;
    text->size -= ret_taken->size + 1;
    return true;
}

enum status demo_line_parse(struct text line, struct text *ret_topic, int64_t *ret_offset)
{
    struct text cluster, topic, partition, offset;
    int64_t number;
    bool is_line = literal_take(&line, "{\"cluster\":\"") && until_take(&line, '"', &cluster) &&
                   literal_take(&line, ",\"topic\":\"") && until_take(&line, '"', &topic) &&
                   literal_take(&line, ",\"partition\":") && until_take(&line, ',', &partition) &&
                   literal_take(&line, "\"offset\":") && until_take(&line, ',', &offset);
    if (!is_line || line.size < 2 || memcmp(line.data + line.size - 2, "]}", 2) != 0 ||
        text_parse_int64(offset, &number) != STATUS_OK)
        return STATUS_INVALID;
    *ret_topic = topic;
    *ret_offset = number;
    return STATUS_OK;
}
