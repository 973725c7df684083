// SPDX-License-Identifier: Apache-2.0
//
// The cheapest of the greatest flows through a small network: an oracle that knows nothing of the
// planner.
//
//     struct flow flow;
//     flow_init(&flow, 4);
//     uint32_t edge = flow_edge(&flow, 0, 1, (struct flow_cost){.most = 5, .first = 1});
//     ...
//     uint64_t amount = flow_run(&flow, 0, 3);
//     used = flow.edges[edge].amount;
//     flow_finish(&flow);
#ifndef FLOW_H
#define FLOW_H

#include <stdint.h>

// Units 1, 2, 3 ... over an edge cost `first`, first + rise, first + 2 rise ...; `rise` is not
// negative. There must be no circle of edges that costs less than nothing.
struct flow_cost {
    uint32_t most;
    int64_t first;
    int64_t rise;
};

struct flow_edge {
    uint32_t from, to;
    struct flow_cost cost;
    uint32_t amount; // that flows
};

struct flow {
    struct flow_edge *edges; // owned
    uint32_t edges_count;
    uint32_t edges_capacity;
    uint32_t nodes;
    int64_t *distances; // owned, by node
    uint32_t *arrivals; // owned, by node: 2 × edge, + 1 where it is taken back
};

void flow_init(struct flow *flow, uint32_t nodes);
void flow_finish(struct flow *flow);

// Returns the edge's index.
uint32_t flow_edge(struct flow *flow, uint32_t from, uint32_t to, struct flow_cost cost);

// Sends as much as possible, as cheaply as possible; returns how much.
uint32_t flow_run(struct flow *flow, uint32_t source, uint32_t sink);

#endif
