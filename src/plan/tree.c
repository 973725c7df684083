// SPDX-License-Identifier: Apache-2.0
//
// A segment tree. Searches go down only where a node can still beat what was found, the side that
// wins ties first, so that the first or last rank of equals is the one that is returned.
#include "plan/tree.h"

#include "base/ensure.h"
#include "base/memory.h"

void tree_finish(struct tree *tree)
{
    memory_release(tree->nodes);
    *tree = (struct tree){0};
}

void tree_reset(struct tree *tree, uint32_t count)
{
    uint32_t width = 1;
    while (width < count)
        width *= 2;
    tree->width = width;
    tree->count = count;
    tree->nodes = array_reserve(tree->nodes, &tree->capacity, 2 * width, sizeof(struct tree_node));
    for (uint32_t i = 0; i < 2 * width; i++)
        tree->nodes[i] = TREE_NODE_EMPTY;
}

void tree_set(struct tree *tree, uint32_t rank, struct tree_node leaf)
{
    ensure(rank < tree->width);
    tree->nodes[tree->width + rank] = leaf;
}

static struct tree_node node_join(const struct tree_node *a, const struct tree_node *b)
{
    return (struct tree_node){
        .take_min = a->take_min < b->take_min ? a->take_min : b->take_min,
        .take_max = a->take_max > b->take_max ? a->take_max : b->take_max,
        .give_max = a->give_max > b->give_max ? a->give_max : b->give_max,
        .room = a->room > b->room ? a->room : b->room,
    };
}

static bool node_is_equal(const struct tree_node *a, const struct tree_node *b)
{
    return a->take_min == b->take_min && a->take_max == b->take_max && a->give_max == b->give_max &&
           a->room == b->room;
}

void tree_build(struct tree *tree)
{
    for (uint32_t i = tree->width - 1; i > 0; i--)
        tree->nodes[i] = node_join(&tree->nodes[2 * i], &tree->nodes[2 * i + 1]);
}

void tree_update(struct tree *tree, uint32_t rank, struct tree_node leaf)
{
    tree_set(tree, rank, leaf);
    for (uint32_t i = (tree->width + rank) / 2; i > 0; i /= 2) {
        struct tree_node node = node_join(&tree->nodes[2 * i], &tree->nodes[2 * i + 1]);
        if (node_is_equal(&node, &tree->nodes[i]))
            return;
        tree->nodes[i] = node;
    }
}

struct tree_node tree_leaf(const struct tree *tree, uint32_t rank)
{
    return tree->nodes[tree->width + rank];
}

struct tree_node tree_root(const struct tree *tree)
{
    return tree->width ? tree->nodes[1] : TREE_NODE_EMPTY;
}

// What a search looks for and has found so far. Loads are turned so that the least one wins.
struct search {
    const struct tree *tree;
    struct tree_range range;
    enum { SEARCH_LEAST, SEARCH_MOST, SEARCH_GIVER } kind;
    int64_t room;
    int64_t best;
    uint32_t found;
};

static int64_t search_key(const struct search *search, const struct tree_node *node)
{
    switch (search->kind) {
    case SEARCH_LEAST:
        return node->take_min;
    case SEARCH_MOST:
        return node->take_max < 0 ? INT64_MAX : -node->take_max;
    default:
        return node->give_max < 0 ? INT64_MAX : -node->give_max;
    }
}

// `first` and `count` are the ranks below the node. The depth is that of the tree, 32 at most.
static void search_node(struct search *search, uint32_t at, uint32_t first, uint32_t count)
{
    const struct tree_node *node = &search->tree->nodes[at];
    if (first >= search->range.end || first + count <= search->range.first)
        return;
    if (search_key(search, node) >= search->best || node->room < search->room)
        return;
    if (count == 1) {
        if (first == search->range.except)
            return;
        search->best = search_key(search, node);
        search->found = first;
        return;
    }
    uint32_t half = count / 2;
    bool is_last_first = search->kind == SEARCH_GIVER;
    search_node(search, 2 * at + is_last_first, first + (is_last_first ? half : 0), half);
    search_node(search, 2 * at + !is_last_first, first + (is_last_first ? 0 : half), half);
}

// Straight down to the winner of all, without regard to room. The root's key must be a load.
static uint32_t search_down(const struct search *search)
{
    const struct tree *tree = search->tree;
    uint32_t first = search->kind == SEARCH_GIVER; // the child that wins ties
    uint32_t at = 1;
    while (at < tree->width) {
        const struct tree_node *children = &tree->nodes[2 * at];
        bool is_other =
            search_key(search, &children[!first]) < search_key(search, &children[first]);
        at = 2 * at + (is_other ? !first : first);
    }
    return at - tree->width;
}

static uint32_t search_run(struct search search)
{
    const struct tree *tree = search.tree;
    search.best = INT64_MAX;
    search.found = TREE_NONE;
    if (!tree->width || search_key(&search, &tree->nodes[1]) == INT64_MAX)
        return TREE_NONE;
    bool is_all = search.range.first == 0 && search.range.end >= tree->count;
    if (is_all && search.range.except == TREE_NONE) {
        uint32_t winner = search_down(&search);
        if (tree_leaf(tree, winner).room >= search.room)
            return winner;
    }
    search_node(&search, 1, 0, tree->width);
    return search.found;
}

uint32_t tree_least(const struct tree *tree, struct tree_range range, int64_t room)
{
    return search_run((struct search){
        .tree = tree, .range = range, .kind = SEARCH_LEAST, .room = room > 0 ? room : 0});
}

uint32_t tree_most(const struct tree *tree, struct tree_range range, int64_t room)
{
    return search_run((struct search){
        .tree = tree, .range = range, .kind = SEARCH_MOST, .room = room > 0 ? room : 0});
}

uint32_t tree_giver(const struct tree *tree, struct tree_range range)
{
    return search_run(
        (struct search){.tree = tree, .range = range, .kind = SEARCH_GIVER, .room = -1});
}

// Recursion as above, for the room alone.
static int64_t room_node(const struct search *search, uint32_t at, uint32_t first, uint32_t count)
{
    const struct tree_node *node = &search->tree->nodes[at];
    if (first >= search->range.end || first + count <= search->range.first)
        return -1;
    bool is_inside = first >= search->range.first && first + count <= search->range.end;
    bool has_except = search->range.except - first < count;
    if (is_inside && !has_except)
        return node->room;
    if (count == 1)
        return -1;
    int64_t low = room_node(search, 2 * at, first, count / 2);
    int64_t high = room_node(search, 2 * at + 1, first + count / 2, count / 2);
    return low > high ? low : high;
}

int64_t tree_room(const struct tree *tree, struct tree_range range)
{
    struct search search = {.tree = tree, .range = range};
    return tree->width ? room_node(&search, 1, 0, tree->width) : -1;
}
