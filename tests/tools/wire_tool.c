// SPDX-License-Identifier: Apache-2.0
//
// Shows the codec to tests in other languages, a record a line:
//
//     wire_tool decode                lines of hexadecimal Avro -> "KIND JSON"; refusals as
//                                     "refused REASON"
//     wire_tool encode KIND [LEVEL]   lines of JSON -> lines of hexadecimal Avro, or "refused
//                                     REASON"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/wire.h"

static bool kind_find(const char *name, enum record_kind *ret_kind)
{
    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
        if (text_equals(wire_kind_name((enum record_kind)kind), name)) {
            *ret_kind = (enum record_kind)kind;
            return true;
        }
    return false;
}

static bool hex_parse(const char *line, size_t size, struct buffer *bytes)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        char digits[3] = {line[i], line[i + 1], '\0'};
        char *end;
        long byte = strtol(digits, &end, 16);
        if (end != digits + 2)
            return false;
        buffer_add_char(bytes, (char)byte);
    }
    return size % 2 == 0;
}

static void hex_print(struct text bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        printf("%02x", (unsigned)(unsigned char)bytes.data[i]);
    putchar('\n');
}

static void decode_line(struct text line, struct arena *arena)
{
    struct buffer bytes = {0};
    struct buffer out = {0};
    struct wire_record record;

    if (!hex_parse(line.data, line.size, &bytes)) {
        puts("refused no hexadecimal");
    } else if (wire_decode(buffer_text(&bytes), arena, NULL, &record, &out) != STATUS_OK) {
        printf("refused %s\n", buffer_string(&out));
    } else {
        wire_encode_json(record.kind, record.record, &out);
        printf("%s %s\n", wire_kind_name(record.kind).data, buffer_string(&out));
    }
    buffer_finish(&out);
    buffer_finish(&bytes);
}

static void encode_line(enum record_kind kind, int64_t level, struct text line, struct arena *arena)
{
    struct buffer out = {0};
    struct wire_record record;
    struct wire_input input = {kind, line};

    if (wire_decode_json(input, arena, NULL, &record, &out) != STATUS_OK) {
        printf("refused %s\n", buffer_string(&out));
    } else {
        wire_encode_avro_at(level, kind, record.record, &out);
        hex_print(buffer_text(&out));
    }
    buffer_finish(&out);
}

int main(int argc, char **argv)
{
    enum record_kind kind = RECORD_ANNOUNCEMENT;
    bool is_encode = (argc == 3 || argc == 4) && strcmp(argv[1], "encode") == 0;
    struct arena arena = {0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;

    if (!(argc == 2 && strcmp(argv[1], "decode") == 0) &&
        !(is_encode && kind_find(argv[2], &kind))) {
        fprintf(stderr, "usage: wire_tool decode | wire_tool encode KIND [LEVEL]\n");
        return 2;
    }
    while ((size = getline(&line, &capacity, stdin)) > 0) {
        struct text text = {line, (size_t)size - (line[size - 1] == '\n')};
        arena_clear(&arena);
        if (is_encode)
            encode_line(kind, argc == 4 ? atoi(argv[3]) : RECORD_LEVEL, text, &arena);
        else
            decode_line(text, &arena);
    }
    free(line);
    arena_finish(&arena);
    return 0;
}
