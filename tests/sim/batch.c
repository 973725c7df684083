// SPDX-License-Identifier: Apache-2.0
#include "sim/batch.h"

#include "base/memory.h"

struct batch_item *batch_add(struct batch *batch, int topic)
{
    batch->items =
        array_reserve(batch->items, &batch->capacity, batch->count + 1, sizeof(*batch->items));
    batch->items[batch->count] = (struct batch_item){.topic = topic, .refused = -1};
    return &batch->items[batch->count++];
}

void batch_destroy(struct batch *batch)
{
    if (batch == NULL)
        return;
    for (uint32_t i = 0; i < batch->count; i++) {
        memory_release((char *)(uintptr_t)batch->items[i].key.data);
        memory_release((char *)(uintptr_t)batch->items[i].value.data);
        memory_release((char *)(uintptr_t)batch->items[i].reason.data);
        memory_release(batch->items[i].line);
    }
    memory_release(batch->items);
    memory_release(batch);
}
