// SPDX-License-Identifier: Apache-2.0
//
// The parser of configuration files: any bytes give a configuration or problems, a line each.

#include <stdint.h>
#include <string.h>

#include "base/ensure.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf *conf = conf_create();
    struct text text = {(const char *)data, size};
    // A secret's file and descriptor would be read from this process: not here.
    if (size && (memmem(data, size, ".fd", 3) || memmem(data, size, ".file", 5)))
        text.size = 0;
    enum status status = conf_load_text(conf, CONF_CONFIG_FILE, "fuzz.conf", text);
    ensure((status == STATUS_OK) == (conf_problem_count(conf) == 0));
    ensure((conf_problems(conf)[0] == '\0') == (conf_problem_count(conf) == 0));
    if (conf_check(conf) == STATUS_OK)
        ensure(conf_int(conf, "lease.ms") >= 3 * conf_int(conf, "beat.interval.ms"));
    struct conf_row row;
    size_t cursor = 0;
    while (conf_row_next(conf, &cursor, &row))
        ensure(row.name && row.value && row.origin);
    conf_destroy(conf);
    return 0;
}
