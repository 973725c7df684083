// SPDX-License-Identifier: Apache-2.0
#include "sim/queue.h"

#include "base/ensure.h"
#include "base/memory.h"
#include "sim/batch.h"

static bool is_earlier(const struct thing *a, const struct thing *b)
{
    return a->at.us != b->at.us ? a->at.us < b->at.us : a->order < b->order;
}

static void swap(struct thing *a, struct thing *b)
{
    struct thing kept = *a;
    *a = *b;
    *b = kept;
}

static void rise(struct queue *queue, uint32_t at)
{
    for (; at > 0 && is_earlier(&queue->items[at], &queue->items[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&queue->items[at], &queue->items[(at - 1) / 2]);
}

static void sink(struct queue *queue, uint32_t at)
{
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < queue->count && is_earlier(&queue->items[child], &queue->items[least]))
                least = child;
        if (least == at)
            return;
        swap(&queue->items[at], &queue->items[least]);
        at = least;
    }
}

void queue_push(struct queue *queue, struct thing thing)
{
    queue->items =
        array_reserve(queue->items, &queue->capacity, queue->count + 1, sizeof(*queue->items));
    thing.order = ++queue->order;
    queue->items[queue->count++] = thing;
    rise(queue, queue->count - 1);
}

const struct thing *queue_peek(const struct queue *queue)
{
    return queue->count > 0 ? &queue->items[0] : NULL;
}

struct thing queue_pop(struct queue *queue)
{
    ensure(queue->count > 0);
    struct thing top = queue->items[0];
    queue->items[0] = queue->items[--queue->count];
    sink(queue, 0);
    return top;
}

void queue_hasten(struct queue *queue, struct instant at)
{
    for (uint32_t i = 0; i < queue->count; i++) {
        struct thing *thing = &queue->items[i];
        bool is_held = thing->kind >= THING_APPEND || thing->kind == THING_TURN ||
                       thing->kind == THING_BEAT_ACKED || thing->kind == THING_BEAT_LOST;
        if (is_held && instant_is_before(at, thing->at))
            thing->at = at;
    }
    for (uint32_t i = queue->count / 2; i-- > 0;)
        sink(queue, i);
}

void thing_finish(struct thing *thing)
{
    memory_release((char *)(uintptr_t)thing->key.data);
    memory_release((char *)(uintptr_t)thing->value.data);
    batch_destroy(thing->batch);
}

void queue_finish(struct queue *queue)
{
    for (uint32_t i = 0; i < queue->count; i++)
        thing_finish(&queue->items[i]);
    memory_release(queue->items);
}
