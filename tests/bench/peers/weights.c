// SPDX-License-Identifier: Apache-2.0
//
// Writes weights as uneven as those of real topics: COUNT integers of 5 .. 500,000, each value w
// with a probability in proportion to w^-1.1 (Zipf's law), as little-endian uint32.
//
//     weights SEED COUNT FILE
//
// Integers only, so the same seed gives the same file on any machine:
//   r(w)    the largest number of 32 fraction bits whose tenth power is at most w; every product
//           on the way is cut to 32 fraction bits
//   mass(w) 2^80 / (w * r(w)), rounded down: w^-1.1 with 48 fraction bits
//   draw i  (splitmix64 of SEED + i) * (sum of all masses) / 2^64; the weight is the first whose
//           masses, with all below it, sum up to more than that
// The mean is near 25,300 and the median near 303; the heaviest tenth carries five sixths.
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAST = 5, MOST = 500000, COUNT = MOST - LEAST + 1 };

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file is written as it is");

__extension__ typedef unsigned __int128 wide;

static uint64_t multiply(uint64_t a, uint64_t b) // both of 32 fraction bits
{
    return (uint64_t)((wide)a * b >> 32);
}

static uint64_t tenth_power(uint64_t a)
{
    uint64_t second = multiply(a, a);
    uint64_t fourth = multiply(second, second);
    return multiply(multiply(fourth, fourth), second);
}

static uint64_t tenth_root(uint64_t number) // 32 fraction bits; 500,000 has 3.72
{
    uint64_t low = (uint64_t)1 << 32;
    uint64_t high = (uint64_t)4 << 32;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (tenth_power(middle) <= number << 32)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint64_t splitmix64(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint32_t weight_of(const uint64_t *sums, uint64_t drawn)
{
    uint32_t low = 0;
    uint32_t high = COUNT - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (sums[middle] > drawn)
            high = middle;
        else
            low = middle + 1;
    }
    return LEAST + low;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: weights SEED COUNT FILE\n");
        return 2;
    }
    uint64_t seed = strtoull(argv[1], NULL, 10);
    uint64_t count = strtoull(argv[2], NULL, 10);
    uint64_t *sums = malloc(COUNT * sizeof(*sums));
    FILE *file = fopen(argv[3], "wb");
    if (!sums || !file) {
        fprintf(stderr, "weights: cannot write '%s'\n", argv[3]);
        return 1;
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        uint64_t weight = LEAST + i;
        sum += (uint64_t)(((wide)1 << 80) / ((wide)weight * tenth_root(weight)));
        sums[i] = sum;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint32_t weight = weight_of(sums, (uint64_t)((wide)splitmix64(seed + i) * sum >> 64));
        fwrite(&weight, sizeof weight, 1, file);
    }
    free(sums);
    return fclose(file) == 0 ? 0 : 1;
}
