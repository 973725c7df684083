// SPDX-License-Identifier: Apache-2.0
#include "sim/names.h"

#include <stdio.h>
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"

static uint32_t find(const struct names *names, struct text text, uint64_t hash)
{
    uint32_t at;
    for (uint32_t i = index_find(&names->index, hash, &at); i != INDEX_NONE;
         i = index_next(&names->index, hash, &at))
        if (text_equals(text, names->items[i].text))
            return i;
    return INDEX_NONE;
}

uint32_t names_of(struct names *names, struct text text)
{
    uint64_t hash = hash_keyed(text, 0);
    uint32_t found = find(names, text, hash);
    if (found != INDEX_NONE)
        return found;
    struct text whole = text;
    while (whole.size > 0 && whole.data[whole.size - 1] != '/')
        whole.size--;
    uint32_t topic =
        whole.size > 0 ? names_of(names, (struct text){text.data, whole.size - 1}) : names->count;
    names->items =
        array_reserve(names->items, &names->capacity, names->count + 1, sizeof(*names->items));
    struct name *name = &names->items[names->count];
    *name = (struct name){.whole = topic};
    ensure(text.size < sizeof(name->text));
    memcpy(name->text, text.data, text.size);
    index_add(&names->index, hash, names->count);
    return names->count++;
}

static uint32_t is_contested(const struct name *topic)
{
    return topic->doubles > 0 || (topic->readers > 0 && topic->parts > 0);
}

void names_read(struct names *names, uint32_t name, int by)
{
    struct name *row = &names->items[name];
    struct name *topic = &names->items[row->whole];
    names->contested -= is_contested(topic);
    topic->doubles -= row->readers > 1;
    row->readers += (uint32_t)by;
    topic->doubles += row->readers > 1;
    if (row != topic)
        topic->parts += (uint32_t)by;
    names->contested += is_contested(topic);
}

void names_finish(struct names *names)
{
    memory_release(names->items);
    index_finish(&names->index);
}
