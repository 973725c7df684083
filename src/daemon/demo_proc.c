// SPDX-License-Identifier: Apache-2.0

#include "daemon/demo_proc.h"

#include <string.h>

const struct proc_format proc_formats[] = {
    {.name = "cpu",
     .path = "/proc/stat",
     .form = PROC_COLUMNS,
     .key_prefix = "cpu",
     .keys_max = 65,
     .columns = {"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"}},
    {.name = "disk",
     .path = "/proc/diskstats",
     .form = PROC_COLUMNS,
     .key_at = 2,
     .keys_max = 16,
     .columns = {"reads", "reads_merged", "sectors_read", "read_ms", "writes", "writes_merged",
                 "sectors_written", "write_ms", "in_flight", "busy_ms"}},
    {.name = "net",
     .path = "/proc/net/dev",
     .form = PROC_COLUMNS,
     .has_colon = true,
     .keys_max = 16,
     .columns = {"bytes_in", "packets_in", "errors_in", "drops_in", "fifo_in", "frame_in",
                 "compressed_in", "multicast_in", "bytes_out", "packets_out", "errors_out",
                 "drops_out"}},
    {.name = "memory",
     .path = "/proc/meminfo",
     .form = PROC_PICK,
     .columns = {"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "Dirty"}},
    {.name = "swap",
     .path = "/proc/meminfo",
     .form = PROC_PICK,
     .columns = {"SwapTotal", "SwapFree", "SwapCached"}},
    {.name = "load",
     .path = "/proc/loadavg",
     .form = PROC_FIRST,
     .columns = {"load_1m", "load_5m", "load_15m", "running", "last_pid"}},
    {.name = "pressure.cpu", .path = "/proc/pressure/cpu", .form = PROC_EQUALS, .keys_max = 1},
    {.name = "pressure.memory",
     .path = "/proc/pressure/memory",
     .form = PROC_EQUALS,
     .keys_max = 1},
    {.name = "pressure.io", .path = "/proc/pressure/io", .form = PROC_EQUALS, .keys_max = 1},
    {.name = "scheduler",
     .path = "/proc/stat",
     .form = PROC_PICK,
     .columns = {"ctxt", "processes", "procs_running", "procs_blocked"}},
    {.name = "interrupts", .path = "/proc/stat", .form = PROC_PICK, .columns = {"intr", "softirq"}},
    {.name = "faults",
     .path = "/proc/vmstat",
     .form = PROC_PICK,
     .columns = {"pgfault", "pgmajfault", "pgalloc_normal", "pgfree"}},
    {.name = "paging",
     .path = "/proc/vmstat",
     .form = PROC_PICK,
     .columns = {"pgpgin", "pgpgout", "pswpin", "pswpout", "nr_dirty", "nr_writeback"}},
    {.name = "sockets",
     .path = "/proc/net/sockstat",
     .form = PROC_PAIRS,
     .has_colon = true,
     .keys_max = 6},
    {.name = "softirq",
     .path = "/proc/softirqs",
     .form = PROC_SUM,
     .has_colon = true,
     .keys_max = 10},
    {.name = "files",
     .path = "/proc/sys/fs/file-nr",
     .form = PROC_FIRST,
     .columns = {"open", "free", "max"}},
    {.name = "uptime", .path = "/proc/uptime", .form = PROC_FIRST, .columns = {"up_s", "idle_s"}},
    {.name = NULL},
};

// ---- Words and lines.

static bool line_next(struct text file, size_t *cursor, struct text *ret_line)
{
    if (*cursor >= file.size)
        return false;
    const char *begin = file.data + *cursor;
    const char *end = memchr(begin, '\n', file.size - *cursor);
    ret_line->data = begin;
    ret_line->size = end ? (size_t)(end - begin) : file.size - *cursor;
    *cursor += ret_line->size + 1;
    return true;
}

// Takes the first word off the line; a colon ends one, too.
static bool word_take(struct text *line, struct text *ret_word, bool *ret_colon)
{
    while (line->size && (*line->data == ' ' || *line->data == '\t')) {
        line->data++;
        line->size--;
    }
    size_t size = 0;
    while (size < line->size && !strchr(" \t:", line->data[size]))
        size++;
    *ret_word = (struct text){line->data, size};
    *ret_colon = size < line->size && line->data[size] == ':';
    size += *ret_colon;
    line->data += size;
    line->size -= size;
    return size > 0;
}

// A whole number or one with a point, as JSON has it too.
static bool is_number(struct text word)
{
    size_t digits = 0;
    size_t points = 0;
    for (size_t i = 0; i < word.size; i++) {
        digits += word.data[i] >= '0' && word.data[i] <= '9';
        points += word.data[i] == '.' && i > 0 && i + 1 < word.size;
    }
    bool has_zero = word.size > 1 && word.data[0] == '0' && word.data[1] != '.';
    return digits > 0 && points <= 1 && digits + points == word.size && !has_zero && word.size < 20;
}

static void member_print(struct json *json, struct text name, struct text value)
{
    json_key_text(json, name);
    if (is_number(value))
        json_raw(json, value);
    else
        json_text(json, value);
}

// ---- Keys.

bool proc_has_keys(const struct proc_format *format)
{
    return format->form < PROC_FIRST;
}

// The key of a line; what is left of the line are its values. False if it has none.
static bool key_take(const struct proc_format *format, struct text *line, struct text *ret_key)
{
    bool has_colon = false;
    for (size_t i = 0; i <= format->key_at; i++)
        if (!word_take(line, ret_key, &has_colon))
            return false;
    if (ret_key->size == 0 || (format->has_colon && !has_colon))
        return false;
    return !format->key_prefix || text_has_prefix(*ret_key, text_of(format->key_prefix));
}

bool proc_key_next(const struct proc_format *format, struct text file, size_t *cursor,
                   struct text *ret_key)
{
    struct text line;
    while (line_next(file, cursor, &line))
        if (key_take(format, &line, ret_key))
            return true;
    return false;
}

// ---- Values.

static void columns_print(const struct proc_format *format, struct text line, struct json *json)
{
    struct text word;
    bool has_colon;
    for (size_t i = 0; format->columns[i] && word_take(&line, &word, &has_colon); i++)
        member_print(json, text_of(format->columns[i]), word);
}

static void sum_print(struct text line, struct json *json)
{
    struct text word;
    bool has_colon;
    int64_t sum = 0;
    int64_t value;
    while (word_take(&line, &word, &has_colon))
        if (text_parse_int64(word, &value) == STATUS_OK && value >= 0 && value < INT64_MAX / 4096)
            sum = (sum + value) % (INT64_MAX / 2);
    json_member_int64(json, "count", sum);
}

static void pairs_print(struct text line, struct json *json)
{
    struct text name;
    struct text value;
    bool has_colon;
    while (word_take(&line, &name, &has_colon) && word_take(&line, &value, &has_colon))
        member_print(json, name, value);
}

static void equals_print(struct text line, struct json *json)
{
    struct text word;
    bool has_colon;
    while (word_take(&line, &word, &has_colon)) {
        const char *equal = memchr(word.data, '=', word.size);
        if (!equal)
            continue;
        size_t size = (size_t)(equal - word.data);
        member_print(json, (struct text){word.data, size},
                     (struct text){equal + 1, word.size - size - 1});
    }
}

static bool pick_print(const struct proc_format *format, struct text file, struct json *json)
{
    struct text line, name, value;
    size_t cursor = 0;
    bool has_colon;
    bool is_found = false;
    while (line_next(file, &cursor, &line)) {
        if (!word_take(&line, &name, &has_colon) || !word_take(&line, &value, &has_colon))
            continue;
        for (size_t i = 0; format->columns[i]; i++) {
            if (!text_equals(name, format->columns[i]))
                continue;
            member_print(json, name, value);
            is_found = true;
        }
    }
    return is_found;
}

static void line_print(const struct proc_format *format, struct text line, struct json *json)
{
    if (format->form == PROC_SUM)
        sum_print(line, json);
    else if (format->form == PROC_PAIRS)
        pairs_print(line, json);
    else if (format->form == PROC_EQUALS)
        equals_print(line, json);
    else
        columns_print(format, line, json);
}

bool proc_print(const struct proc_format *format, struct text file, struct text key,
                struct json *json)
{
    struct text line;
    struct text found;
    size_t cursor = 0;
    if (format->form == PROC_PICK)
        return pick_print(format, file, json);
    while (line_next(file, &cursor, &line)) {
        if (proc_has_keys(format) && (!key_take(format, &line, &found) || !text_equal(found, key)))
            continue;
        line_print(format, line, json);
        return true;
    }
    return false;
}

// ---- Processes.

bool proc_process_parse(struct text file, struct proc_process *ret_process)
{
    const char *open = memchr(file.data, '(', file.size);
    const char *close = memrchr(file.data, ')', file.size);
    int64_t values[22] = {0}; // from the state, field 3, to the resident pages, field 24
    struct text word;
    bool has_colon;
    if (!open || !close || close < open)
        return false;
    struct text rest = {close + 1, file.size - (size_t)(close + 1 - file.data)};
    for (size_t i = 0; i < 22; i++) {
        if (!word_take(&rest, &word, &has_colon))
            return false;
        if (i > 0 && text_parse_int64(word, &values[i]) != STATUS_OK)
            values[i] = 0;
    }
    *ret_process = (struct proc_process){
        .command = {open + 1, (size_t)(close - open - 1)},
        .ticks = values[11] + values[12],
        .pages = values[21],
    };
    return true;
}
