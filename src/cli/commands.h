// SPDX-License-Identifier: Apache-2.0
//
// Every command, in the order in which help lists them: one line here, one file with the constant
// command_NAME.
#ifndef MUSTER_CLI_COMMANDS_H
#define MUSTER_CLI_COMMANDS_H

#include "cli/command.h"

// clang-format off
#define COMMAND_LIST(row)                                                                          \
    row(topic_list)                                                                                \
    row(topic_show)                                                                                \
    row(topic_explain)                                                                             \
    row(topic_announce)                                                                            \
    row(topic_withdraw)                                                                            \
    row(topic_retry)                                                                               \
    row(collector_list)                                                                            \
    row(collector_show)                                                                            \
    row(collector_explain)                                                                         \
    row(collector_drain)                                                                           \
    row(collector_undrain)                                                                         \
    row(collector_evict)                                                                           \
    row(collector_rotate)                                                                          \
    row(collector_report)                                                                          \
    row(collector_run)                                                                             \
    row(collector_died)                                                                            \
    row(agent_list)                                                                                \
    row(agent_show)                                                                                \
    row(agent_forget)                                                                              \
    row(agent_run)                                                                                 \
    row(pool_list)                                                                                 \
    row(pool_show)                                                                                 \
    row(pool_create)                                                                               \
    row(pool_set)                                                                                  \
    row(pool_reset)                                                                                \
    row(pool_pause)                                                                                \
    row(pool_resume)                                                                               \
    row(pool_freeze)                                                                               \
    row(pool_unfreeze)                                                                             \
    row(pool_rebalance)                                                                            \
    row(pool_delete)                                                                               \
    row(cell_init)                                                                                 \
    row(cell_clean)                                                                                \
    row(cell_upgrade)                                                                              \
    row(coordinator_list)                                                                          \
    row(coordinator_run)                                                                           \
    row(lag_show)                                                                                  \
    row(lag_pools)                                                                                 \
    row(events_list)                                                                               \
    row(plan)                                                                                      \
    row(config_show)                                                                               \
    row(config_check)                                                                              \
    row(demo)                                                                                      \
    row(help)                                                                                      \
    row(version)
// clang-format on

#define COMMAND_ROW(name) extern const struct command command_##name;
COMMAND_LIST(COMMAND_ROW)
#undef COMMAND_ROW

// The command at `index`, NULL behind the last.
const struct command *command_at(size_t index);

// The flags that every command takes; FLAG_ROW_END ends them.
const struct flag *flags_global(void);

#endif
