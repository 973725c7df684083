// SPDX-License-Identifier: Apache-2.0
//
// The floor of the planner's benchmark: a loop that only fills arrays, round robin, and remembers
// nothing from step to step. What decides anything cannot be faster.
//
//     floor TOPICS PARTITIONS FOLDER     the contract of tests/bench/README.md
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 9 };

struct placement {
    uint32_t *owners; // of each unit
    uint32_t *loads;  // of each collector, by its place in `there`
    uint32_t **lists; // the units of each collector
};

static double now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *get(size_t size)
{
    void *memory = malloc(size);
    if (!memory) {
        fprintf(stderr, "floor: no memory\n");
        exit(1);
    }
    return memory;
}

static struct placement fill(const uint32_t *there, uint32_t collectors, uint32_t units)
{
    struct placement placement = {.owners = get(units * sizeof(uint32_t)),
                                  .loads = get(collectors * sizeof(uint32_t)),
                                  .lists = get(collectors * sizeof(uint32_t *))};
    for (uint32_t c = 0; c < collectors; c++) {
        placement.loads[c] = 0;
        placement.lists[c] = get((units / collectors + 1) * sizeof(uint32_t));
    }
    for (uint32_t unit = 0, c = 0; unit < units; unit++, c = c + 1 == collectors ? 0 : c + 1) {
        placement.owners[unit] = there[c];
        placement.lists[c][placement.loads[c]++] = unit;
    }
    return placement;
}

static void placement_drop(struct placement *placement, uint32_t collectors)
{
    for (uint32_t c = 0; c < collectors; c++)
        free(placement->lists[c]);
    free(placement->lists);
    free(placement->loads);
    free(placement->owners);
}

static FILE *file_open(const char *folder, const char *step, const char *suffix, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", folder, step, suffix);
    FILE *file = fopen(path, mode);
    if (!file) {
        fprintf(stderr, "floor: cannot open '%s'\n", path);
        exit(1);
    }
    return file;
}

static uint32_t *collectors_read(const char *folder, const char *step, uint32_t *ret_count)
{
    FILE *file = file_open(folder, step, "there", "rb");
    fseek(file, 0, SEEK_END);
    size_t count = (size_t)ftell(file) / sizeof(uint32_t);
    uint32_t *there = get(count * sizeof(*there));
    rewind(file);
    if (count == 0 || fread(there, sizeof(*there), count, file) != count)
        exit(1);
    fclose(file);
    *ret_count = (uint32_t)count;
    return there;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void step_run(const char *folder, const char *step, uint32_t units)
{
    uint32_t collectors;
    uint32_t *there = collectors_read(folder, step, &collectors);
    double times[RUNS];
    double cpu[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double start = now_ms(CLOCK_MONOTONIC);
        double cpu_start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
        struct placement placement = fill(there, collectors, units);
        cpu[run] = now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
        times[run] = now_ms(CLOCK_MONOTONIC) - start;
        if (run + 1 == RUNS) {
            FILE *file = file_open(folder, step, "owners", "wb");
            if (fwrite(placement.owners, sizeof(uint32_t), units, file) != units || fclose(file))
                exit(1);
        }
        placement_drop(&placement, collectors);
    }
    double first = times[0];
    qsort(times, RUNS, sizeof(times[0]), compare);
    qsort(cpu, RUNS, sizeof(cpu[0]), compare);
    printf("{\"step\": \"%s\", \"time_ms\": %.4f, \"first_ms\": %.4f, \"cpu_ms\": %.4f, "
           "\"runs\": %d}\n",
           step, times[RUNS / 2], first, cpu[RUNS / 2], RUNS);
    fflush(stdout);
    free(there);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: floor TOPICS PARTITIONS FOLDER\n");
        return 2;
    }
    uint32_t units = (uint32_t)(strtoul(argv[1], NULL, 10) * strtoul(argv[2], NULL, 10));
    char step[64];
    FILE *steps = file_open(argv[3], "all", "steps", "r");
    while (fscanf(steps, "%63s", step) == 1)
        step_run(argv[3], step, units);
    fclose(steps);
    return 0;
}
