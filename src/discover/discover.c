// SPDX-License-Identifier: Apache-2.0

#include "discover/discover.h"

#include "base/memory.h"

struct discover {
    const struct discover_driver *driver;
    void *state;
    struct discover_set set; // what was said last
    bool is_known;
};

struct discover *discover_create(const struct discover_driver *driver, void *state)
{
    struct discover *source = memory_get(sizeof(*source));
    source->driver = driver;
    source->state = state;
    return source;
}

void discover_destroy(struct discover *source)
{
    if (source == NULL)
        return;
    source->driver->destroy(source->state);
    arena_finish(&source->set.arena);
    memory_release(source);
}

enum status discover_look(struct discover *source, struct buffer *fault)
{
    struct discover_set next = {0};
    enum status status = source->driver->look(source->state, &next, fault);
    if (status != STATUS_OK) {
        arena_finish(&next.arena);
        return status;
    }
    arena_finish(&source->set.arena);
    source->set = next;
    source->is_known = true;
    return STATUS_OK;
}

bool discover_is_known(const struct discover *source)
{
    return source->is_known;
}

const struct announcement_topic *discover_topics(const struct discover *source)
{
    return source->set.topics;
}

uint32_t discover_count(const struct discover *source)
{
    return source->set.count;
}
