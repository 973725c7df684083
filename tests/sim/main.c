// SPDX-License-Identifier: Apache-2.0
//
// The simulator's command: `./dev sim` gives it its arguments.
//
//     --seed N        one world of an hour, told; the last line is the hash of the run
//     --seeds A..B    worlds A to B, on all cores
//     --minutes M     fresh seeds for so long
//     --find A..B     the first seed of A..B that fails, as `RULE SEED`; for the proof that the
//                     checkers can fail
//     (nothing)       a fixed set of seeds and some fresh ones
//
// What is printed for a seed or a range depends on these alone: no instants of this machine, no
// paths. Exit code 1 when a seed failed, 2 for wrong arguments.
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sim/hunt.h"

enum { FIXED_SEEDS = 40, FRESH_SEEDS = 20, EXIT_USAGE = 2 };

static int usage(const char *fault, const char *argument)
{
    fprintf(stderr,
            "sim: %s '%s'\n"
            "usage: sim [--seed N | --seeds A..B | --minutes M | --break RULE|all]\n"
            "       N, A, B: 0 to 2^63 - 1, A not above B; M: 1 to 100000\n",
            fault, argument);
    return EXIT_USAGE;
}

static bool parse_seed(struct text text, uint64_t *ret)
{
    int64_t number;
    if (text_parse_int64(text, &number) != STATUS_OK || number < 0)
        return false;
    *ret = (uint64_t)number;
    return true;
}

static bool parse_range(const char *argument, struct hunt_range *ret)
{
    const char *dots = strstr(argument, "..");
    return dots != NULL &&
           parse_seed((struct text){argument, (size_t)(dots - argument)}, &ret->first) &&
           parse_seed(text_of(dots + 2), &ret->last) && ret->first <= ret->last;
}

static int run_default(void)
{
    struct hunt_range fixed = {1, FIXED_SEEDS};
    struct hunt_range fresh = {hunt_fresh_seed(), 0};
    fresh.last = fresh.first + FRESH_SEEDS - 1;
    printf("seeds 1..%d, and fresh %llu..%llu\n", FIXED_SEEDS, (unsigned long long)fresh.first,
           (unsigned long long)fresh.last);
    const struct hunt_range ranges[] = {fixed, fresh};
    return hunt_ranges(ranges, 2);
}

int main(int argc, char **argv)
{
    struct hunt_range range;
    uint64_t number;
    if (argc == 1)
        return run_default();
    if (argc != 3)
        return usage("one option and its value are wanted after", argv[1]);
    if (strcmp(argv[1], "--seed") == 0)
        return parse_seed(text_of(argv[2]), &number) ? hunt_tell(number)
                                                     : usage("no seed:", argv[2]);
    if (strcmp(argv[1], "--seeds") == 0)
        return parse_range(argv[2], &range) ? hunt_ranges(&range, 1)
                                            : usage("no range of seeds:", argv[2]);
    if (strcmp(argv[1], "--find") == 0)
        return parse_range(argv[2], &range) ? hunt_find(range)
                                            : usage("no range of seeds:", argv[2]);
    if (strcmp(argv[1], "--minutes") == 0)
        return parse_seed(text_of(argv[2]), &number) && number >= 1 && number <= 100000
                   ? hunt_minutes(number)
                   : usage("no number of minutes:", argv[2]);
    return usage("no such option", argv[1]);
}
