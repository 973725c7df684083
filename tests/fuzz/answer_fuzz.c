// SPDX-License-Identifier: Apache-2.0
//
// What a coordinator's API may answer to a command: any bytes give rows or a reason, and a
// refusal's message is found or not.

#include <stdint.h>
#include <stdio.h>

#include "base/ensure.h"
#include "cli/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct column columns[] = {
    {"NAME", "name", COLUMN_TEXT, false, false, "a text"},
    {"COUNT", "count", COLUMN_INTEGER, false, true, "a number"},
    {"LIVE", "live", COLUMN_BOOLEAN, false, true, "yes or no"},
    {"SINCE", "since_ms", COLUMN_TIME, false, true, "an instant"},
    {"AGE", "age_ms", COLUMN_DURATION, false, true, "a span"},
    {"SIZE", "size_bytes", COLUMN_BYTES, false, true, "a size"},
    {"AGENTS", "agents", COLUMN_LIST, false, true, "texts"},
    {"LABELS", "labels", COLUMN_LABELS, false, true, "names with values"},
    {0},
};

static const struct output_table table = {"muster.fuzz_list/1", columns, false};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *stream = fopen("/dev/null", "w");
    ensure(stream);
    // The first byte chooses the form.
    enum output_form form = size ? (enum output_form)(data[0] % OUTPUT_SCHEMA) : OUTPUT_TABLE;
    struct text body = {size > 1 ? (const char *)data + 1 : "", size > 1 ? size - 1 : 0};
    struct answer answer = {.table = &table,
                            .output = output_create(stream, form, &table, OUTPUT_COLOR)};
    struct buffer problem = {0};
    enum status status = answer_read(&answer, body, &problem);
    ensure((status == STATUS_OK) == (problem.size == 0));
    buffer_clear(&problem);
    ensure(answer_read_error(body, &problem) || problem.size == 0);
    ensure(output_destroy(answer.output) == STATUS_OK);
    answer_finish(&answer);
    buffer_finish(&problem);
    fclose(stream);
    return 0;
}
