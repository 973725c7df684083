// SPDX-License-Identifier: Apache-2.0
//
// Nearly all strings are names in ASCII, so eight bytes are looked at at a time before the slow
// way.
#include "wire/string.h"

#include <stdint.h>
#include <string.h>

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

static bool is_plain_word(uint64_t word)
{
    uint64_t high_or_zero = word | (word - EACH_BYTE(0x01));
    return (high_or_zero & EACH_BYTE(0x80)) == 0;
}

// ASCII without zero bytes; a false answer for a word after a zero byte's borrow is still "no".
static bool is_plain(struct text text)
{
    size_t i = 0;
    for (; text.size - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, text.data + i, 8);
        if (!is_plain_word(word))
            return false;
    }
    for (; i < text.size; i++)
        if ((signed char)text.data[i] <= 0)
            return false;
    return true;
}

bool wire_string_is_fine(struct text text)
{
    if (is_plain(text))
        return true;
    return memchr(text.data, 0, text.size) == NULL && text_is_utf8(text);
}

void wire_string_add_clean(struct buffer *buffer, struct text text)
{
    size_t i = 0;
    if (wire_string_is_fine(text)) {
        buffer_add_text(buffer, text);
        return;
    }
    while (i < text.size) {
        struct text rest = {text.data + i, text.size - i};
        size_t size = text_utf8_size(rest);
        if (size > 0 && *rest.data != '\0') {
            buffer_add(buffer, rest.data, size);
            i += size;
        } else {
            buffer_add_char(buffer, '?');
            i++;
        }
    }
}
