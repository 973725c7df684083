// SPDX-License-Identifier: Apache-2.0

#include "cli/command.h"
#include "kafka/config.h"

static const struct column columns[] = {
    {"VERSION", "version", COLUMN_TEXT, false, false, "version of this binary"},
    {"LIBRDKAFKA", "librdkafka", COLUMN_TEXT, false, false, "version of the Kafka client in use"},
    {0},
};

static const struct output_table table = {"muster.version/1", columns, true};

static enum exit_code run(struct invocation *invocation)
{
    struct value values[] = {value_string(MUSTER_VERSION), value_string(kafka_library_version())};
    struct output *output = invocation_answer(invocation);
    output_row(output, values, 2);
    return invocation_answered(output, EXIT_DONE);
}

const struct command command_version = {
    .noun = "version",
    .arguments = "",
    .output = &table,
    .help = "show the version",
    .example = "muster version --json",
    .runs_misconfigured = true,
    .run = run,
};
