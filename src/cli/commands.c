// SPDX-License-Identifier: Apache-2.0

#include "cli/commands.h"

static const struct command *const commands[] = {
#define COMMAND_ROW(name) &command_##name,
    COMMAND_LIST(COMMAND_ROW)
#undef COMMAND_ROW
};

static const struct flag global_flags[] = {
    {"brokers", 'b', FLAG_TEXT, "HOST:PORT,...", "kafka.bootstrap.servers", false,
     "Kafka's brokers to begin with"},
    {"config", 'c', FLAG_TEXT, "FILE", NULL, false, "configuration file"},
    {"set", 0, FLAG_TEXT, "KEY=VALUE", NULL, true, "one setting"},
    {"prefix", 0, FLAG_TEXT, "PREFIX", "prefix", false, "first word of the cell's topics"},
    {"pool", 'p', FLAG_TEXT, "POOL", "pool", false, "the pool it is about"},
    {"api", 0, FLAG_TEXT, "URL", "api.url", false, "a coordinator's API: http://HOST:PORT"},
    {"output", 'o', FLAG_CHOICE, "table|wide|json|yaml|plain|schema", NULL, false,
     "form of the answer"},
    {"json", 0, FLAG_SWITCH, NULL, NULL, false, "short for --output json"},
    {"timeout", 0, FLAG_TEXT, "DURATION", "timeout.ms", false, "how long to wait"},
    {"verbose", 'v', FLAG_SWITCH, NULL, NULL, false, "show the Kafka client's own log lines"},
    {"no-color", 0, FLAG_SWITCH, NULL, NULL, false, "no colors, as with NO_COLOR"},
    {"help", 'h', FLAG_SWITCH, NULL, NULL, false, "show help"},
    {"version", 0, FLAG_SWITCH, NULL, NULL, false, "show the version"},
    FLAG_ROW_END,
};

const struct command *command_at(size_t index)
{
    return index < sizeof(commands) / sizeof(commands[0]) ? commands[index] : NULL;
}

const struct flag *flags_global(void)
{
    return global_flags;
}
