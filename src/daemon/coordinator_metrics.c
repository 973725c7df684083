// SPDX-License-Identifier: Apache-2.0
//
// What a coordinator tells Prometheus, from memory alone.
#include "daemon/coordinator_api.h"

enum { SERIES_MAX = 20000, GROUPS_MAX = 100 };

static void plain(struct metrics *metrics, enum metrics_kind kind, const char *name,
                  const char *help, int64_t value)
{
    metrics_family(metrics, kind, name, help);
    metrics_int64(metrics, NULL, 0, value);
}

static void cell_families(struct metrics *metrics, const struct cell_view *cell)
{
    const struct {
        const char *state;
        int64_t value;
    } states[] = {{"owned", cell->owned},       {"pending", cell->pending},
                  {"revoking", cell->revoking}, {"missing", cell->missing},
                  {"dormant", cell->dormant},   {"quarantined", cell->quarantined}};
    metrics_family(metrics, METRICS_GAUGE, "muster_units", "units of the cell by state");
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        struct metrics_label label = {"state", text_of(states[i].state)};
        metrics_int64(metrics, &label, 1, states[i].value);
    }
    plain(metrics, METRICS_GAUGE, "muster_leader", "1 while this coordinator leads",
          text_equals(cell->role, "leader"));
    plain(metrics, METRICS_GAUGE, "muster_standbys", "coordinators that would take over",
          cell->standbys);
    plain(metrics, METRICS_GAUGE, "muster_restored", "1 once the state was read to its end",
          cell->is_restored);
    plain(metrics, METRICS_GAUGE, "muster_epoch", "number of the leader's term", cell->epoch);
    plain(metrics, METRICS_GAUGE, "muster_generation", "newest generation of the cell",
          cell->generation);
    plain(metrics, METRICS_GAUGE, "muster_topics", "topics that are announced", cell->topics);
    plain(metrics, METRICS_GAUGE, "muster_collectors", "collectors with an admitted life",
          cell->collectors);
    plain(metrics, METRICS_GAUGE, "muster_agents", "agents with a statement", cell->agents);
    plain(metrics, METRICS_GAUGE, "muster_agents_unhealthy", "agents that were silent for too long",
          cell->unhealthy);
    plain(metrics, METRICS_COUNTER, "muster_moves_total", "units moved since the cell was created",
          cell->moves);
    plain(metrics, METRICS_COUNTER, "muster_announcements_total", "announcements taken",
          cell->announcements);
    plain(metrics, METRICS_COUNTER, "muster_orders_total", "orders taken", cell->orders);
    plain(metrics, METRICS_COUNTER, "muster_refused_total",
          "announcements and orders refused into the dead letter topic", cell->refused);
    plain(metrics, METRICS_COUNTER, "muster_ignored_total", "inputs that changed nothing",
          cell->ignored);
    plain(metrics, METRICS_COUNTER, "muster_positions_lost_total",
          "positions of units that were not committed any more, or not in the log",
          cell->positions_lost);
    plain(metrics, METRICS_COUNTER, "muster_state_foreign_total",
          "records of the state that somebody else wrote", cell->foreign);
    plain(metrics, METRICS_COUNTER, "muster_commits_total", "transactions committed",
          cell->commits);
}

static void collector_families(struct metrics *metrics, const struct control *control)
{
    struct collector_view view;
    const struct {
        const char *name, *help;
        size_t offset;
    } families[] = {
        {"muster_collector_units", "units that a collector owns",
         offsetof(struct collector_view, units)},
        {"muster_collector_lag_offsets", "offsets behind, over a collector's units",
         offsetof(struct collector_view, lag_records)},
        {"muster_collector_records_per_second", "records that a collector delivers",
         offsetof(struct collector_view, records_per_s)},
        {"muster_collector_units_refused", "units whose records a collector's sink does not take",
         offsetof(struct collector_view, units_refused)},
        {"muster_collector_generation", "newest generation published to a collector",
         offsetof(struct collector_view, generation)},
        {"muster_collector_applied_generation", "generation that a collector has applied",
         offsetof(struct collector_view, applied_generation)},
    };
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        metrics_family(metrics, METRICS_GAUGE, families[f].name, families[f].help);
        for (uint32_t cursor = 0;
             control_next_collector(control, (struct instant){0}, &cursor, &view);) {
            struct metrics_label labels[] = {{"pool", view.pool}, {"collector", view.id}};
            const int64_t *value = (const int64_t *)((const char *)&view + families[f].offset);
            metrics_int64(metrics, labels, 2, *value);
        }
    }
}

static void status_family(struct metrics *metrics, const struct control *control)
{
    static const char *const statuses[] = {"CREATING", "RUNNING", "DISABLED", "DELETED"};
    struct pool_view pool;
    int64_t counts[4] = {0};
    for (uint32_t cursor = 0; control_next_pool(control, &cursor, &pool);)
        for (size_t i = 0; i < 4; i++)
            counts[i] += text_equals(pool.status, statuses[i]);
    metrics_family(metrics, METRICS_GAUGE, "muster_pools", "pools by status");
    for (size_t i = 0; i < 4; i++) {
        struct metrics_label label = {"status", text_of(statuses[i])};
        metrics_int64(metrics, &label, 1, counts[i]);
    }
}

// Collectors that each pool needs and has, for whoever scales them.
static void count_families(struct metrics *metrics, const struct control *control)
{
    struct pool_view pool;
    metrics_family(metrics, METRICS_GAUGE, "muster_pool_collectors_desired",
                   "collectors that a pool needs");
    for (uint32_t cursor = 0; control_next_pool(control, &cursor, &pool);) {
        struct metrics_label label = {"pool", pool.name};
        metrics_int64(metrics, &label, 1, pool.desired);
    }
    metrics_family(metrics, METRICS_GAUGE, "muster_pool_collectors_actual",
                   "live collectors of a pool that do not drain");
    for (uint32_t cursor = 0; control_next_pool(control, &cursor, &pool);) {
        struct metrics_label label = {"pool", pool.name};
        metrics_int64(metrics, &label, 1, pool.actual);
    }
}

static void pool_families(struct metrics *metrics, const struct control *control)
{
    struct pool_view pool;
    struct lag_view lag;
    status_family(metrics, control);
    count_families(metrics, control);
    metrics_family(metrics, METRICS_GAUGE, "muster_pool_lag_offsets",
                   "offsets behind, over a pool's units with a known lag");
    for (uint32_t cursor = 0; control_next_pool(control, &cursor, &pool);) {
        struct metrics_label label = {"pool", pool.name};
        control_view_lag(control, pool.name, &lag);
        metrics_int64(metrics, &label, 1, lag.records);
    }
    metrics_family(metrics, METRICS_GAUGE, "muster_pool_oldest_unprocessed_seconds",
                   "age of the oldest record of a pool that is not delivered");
    for (uint32_t cursor = 0; control_next_pool(control, &cursor, &pool);) {
        struct metrics_label label = {"pool", pool.name};
        int64_t oldest_ms = control_view_oldest_ms(control, pool.name);
        if (oldest_ms >= 0)
            metrics_seconds(metrics, &label, 1, span_of_ms(oldest_ms));
    }
}

// Desired and actual numbers of collectors, of the pool as a whole and of its groups.
static void wanted_families(struct metrics *metrics, const struct control *control)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } families[] = {
        {"muster_pool_collectors_wanted", "collectors that a pool should have, where it is bounded",
         offsetof(struct wanted_view, wanted)},
        {"muster_pool_collectors", "collectors of a pool that can take units",
         offsetof(struct wanted_view, actual)},
    };
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        struct pool_view pool;
        metrics_family(metrics, METRICS_GAUGE, families[f].name, families[f].help);
        for (uint32_t cursor = 0; control_next_pool(control, &cursor, &pool);) {
            struct wanted_view view;
            control_view_wanted(control, pool.name, &view);
            struct metrics_label label = {"pool", pool.name};
            const int64_t *value = (const int64_t *)((const char *)&view + families[f].offset);
            if (*value >= 0)
                metrics_int64(metrics, &label, 1, *value);
        }
    }
    metrics_family(metrics, METRICS_GAUGE, "muster_group_collectors_wanted",
                   "collectors that a group of a pool should have, where it is bounded");
    struct pool_view pool;
    for (uint32_t cursor = 0; control_next_pool(control, &cursor, &pool);) {
        struct wanted_view view;
        for (uint32_t group = 0;
             group < GROUPS_MAX && control_next_wanted(control, pool.name, &group, &view);) {
            struct metrics_label labels[] = {{"pool", pool.name}, {"group", view.group}};
            if (view.wanted >= 0)
                metrics_int64(metrics, labels, 2, view.wanted);
        }
    }
}

static void unread_family(struct metrics *metrics, const struct coordinator *coordinator)
{
    static const char *const names[INPUT_LOG_COUNT] = {"control", "orders"};
    metrics_family(metrics, METRICS_GAUGE, "muster_inputs_unread_seconds",
                   "for how long the leader has not read a topic to an end that it asked for");
    for (enum input_log log = 0; log < INPUT_LOG_COUNT; log++) {
        struct metrics_label label = {"topic", text_of(names[log])};
        metrics_seconds(metrics, &label, 1, pulse_unread(coordinator, log, loop_now()));
    }
}

void api_print_metrics(struct coordinator *coordinator, enum metrics_form form, struct buffer *body)
{
    struct metrics metrics;
    struct cell_view cell;
    control_view_cell(coordinator->control, &cell);
    metrics_begin(&metrics, body, form, SERIES_MAX);
    cell_families(&metrics, &cell);
    collector_families(&metrics, coordinator->control);
    pool_families(&metrics, coordinator->control);
    wanted_families(&metrics, coordinator->control);
    unread_family(&metrics, coordinator);
    metrics_family(&metrics, METRICS_GAUGE, "muster_commit_seconds",
                   "duration of the last transaction");
    metrics_seconds(&metrics, NULL, 0, (struct span){coordinator->commit_us_last});
    metrics_family(&metrics, METRICS_COUNTER, "muster_commit_seconds_total",
                   "duration of all transactions");
    metrics_seconds(&metrics, NULL, 0, (struct span){coordinator->commit_us_sum});
    plain(&metrics, METRICS_COUNTER, "muster_wakeups_total", "how often the process has woken up",
          (int64_t)loop_passes(coordinator->loop));
    metrics_end(&metrics);
}
