// SPDX-License-Identifier: Apache-2.0
//
// A mixed group's collectors by rank in a tree that knows of each range who has least and who has
// most of those that can still take or give, and how much room there is. So the least loaded
// collector with room for a unit is found without looking at the others.
#ifndef MUSTER_PLAN_TREE_H
#define MUSTER_PLAN_TREE_H

#include <stdbool.h>
#include <stdint.h>

#define TREE_NONE UINT32_MAX

// Of one collector, or of all below a node.
struct tree_node {
    int64_t take_min; // least load of those that can take, INT64_MAX = none can
    int64_t take_max; // greatest, −1 = none can
    int64_t give_max; // greatest load of those that can give, −1 = none can
    int64_t room;     // greatest room of those that can take, −1 = none can
};

#define TREE_NODE_EMPTY ((struct tree_node){INT64_MAX, -1, -1, -1})

// `= {0}` is an empty one.
struct tree {
    struct tree_node *nodes; // owned: node 1 is the root, the leaves are at `width`
    uint32_t width;          // leaves, a power of two
    uint32_t count;          // of them in use
    uint32_t capacity;       // of nodes
};

void tree_finish(struct tree *tree);

// Makes all of `count` leaves empty; tree_set fills them and tree_build the nodes above. O(count).
void tree_reset(struct tree *tree, uint32_t count);
void tree_set(struct tree *tree, uint32_t rank, struct tree_node leaf);
void tree_build(struct tree *tree);

// Replaces one leaf. O(log count).
void tree_update(struct tree *tree, uint32_t rank, struct tree_node leaf);

struct tree_node tree_leaf(const struct tree *tree, uint32_t rank);
struct tree_node tree_root(const struct tree *tree);

// The range of ranks to look at and the one to leave out, TREE_NONE = none.
struct tree_range {
    uint32_t first;
    uint32_t end;
    uint32_t except;
};

// The first rank of those with at least `room` that has the least load, or the greatest one, of
// those that can take. TREE_NONE = nobody.
uint32_t tree_least(const struct tree *tree, struct tree_range range, int64_t room);
uint32_t tree_most(const struct tree *tree, struct tree_range range, int64_t room);

// The last rank of those with the greatest load that can give.
uint32_t tree_giver(const struct tree *tree, struct tree_range range);

// The greatest room in the range, −1 = nobody can take.
int64_t tree_room(const struct tree *tree, struct tree_range range);

#endif
