// SPDX-License-Identifier: Apache-2.0
//
// Judges who owns what after a step, whoever decided it. It shares nothing with any planner: it
// sees only files of little-endian uint32.
//
//     check [OPTION...] BEFORE AFTER COLLECTORS
//
//     BEFORE, AFTER   the collector of each unit, or NOBODY, ABSENT or TWICE of below; '-' for
//                     BEFORE: nobody has anything yet
//     COLLECTORS      the numbers of the collectors that are there after the step
//     --weights W     the weight of each unit
//     --groups U C    the group of each unit, and of each collector by its number: a unit may only
//                     be with a collector of its group
//     --capacities C  by the collector's number, how much it may have: weight where weights are
//                     given, else units
//
// One line of JSON. `complete`: each unit is with exactly one collector that is there and may have
// it; nobody has it (`pending`) only where capacities are given and no collector of its group has
// room for it. `balanced`: within a group whoever has room has at most one unit less than anybody.
// `moves`: units that were with one collector and are with another; first placements are none, and
// a unit whose collector left is one (`forced`). `moves_min`: the least that any planner can do and
// be complete and balanced (by number; with weights it says nothing). `trouble`: the first thing
// found wrong. `weight_bound`: no planner's heaviest collector can be lighter (without groups).
// Exit 0 when complete, 1 when not, 2 when it cannot tell.
//
// The minimum in a group: U units of which all, or as many as the capacities allow, get a
// collector: A. The level L is the highest to which all can be filled, each up to its capacity,
// with A. Whoever keeps more than L + 1 (or its capacity) gives the rest away: E units; to L there
// lack D. A collector that is above its capacity keeps no more than that. F units have no collector
// or lost theirs; they fill first what lacks, so max(E, D - F) units move from where they could
// stay. Of the F units A less all that is kept get a collector; those that never had one are taken
// first, the others move.
#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX       // is there, and waits
#define ABSENT (UINT32_MAX - 1) // is not there: to be counted nowhere
#define TWICE (UINT32_MAX - 2)  // two collectors have it

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the files are read as they are");

struct numbers {
    uint32_t *at; // NULL: the file was not given
    size_t count;
};

struct collector {
    bool is_there;
    uint32_t group;
    uint64_t kept;  // units that it had before, that are still there and may be
    uint64_t most;  // capacity, UINT64_MAX = none
    uint64_t units; // that it has after
    uint64_t weight;
};

struct group {
    uint64_t units;
    uint64_t collectors;
    uint64_t max;
    uint64_t min; // of those that have room
    uint64_t pending;
    uint64_t fresh;    // units that were with nobody
    uint64_t room;     // greatest of its collectors
    uint64_t lightest; // weight of the lightest unit that nobody has, UINT64_MAX = none
};

struct job {
    struct numbers before, after, there, weights, unit_groups, collector_groups, capacities;
    struct collector *collectors;
    size_t collector_count; // one more than the largest number
    struct group *groups;
    size_t group_count;
    uint64_t assigned, pending, moves, forced;
    char trouble[100]; // empty: none found
};

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "check: %s '%s'\n", what, which);
    exit(2);
}

static void *get(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (!memory)
        fail("no memory for", "tables");
    return memory;
}

static struct numbers numbers_read(const char *path)
{
    struct numbers numbers = {0};
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail("cannot read", path);
    numbers.count = (size_t)ftell(file) / sizeof(*numbers.at);
    numbers.at = get(numbers.count, sizeof(*numbers.at));
    rewind(file);
    if (fread(numbers.at, sizeof(*numbers.at), numbers.count, file) != numbers.count)
        fail("cannot read all of", path);
    fclose(file);
    return numbers;
}

static bool is_owner(uint32_t owner)
{
    return owner < TWICE;
}

static uint32_t value_at(struct numbers numbers, size_t index, uint32_t otherwise)
{
    return index < numbers.count ? numbers.at[index] : otherwise;
}

// Makes the count one more than the largest number of the file. Where words like NOBODY mean
// nothing, they are refused.
static void count_upto(struct numbers numbers, bool are_words_known, size_t *count)
{
    for (size_t i = 0; i < numbers.count; i++) {
        if (!is_owner(numbers.at[i]) && !are_words_known)
            fail("a number is too large in the file of", "collectors or groups");
        if (is_owner(numbers.at[i]) && numbers.at[i] >= *count)
            *count = (size_t)numbers.at[i] + 1;
    }
}

static void trouble(struct job *job, const char *what, size_t number)
{
    if (!job->trouble[0])
        snprintf(job->trouble, sizeof(job->trouble), "%s %zu", what, number);
}

static void tables_make(struct job *job)
{
    count_upto(job->before, true, &job->collector_count);
    count_upto(job->after, true, &job->collector_count);
    count_upto(job->there, false, &job->collector_count);
    job->group_count = 1;
    count_upto(job->unit_groups, false, &job->group_count);
    count_upto(job->collector_groups, false, &job->group_count);
    job->collectors = get(job->collector_count, sizeof(*job->collectors));
    job->groups = get(job->group_count, sizeof(*job->groups));
    for (size_t i = 0; i < job->group_count; i++)
        job->groups[i].min = job->groups[i].lightest = UINT64_MAX;
    for (size_t i = 0; i < job->there.count; i++) {
        struct collector *collector = &job->collectors[job->there.at[i]];
        collector->group = value_at(job->collector_groups, job->there.at[i], 0);
        if (collector->is_there)
            fail("a number stands twice in the file of", "collectors");
        job->groups[collector->group].collectors++;
        collector->is_there = true;
        collector->most = UINT64_MAX;
        if (job->there.at[i] < job->capacities.count)
            collector->most = job->capacities.at[job->there.at[i]];
    }
}

// Whether that collector is there and may have a unit of that group.
static bool may_have(const struct job *job, uint32_t owner, uint32_t group)
{
    return is_owner(owner) && job->collectors[owner].is_there &&
           job->collectors[owner].group == group;
}

static void unit_place(struct job *job, size_t unit, uint32_t owner, uint32_t group)
{
    uint64_t weight = value_at(job->weights, unit, 1);
    if (owner == NOBODY) {
        job->pending++;
        job->groups[group].pending++;
        if (weight < job->groups[group].lightest)
            job->groups[group].lightest = weight;
        if (!job->capacities.at)
            trouble(job, "nobody has unit", unit);
    } else if (owner == TWICE) {
        trouble(job, "two collectors have unit", unit);
    } else if (!job->collectors[owner].is_there) {
        trouble(job, "a collector that is not there has unit", unit);
    } else if (job->collectors[owner].group != group) {
        trouble(job, "a collector of another group has unit", unit);
    }
    if (!may_have(job, owner, group))
        return;
    job->collectors[owner].units++;
    job->collectors[owner].weight += weight;
    job->assigned++;
}

static void units_walk(struct job *job)
{
    if (job->before.count > job->after.count)
        trouble(job, "unit without a word in AFTER:", job->after.count);
    for (size_t unit = 0; unit < job->after.count; unit++) {
        uint32_t owner = job->after.at[unit];
        uint32_t former = value_at(job->before, unit, NOBODY);
        uint32_t group = value_at(job->unit_groups, unit, 0);
        if (owner == ABSENT)
            continue;
        job->groups[group].units++;
        unit_place(job, unit, owner, group);
        if (!is_owner(former)) {
            job->groups[group].fresh++;
            continue;
        }
        if (may_have(job, former, group))
            job->collectors[former].kept++;
        else
            job->forced += is_owner(owner);
        job->moves += is_owner(owner) && owner != former;
    }
}

static void collectors_walk(struct job *job)
{
    for (size_t i = 0; i < job->collector_count; i++) {
        const struct collector *collector = &job->collectors[i];
        if (!collector->is_there)
            continue;
        struct group *group = &job->groups[collector->group];
        if (collector->units > group->max)
            group->max = collector->units;
        if (collector->weight < collector->most && collector->units < group->min)
            group->min = collector->units;
        if (collector->weight > collector->most)
            trouble(job, "over its capacity is collector", i);
        else if (collector->most - collector->weight > group->room)
            group->room = collector->most - collector->weight;
    }
    for (size_t i = 0; i < job->group_count; i++)
        if (job->groups[i].pending > 0 && job->groups[i].lightest <= job->groups[i].room)
            trouble(job, "nobody has a unit for which there is room in group", i);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// What a group's collectors hold when each is filled to `level` or its capacity.
static uint64_t filled(const struct job *job, size_t group, uint64_t level)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->there.count; i++) {
        const struct collector *collector = &job->collectors[job->there.at[i]];
        if (collector->group == group)
            sum += least(level, collector->most);
    }
    return sum;
}

static uint64_t group_moves_min(const struct job *job, size_t group)
{
    uint64_t units = job->groups[group].units;
    uint64_t assigned = least(units, filled(job, group, units));
    uint64_t low = 0; // the level is at least that, and below the other
    uint64_t high = units + 1;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        *(filled(job, group, middle) <= assigned ? &low : &high) = middle;
    }
    uint64_t excess = 0, lack = 0, kept = 0;
    for (size_t i = 0; i < job->there.count; i++) {
        const struct collector *it = &job->collectors[job->there.at[i]];
        if (it->group != group)
            continue;
        uint64_t has = least(it->kept, it->most);
        kept += has;
        excess += has > low + 1 ? has - low - 1 : 0;
        lack += least(low, it->most) > has ? least(low, it->most) - has : 0;
    }
    uint64_t others = units - kept;
    uint64_t placed = assigned - kept;
    uint64_t fresh = job->groups[group].fresh;
    lack = lack > others ? lack - others : 0;
    return (excess > lack ? excess : lack) + (placed > fresh ? placed - fresh : 0);
}

static uint64_t moves_min(const struct job *job)
{
    uint64_t moves = 0;
    for (size_t i = 0; i < job->group_count; i++)
        if (job->groups[i].collectors > 0)
            moves += group_moves_min(job, i);
    return moves;
}

static int compare_falling(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

// The heaviest collector has at least the heaviest unit, the mean, and, of M + 1 units on M
// collectors, two: the two lightest of the M + 1 heaviest.
static uint64_t weight_bound(const struct job *job)
{
    uint64_t total = 0;
    uint64_t count = 0;
    uint64_t collectors = job->groups[0].collectors;
    uint32_t *weights = get(job->after.count, sizeof(*weights));
    for (size_t unit = 0; unit < job->after.count; unit++) {
        if (job->after.at[unit] == ABSENT)
            continue;
        weights[count] = value_at(job->weights, unit, 1);
        total += weights[count++];
    }
    qsort(weights, count, sizeof(*weights), compare_falling);
    uint64_t bound = count > 0 ? weights[0] : 0;
    if (collectors > 0 && (total + collectors - 1) / collectors > bound)
        bound = (total + collectors - 1) / collectors;
    if (collectors > 0 && count > collectors) {
        uint64_t pair = (uint64_t)weights[collectors - 1] + weights[collectors];
        bound = pair > bound ? pair : bound;
    }
    free(weights);
    return bound;
}

static void weights_tell(const struct job *job)
{
    uint64_t max = 0;
    uint64_t min = UINT64_MAX;
    uint64_t total = 0;
    for (size_t i = 0; i < job->collector_count; i++) {
        if (!job->collectors[i].is_there)
            continue;
        uint64_t weight = job->collectors[i].weight;
        total += weight;
        max = weight > max ? weight : max;
        min = weight < min ? weight : min;
    }
    if (job->there.count > 0)
        printf(", \"weight_max\": %" PRIu64 ", \"weight_min\": %" PRIu64 ", \"weight_mean\": %.1f",
               max, min, (double)total / (double)job->there.count);
    if (job->group_count == 1)
        printf(", \"weight_bound\": %" PRIu64, weight_bound(job));
}

static void tell(const struct job *job)
{
    bool is_balanced = true;
    uint64_t max = 0;
    uint64_t min = UINT64_MAX;
    for (size_t i = 0; i < job->group_count; i++) {
        const struct group *group = &job->groups[i];
        if (group->collectors == 0)
            continue;
        is_balanced = is_balanced && (group->min > group->max || group->max - group->min <= 1);
        max = group->max > max ? group->max : max;
        min = group->min < min ? group->min : min;
    }
    printf("{\"complete\": %s, \"balanced\": %s, \"assigned\": %" PRIu64 ", \"pending\": %" PRIu64,
           job->trouble[0] ? "false" : "true", is_balanced ? "true" : "false", job->assigned,
           job->pending);
    printf(", \"moves\": %" PRIu64 ", \"moves_min\": %" PRIu64 ", \"forced\": %" PRIu64
           ", \"max\": %" PRIu64 ", \"min\": %" PRIu64,
           job->moves, moves_min(job), job->forced, max, min == UINT64_MAX ? max : min);
    if (job->weights.at)
        weights_tell(job);
    if (job->trouble[0])
        printf(", \"trouble\": \"%s\"}\n", job->trouble);
    else
        printf(", \"trouble\": null}\n");
}

// Takes the options in front; returns how many arguments they were.
static int options_take(struct job *job, int count, char **arguments)
{
    int at = 0;
    while (at < count && strncmp(arguments[at], "--", 2) == 0) {
        if (strcmp(arguments[at], "--weights") == 0 && at + 1 < count) {
            job->weights = numbers_read(arguments[at + 1]);
            at += 2;
        } else if (strcmp(arguments[at], "--capacities") == 0 && at + 1 < count) {
            job->capacities = numbers_read(arguments[at + 1]);
            at += 2;
        } else if (strcmp(arguments[at], "--groups") == 0 && at + 2 < count) {
            job->unit_groups = numbers_read(arguments[at + 1]);
            job->collector_groups = numbers_read(arguments[at + 2]);
            at += 3;
        } else {
            fail("wrong option", arguments[at]);
        }
    }
    return at;
}

int main(int argc, char **argv)
{
    struct job job = {0};
    int at = 1 + options_take(&job, argc - 1, argv + 1);
    if (argc - at != 3) {
        fprintf(stderr, "usage: check [--weights W] [--groups U C] [--capacities C] BEFORE AFTER "
                        "COLLECTORS\n");
        return 2;
    }
    if (strcmp(argv[at], "-") != 0)
        job.before = numbers_read(argv[at]);
    job.after = numbers_read(argv[at + 1]);
    job.there = numbers_read(argv[at + 2]);
    tables_make(&job);
    units_walk(&job);
    collectors_walk(&job);
    tell(&job);
    struct numbers *all[] = {&job.before,    &job.after,       &job.there,
                             &job.weights,   &job.unit_groups, &job.collector_groups,
                             &job.capacities};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        free(all[i]->at);
    free(job.collectors);
    free(job.groups);
    return job.trouble[0] ? 1 : 0;
}
