// SPDX-License-Identifier: Apache-2.0
//
// What coordinator_api.c (routes and pages) asks of coordinator_json.c, coordinator_why.c,
// coordinator_trial.c and coordinator_metrics.c (what the items look like).
#ifndef MUSTER_DAEMON_COORDINATOR_API_H
#define MUSTER_DAEMON_COORDINATOR_API_H

#include "base/json.h"
#include "control/view.h"
#include "daemon/coordinator_inner.h"
#include "net/metrics.h"

// A list that is being printed.
struct api_list {
    const struct control *control;
    const struct http_call *call;
    struct text name; // of the one that is asked for; data NULL = all
    int64_t limit, after, count;
    bool matched; // the item that was walked last fits the filters
    bool explains;
    struct buffer body;
    struct json json;
};

// Whether the query has no parameter of that name or one with this value.
bool api_filter(const struct http_call *call, const char *name, struct text value);
bool api_unit_matches(const struct http_call *call, const struct unit_view *unit);

// "[cluster:]topic[/partition]".
void api_unit_name(const struct unit_view *unit, struct buffer *buffer);

// One item each; `cursor` is what control_next_unit left behind.
void api_print_unit(struct api_list *list, const struct unit_view *unit, uint32_t cursor);
void api_print_topic(struct api_list *list, const struct unit_view *unit);
void api_print_explain(struct api_list *list, const struct unit_view *unit, uint32_t cursor);
void api_print_lag(struct api_list *list, const struct unit_view *unit, uint32_t cursor);
void api_print_collector(struct api_list *list, const struct collector_view *collector);
void api_print_collector_explain(struct api_list *list, const struct collector_view *collector);
void api_print_agent(struct api_list *list, const struct agent_view *agent, bool with_names);
void api_print_pool(struct api_list *list, const struct pool_view *pool);
void api_print_wanted(struct api_list *list, const struct wanted_view *wanted);
void api_print_pool_lag(struct api_list *list, const struct pool_view *pool);
void api_print_coordinator(struct api_list *list, const struct coordinator_view *coordinator);
void api_print_event(struct api_list *list, const struct event_record *event);

// The lines of an explanation, into an array that is open (coordinator_why.c). Returns the
// generation of the decision if an event of it is in memory, else -1.
int64_t api_print_why(struct api_list *list, const struct unit_view *unit, uint32_t cursor);
void api_print_collector_why(struct api_list *list, const struct collector_view *collector);

// The answer of a trial (coordinator_trial.c), or a refusal.
void api_answer_trial(struct coordinator *coordinator, struct http_request *request,
                      const struct http_call *call);

void api_print_status(struct coordinator *coordinator, struct buffer *body);
void api_print_metrics(struct coordinator *coordinator, enum metrics_form form,
                       struct buffer *body);

#endif
