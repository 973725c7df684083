// SPDX-License-Identifier: Apache-2.0
//
// Walking a record by its table.
#include "wire/table.h"

#include <string.h>

#include "base/ensure.h"

uint32_t wire_item_size(const struct wire_field *field)
{
    switch (field->type) {
    case WIRE_STRINGS:
        return sizeof(struct text);
    case WIRE_LONGS:
        return sizeof(int64_t);
    case WIRE_LABELS:
        return sizeof(struct label);
    case WIRE_RECORDS:
        return field->table->size;
    default:
        break;
    }
    ensure_failed(__FILE__, __LINE__, "the field is a list");
}

uint32_t wire_list_of(const struct wire_field *field, const void *record, const char **ret_items)
{
    uint32_t count;

    memcpy(ret_items, (const char *)record + field->offset, sizeof(*ret_items));
    memcpy(&count, (const char *)record + field->count_offset, sizeof(count));
    return count;
}
