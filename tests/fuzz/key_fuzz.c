// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as keys and unit names: what parses prints to the same bytes.
#include "base/ensure.h"
#include "proto/key.h"
#include "proto/unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text = {(const char *)data, size};
    struct buffer printed = {0};
    struct state_key state_key;
    struct assignment_key assignment_key;
    struct unit_name unit_name;

    if (state_key_parse(text, &state_key) == STATUS_OK) {
        state_key_print(state_key, &printed);
        ensure(text_equal(text, buffer_text(&printed)));
    }
    buffer_clear(&printed);
    if (assignment_key_parse(text, &assignment_key) == STATUS_OK) {
        assignment_key_print(assignment_key, &printed);
        ensure(text_equal(text, buffer_text(&printed)));
    }
    buffer_clear(&printed);
    if (unit_name_parse(text, &unit_name) == STATUS_OK) {
        unit_name_print(unit_name, &printed);
        ensure(text_equal(text, buffer_text(&printed)));
    }
    buffer_finish(&printed);
    return 0;
}
