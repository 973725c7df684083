// SPDX-License-Identifier: Apache-2.0
//
// The planner, as a peer in its own benchmark, and how its costs grow.
//
//     plan walk [OPTION...] TOPICS PARTITIONS FOLDER    a peer; bench/README.md says what one is
//         --weights W      the weight of each unit, and balance = weight
//         --capacities C   by the collector's number: by weight where weights are given, else units
//         --groups U C     the group of each unit, and of each collector by its number
//         --afresh         each step is planned from nothing: what a recompute costs and moves
//     plan scale UNITS COLLECTORS                       one size; a line of JSON
//
// Files are little-endian uint32. All steps are walked again and again on a new plan, and every
// walk must end the same: the first is the cold one. What is timed begins with the first event of a
// step and ends when the caller has taken and noted every change.
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "base/text.h"
#include "plan/plan.h"

enum { CHANGES = 1000, STEPS_MAX = 16, WALKS_MAX = 9, WALKS_MS = 6000, GROUPS_MAX = 64 };

// ---- Clocks.

struct took {
    double wall_ms;
    double cpu_ms;
};

static double clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct took now(void)
{
    return (struct took){clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_PROCESS_CPUTIME_ID)};
}

static struct took since(struct took start)
{
    struct took end = now();
    return (struct took){end.wall_ms - start.wall_ms, end.cpu_ms - start.cpu_ms};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, uint32_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

// ---- Files.

struct numbers {
    uint32_t *at; // NULL: the file was not given
    uint32_t count;
};

static struct numbers numbers_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct numbers numbers = {0};
    ensure(file && fseek(file, 0, SEEK_END) == 0);
    numbers.count = (uint32_t)((size_t)ftell(file) / sizeof(*numbers.at));
    numbers.at = memory_get(numbers.count * sizeof(*numbers.at) + 1);
    rewind(file);
    ensure(fread(numbers.at, sizeof(*numbers.at), numbers.count, file) == numbers.count);
    fclose(file);
    return numbers;
}

static void step_path(char *path, size_t size, const char *folder, const char *step,
                      const char *suffix)
{
    ensure((size_t)snprintf(path, size, "%s/%s.%s", folder, step, suffix) < size);
}

// ---- Walking the steps.

struct step {
    char name[64];
    struct numbers there;
    struct took add[WALKS_MAX]; // collectors and units said
    struct took all[WALKS_MAX]; // with settling and taking the changes
    uint64_t digest;            // of the owners
};

struct walk {
    const char *folder;
    uint32_t unit_count;
    bool is_afresh;
    struct numbers weights, capacities, unit_groups, collector_groups;
    struct step steps[STEPS_MAX];
    uint32_t step_count;

    struct plan_units *units;
    struct plan *plan;
    uint32_t collector_count; // one more than the largest number
    char (*ids)[24];
    uint32_t *handles;               // by number; PLAN_NOBODY = not in
    uint32_t *numbers;               // by handle
    uint32_t *owners;                // by unit, as told by the changes: numbers
    char groups[GROUPS_MAX][8];      // values of the label
    struct label labels[GROUPS_MAX]; // group = value
    struct plan_change changes[CHANGES];
};

static void walk_begin(struct walk *walk)
{
    struct label keys[2];
    uint32_t count = 0;
    struct buffer why = {0};
    struct plan_policy policy = {0};
    if (walk->weights.at)
        keys[count++] = (struct label){text_of("balance"), text_of("weight")};
    if (walk->unit_groups.at)
        keys[count++] = (struct label){text_of("group_by"), text_of("group")};
    ensure(!policy_parse(keys, count, &why, &policy));
    walk->units = plan_units_create();
    walk->plan = plan_create(walk->units, &(struct plan_options){.policy = &policy});
    policy_finish(&policy);
    buffer_finish(&why);
    memset(walk->handles, 0xff, walk->collector_count * sizeof(*walk->handles));
    memset(walk->owners, 0xff, walk->unit_count * sizeof(*walk->owners));
}

static void walk_end(struct walk *walk)
{
    plan_destroy(walk->plan);
    plan_units_destroy(walk->units);
    walk->plan = NULL;
}

static void join(struct walk *walk, uint32_t number)
{
    struct plan_collector_options options = {0};
    if (number < walk->collector_groups.count) {
        options.labels = &walk->labels[walk->collector_groups.at[number]];
        options.labels_count = 1;
    }
    if (number < walk->capacities.count && walk->weights.at)
        options.weight_max = walk->capacities.at[number];
    else if (number < walk->capacities.count)
        options.units_max = walk->capacities.at[number];
    uint32_t handle = plan_collector_join(walk->plan, text_of(walk->ids[number]), &options);
    walk->handles[number] = handle;
    walk->numbers[handle] = number;
}

// Collectors of both are rising, so one pass finds who left and who came.
static void collectors_change(struct walk *walk, struct numbers there)
{
    uint32_t at = 0;
    for (uint32_t number = 0; number < walk->collector_count; number++) {
        bool is_there = at < there.count && there.at[at] == number;
        at += is_there;
        if (is_there && walk->handles[number] == PLAN_NOBODY) {
            join(walk, number);
        } else if (!is_there && walk->handles[number] != PLAN_NOBODY) {
            plan_collector_leave(walk->plan, walk->handles[number]);
            walk->handles[number] = PLAN_NOBODY;
        }
    }
}

// The caller knows how many will come, as the coordinator that restores and `muster plan` do.
static void units_add(struct walk *walk)
{
    plan_units_reserve(walk->units, walk->unit_count);
    for (uint32_t unit = 0; unit < walk->unit_count; unit++) {
        struct plan_unit_options options = {.weight =
                                                walk->weights.at ? walk->weights.at[unit] : 1};
        if (walk->unit_groups.at) {
            options.said.labels = &walk->labels[walk->unit_groups.at[unit]];
            options.said.labels_count = 1;
        }
        plan_unit_add(walk->plan, unit, &options);
    }
}

static void changes_take(struct walk *walk)
{
    uint32_t count;
    while ((count = plan_changes_take(walk->plan, walk->changes, CHANGES)) > 0)
        for (uint32_t i = 0; i < count; i++) {
            uint32_t to = walk->changes[i].to;
            walk->owners[walk->changes[i].unit] = to == PLAN_NOBODY ? to : walk->numbers[to];
        }
}

static uint64_t digest_of(const uint32_t *owners, uint32_t count)
{
    uint64_t digest = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < count; i++)
        digest = (digest ^ owners[i]) * 0x100000001b3u;
    return digest;
}

static void owners_write(const struct walk *walk, const struct step *step)
{
    char path[4096];
    step_path(path, sizeof(path), walk->folder, step->name, "owners");
    FILE *file = fopen(path, "wb");
    ensure(file);
    ensure(fwrite(walk->owners, sizeof(*walk->owners), walk->unit_count, file) == walk->unit_count);
    ensure(fclose(file) == 0);
}

static void step_run(struct walk *walk, struct step *step, uint32_t round)
{
    bool is_first = step == walk->steps || walk->is_afresh;
    if (is_first && walk->plan)
        walk_end(walk);
    if (is_first)
        walk_begin(walk);
    struct took start = now();
    collectors_change(walk, step->there);
    if (is_first)
        units_add(walk);
    step->add[round] = since(start);
    plan_settle(walk->plan, PLAN_UNLIMITED);
    changes_take(walk);
    step->all[round] = since(start);
    uint64_t digest = digest_of(walk->owners, walk->unit_count);
    if (round == 0)
        owners_write(walk, step);
    ensure(round == 0 || digest == step->digest);
    step->digest = digest;
}

// Of all walks but the first, which was cold; or of that one, if there is no other.
static void step_tell(const struct step *step, uint32_t walks)
{
    double add[WALKS_MAX] = {0}, all[WALKS_MAX] = {0}, cpu[WALKS_MAX] = {0};
    uint32_t first = walks > 1;
    for (uint32_t i = first; i < walks; i++) {
        add[i - first] = step->add[i].wall_ms;
        all[i - first] = step->all[i].wall_ms;
        cpu[i - first] = step->all[i].cpu_ms;
    }
    walks -= first;
    printf("{\"step\": \"%s\", \"time_ms\": %.4f, \"first_ms\": %.4f, \"cpu_ms\": %.4f, "
           "\"add_ms\": %.4f, \"runs\": %u}\n",
           step->name, median(all, walks), step->all[0].wall_ms, median(cpu, walks),
           median(add, walks), walks);
}

static void steps_read(struct walk *walk)
{
    char path[4096];
    step_path(path, sizeof(path), walk->folder, "all", "steps");
    FILE *file = fopen(path, "r");
    ensure(file);
    while (walk->step_count < STEPS_MAX &&
           fscanf(file, "%63s", walk->steps[walk->step_count].name) == 1) {
        struct step *step = &walk->steps[walk->step_count++];
        step_path(path, sizeof(path), walk->folder, step->name, "there");
        step->there = numbers_read(path);
        ensure(step->there.count > 0);
        uint32_t last = step->there.at[step->there.count - 1];
        walk->collector_count = last >= walk->collector_count ? last + 1 : walk->collector_count;
    }
    fclose(file);
}

static void walk_prepare(struct walk *walk)
{
    steps_read(walk);
    walk->ids = memory_get(walk->collector_count * sizeof(*walk->ids));
    walk->handles = memory_get(walk->collector_count * sizeof(*walk->handles));
    walk->numbers = memory_get(walk->collector_count * sizeof(*walk->numbers));
    walk->owners = memory_get(walk->unit_count * sizeof(*walk->owners));
    for (uint32_t i = 0; i < walk->collector_count; i++)
        snprintf(walk->ids[i], sizeof(*walk->ids), "collector-%07u", i);
    for (uint32_t i = 0; i < GROUPS_MAX; i++) {
        snprintf(walk->groups[i], sizeof(walk->groups[i]), "g%u", i);
        walk->labels[i] = (struct label){text_of("group"), text_of(walk->groups[i])};
    }
    for (uint32_t i = 0; i < walk->unit_groups.count; i++)
        ensure(walk->unit_groups.at[i] < GROUPS_MAX);
    for (uint32_t i = 0; i < walk->collector_groups.count; i++)
        ensure(walk->collector_groups.at[i] < GROUPS_MAX);
}

static void walk_run(struct walk *walk)
{
    uint32_t walks = 0;
    struct took start = now();
    walk_prepare(walk);
    while (walks < WALKS_MAX && (walks < 2 || since(start).wall_ms < WALKS_MS)) {
        for (uint32_t i = 0; i < walk->step_count; i++)
            step_run(walk, &walk->steps[i], walks);
        walks++;
    }
    walk_end(walk);
    for (uint32_t i = 0; i < walk->step_count; i++) {
        step_tell(&walk->steps[i], walks);
        memory_release(walk->steps[i].there.at);
    }
    memory_release(walk->ids);
    memory_release(walk->handles);
    memory_release(walk->numbers);
    memory_release(walk->owners);
}

// Takes the options in front; returns how many arguments they were.
static int options_take(struct walk *walk, int count, char **arguments)
{
    int at = 0;
    while (at < count && strncmp(arguments[at], "--", 2) == 0) {
        if (strcmp(arguments[at], "--weights") == 0 && at + 1 < count) {
            walk->weights = numbers_read(arguments[++at]);
        } else if (strcmp(arguments[at], "--capacities") == 0 && at + 1 < count) {
            walk->capacities = numbers_read(arguments[++at]);
        } else if (strcmp(arguments[at], "--groups") == 0 && at + 2 < count) {
            walk->unit_groups = numbers_read(arguments[++at]);
            walk->collector_groups = numbers_read(arguments[++at]);
        } else if (strcmp(arguments[at], "--afresh") == 0) {
            walk->is_afresh = true;
        } else {
            return -1;
        }
        at++;
    }
    return at;
}

// Returns false when the arguments are none.
static bool walk_main(int count, char **arguments)
{
    struct walk *walk = memory_get(sizeof(*walk));
    int at = options_take(walk, count, arguments);
    bool is_good = at >= 0 && count - at == 3;
    if (is_good) {
        walk->unit_count =
            (uint32_t)(strtoul(arguments[at], NULL, 10) * strtoul(arguments[at + 1], NULL, 10));
        walk->folder = arguments[at + 2];
        ensure(!walk->weights.at || walk->weights.count >= walk->unit_count);
        ensure(!walk->unit_groups.at || walk->unit_groups.count >= walk->unit_count);
        walk_run(walk);
    }
    memory_release(walk->weights.at);
    memory_release(walk->capacities.at);
    memory_release(walk->unit_groups.at);
    memory_release(walk->collector_groups.at);
    memory_release(walk);
    return is_good;
}

// ---- How costs grow.

enum { JOINS = 9, CHURN = 100000 };

struct scale {
    struct plan_units *units;
    struct plan *plan;
    uint32_t unit_count;
    uint32_t collector_count;
    size_t bytes; // that were allocated before
    struct plan_change changes[CHANGES];
    struct took full, join, leave, restore; // join and leave: medians
    double churn_us;
    double bytes_settled, bytes_taken; // a unit, before and after the changes were taken
};

static size_t bytes_allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static uint32_t scale_join(struct scale *scale, uint32_t number)
{
    char id[24];
    snprintf(id, sizeof(id), "collector-%07u", number);
    return plan_collector_join(scale->plan, text_of(id), &(struct plan_collector_options){0});
}

// Number of units that have another owner than before, first placements not counted.
static uint32_t moves_take(struct scale *scale)
{
    uint32_t moves = 0;
    uint32_t count;
    while ((count = plan_changes_take(scale->plan, scale->changes, CHANGES)) > 0)
        for (uint32_t i = 0; i < count; i++)
            moves += scale->changes[i].from != PLAN_NOBODY;
    return moves;
}

static void scale_check(const struct scale *scale)
{
    struct plan_counts counts;
    plan_counts_get(scale->plan, &counts);
    ensure(counts.assigned == counts.units);
    ensure(counts.burden_max - counts.burden_min <= 1);
}

static void scale_create(struct scale *scale)
{
    scale->bytes = bytes_allocated();
    scale->units = plan_units_create();
    scale->plan = plan_create(scale->units, &(struct plan_options){0});
    for (uint32_t i = 0; i < scale->collector_count; i++)
        scale_join(scale, 2 * i); // handles in this order, also when restored
}

static void scale_full(struct scale *scale)
{
    struct took start = now();
    for (uint32_t unit = 0; unit < scale->unit_count; unit++)
        plan_unit_add(scale->plan, unit, &(struct plan_unit_options){.weight = 1});
    plan_settle(scale->plan, PLAN_UNLIMITED);
    scale->bytes_settled = (double)(bytes_allocated() - scale->bytes) / scale->unit_count;
    ensure(moves_take(scale) == 0);
    scale->full = since(start);
    scale->bytes_taken = (double)(bytes_allocated() - scale->bytes) / scale->unit_count;
    scale_check(scale);
}

// A collector joins somewhere in the order and leaves again.
static void scale_join_leave(struct scale *scale)
{
    uint32_t share = scale->unit_count / (scale->collector_count + 1);
    double joins[2][JOINS];
    double leaves[2][JOINS];
    for (uint32_t i = 0; i < JOINS; i++) {
        uint32_t number = 2 * (scale->collector_count * (i + 1) / (JOINS + 1)) + 1;
        struct took start = now();
        uint32_t collector = scale_join(scale, number);
        plan_settle(scale->plan, PLAN_UNLIMITED);
        ensure(moves_take(scale) == share);
        struct took took = since(start);
        joins[0][i] = took.wall_ms;
        joins[1][i] = took.cpu_ms;
        scale_check(scale);
        start = now();
        plan_collector_leave(scale->plan, collector);
        plan_settle(scale->plan, PLAN_UNLIMITED);
        ensure(moves_take(scale) == share);
        took = since(start);
        leaves[0][i] = took.wall_ms;
        leaves[1][i] = took.cpu_ms;
        scale_check(scale);
    }
    scale->join = (struct took){median(joins[0], JOINS), median(joins[1], JOINS)};
    scale->leave = (struct took){median(leaves[0], JOINS), median(leaves[1], JOINS)};
}

// Mean over many: a unit goes, one comes, settle after each.
static void scale_churn(struct scale *scale)
{
    uint64_t random = 88172645463325252ULL;
    struct took start = now();
    for (uint32_t i = 0; i < CHURN; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t unit = (uint32_t)(random % scale->unit_count);
        plan_unit_remove(scale->plan, unit);
        plan_settle(scale->plan, PLAN_UNLIMITED);
        plan_unit_add(scale->plan, unit, &(struct plan_unit_options){.weight = 1});
        plan_settle(scale->plan, PLAN_UNLIMITED);
    }
    scale->churn_us = since(start).cpu_ms * 1e3 / CHURN / 2;
    scale_check(scale);
    moves_take(scale);
}

static void scale_restore(struct scale *scale)
{
    uint32_t count = scale->unit_count;
    uint32_t *owners = memory_get(count * sizeof(*owners));
    uint64_t *numbers = memory_get(count * sizeof(*numbers));
    for (uint32_t unit = 0; unit < count; unit++) {
        owners[unit] = plan_unit_owner(scale->plan, unit);
        numbers[unit] = plan_unit_number(scale->plan, unit);
    }
    plan_destroy(scale->plan);
    plan_units_destroy(scale->units);
    struct took start = now();
    scale_create(scale);
    for (uint32_t unit = 0; unit < count; unit++)
        plan_unit_restore(scale->plan, unit, owners[unit], numbers[unit],
                          &(struct plan_unit_options){.weight = 1});
    ensure(plan_restore_end(scale->plan) == STATUS_OK);
    plan_settle(scale->plan, PLAN_UNLIMITED);
    scale->restore = since(start);
    scale_check(scale);
    ensure(moves_take(scale) == 0);
    memory_release(owners);
    memory_release(numbers);
}

static void scale_run(uint32_t units, uint32_t collectors)
{
    struct scale *scale = memory_get(sizeof(*scale));
    scale->unit_count = units;
    scale->collector_count = collectors;
    scale_create(scale);
    plan_settle(scale->plan, PLAN_UNLIMITED);
    scale_full(scale);
    scale_join_leave(scale);
    scale_churn(scale);
    scale_restore(scale);
    printf("{\"units\": %u, \"collectors\": %u, \"full_ms\": %.4f, \"full_cpu_ms\": %.4f, "
           "\"moves\": %u, "
           "\"join_ms\": %.4f, \"join_cpu_ms\": %.4f, \"leave_ms\": %.4f, \"leave_cpu_ms\": %.4f, "
           "\"unit_us\": %.4f, \"restore_ms\": %.4f, \"restore_cpu_ms\": %.4f, \"bytes_settled\": "
           "%.1f, "
           "\"bytes_taken\": %.1f}\n",
           units, collectors, scale->full.wall_ms, scale->full.cpu_ms, units / (collectors + 1),
           scale->join.wall_ms, scale->join.cpu_ms, scale->leave.wall_ms, scale->leave.cpu_ms,
           scale->churn_us, scale->restore.wall_ms, scale->restore.cpu_ms, scale->bytes_settled,
           scale->bytes_taken);
    plan_destroy(scale->plan);
    plan_units_destroy(scale->units);
    memory_release(scale);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "walk") == 0 && walk_main(argc - 2, argv + 2))
        return 0;
    if (argc == 4 && strcmp(argv[1], "scale") == 0) {
        scale_run((uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
        return 0;
    }
    fprintf(stderr, "usage: plan walk [--weights W] [--capacities C] [--groups U C] [--afresh] "
                    "TOPICS PARTITIONS FOLDER\n       plan scale UNITS COLLECTORS\n");
    return 2;
}
