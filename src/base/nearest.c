// SPDX-License-Identifier: Apache-2.0

#include "base/nearest.h"

#define EDIT_SIZE_MAX 100

struct nearest nearest_to(struct text name)
{
    size_t enough = name.size < 6 ? 1 : name.size / 3;
    return (struct nearest){.name = name, .distance = enough + 1};
}

void nearest_offer(struct nearest *nearest, const char *word)
{
    struct text offered = text_of(word);
    size_t size = nearest->name.size;
    size_t difference = size > offered.size ? size - offered.size : offered.size - size;
    // The distance is at least the difference of the sizes, which costs nothing.
    if (difference >= nearest->distance)
        return;
    size_t distance = edit_distance(nearest->name, offered);
    if (distance >= nearest->distance)
        return;
    nearest->distance = distance;
    nearest->word = word;
}

static size_t size_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

// rows[0] is the distances of the prefix two letters shorter, rows[1] one shorter, rows[2] this
// one.
static void edit_row(struct text a, struct text b, size_t i, size_t rows[3][EDIT_SIZE_MAX + 1])
{
    rows[2][0] = i;
    for (size_t j = 1; j <= b.size; j++) {
        size_t cost = a.data[i - 1] == b.data[j - 1] ? 0 : 1;
        size_t best = rows[1][j - 1] + cost;
        best = size_smaller(best, rows[1][j] + 1);
        best = size_smaller(best, rows[2][j - 1] + 1);
        if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
            best = size_smaller(best, rows[0][j - 2] + 1);
        rows[2][j] = best;
    }
}

size_t edit_distance(struct text a, struct text b)
{
    if (a.size > EDIT_SIZE_MAX || b.size > EDIT_SIZE_MAX)
        return a.size > b.size ? a.size : b.size;
    size_t rows[3][EDIT_SIZE_MAX + 1] = {{0}};
    for (size_t j = 0; j <= b.size; j++)
        rows[2][j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        for (size_t j = 0; j <= b.size; j++) {
            rows[0][j] = rows[1][j];
            rows[1][j] = rows[2][j];
        }
        edit_row(a, b, i, rows);
    }
    return rows[2][b.size];
}
