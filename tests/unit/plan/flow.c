// SPDX-License-Identifier: Apache-2.0
//
// One unit after the other takes the way that is cheapest now, where what flows already may be
// taken back. Ways are found by trying all edges again until none makes anything cheaper.
#include "unit/plan/flow.h"

#include <stdbool.h>

#include "base/memory.h"

#define FAR INT64_MAX

void flow_init(struct flow *flow, uint32_t nodes)
{
    *flow = (struct flow){.nodes = nodes};
    flow->distances = memory_get(nodes * sizeof(*flow->distances));
    flow->arrivals = memory_get(nodes * sizeof(*flow->arrivals));
}

void flow_finish(struct flow *flow)
{
    memory_release(flow->edges);
    memory_release(flow->distances);
    memory_release(flow->arrivals);
}

uint32_t flow_edge(struct flow *flow, uint32_t from, uint32_t to, struct flow_cost cost)
{
    flow->edges = array_reserve(flow->edges, &flow->edges_capacity, flow->edges_count + 1,
                                sizeof(*flow->edges));
    flow->edges[flow->edges_count] = (struct flow_edge){from, to, cost, 0};
    return flow->edges_count++;
}

static bool reach(struct flow *flow, uint32_t from, uint32_t to, int64_t cost, uint32_t arrival)
{
    if (flow->distances[from] == FAR || flow->distances[from] + cost >= flow->distances[to])
        return false;
    flow->distances[to] = flow->distances[from] + cost;
    flow->arrivals[to] = arrival;
    return true;
}

// Returns whether there is a way from the source to the sink.
static bool way_find(struct flow *flow, uint32_t source, uint32_t sink)
{
    for (uint32_t i = 0; i < flow->nodes; i++)
        flow->distances[i] = i == source ? 0 : FAR;
    bool is_any = true;
    while (is_any) {
        is_any = false;
        for (uint32_t i = 0; i < flow->edges_count; i++) {
            const struct flow_edge *it = &flow->edges[i];
            int64_t next = it->cost.first + it->cost.rise * (int64_t)it->amount;
            if (it->amount < it->cost.most)
                is_any |= reach(flow, it->from, it->to, next, 2 * i);
            if (it->amount > 0)
                is_any |= reach(flow, it->to, it->from, it->cost.rise - next, 2 * i + 1);
        }
    }
    return flow->distances[sink] != FAR;
}

uint32_t flow_run(struct flow *flow, uint32_t source, uint32_t sink)
{
    uint32_t amount = 0;
    for (; way_find(flow, source, sink); amount++) {
        uint32_t node = sink;
        while (node != source) {
            struct flow_edge *it = &flow->edges[flow->arrivals[node] / 2];
            bool is_back = flow->arrivals[node] % 2;
            it->amount += is_back ? UINT32_MAX : 1; // −1
            node = is_back ? it->to : it->from;
        }
    }
    return amount;
}
