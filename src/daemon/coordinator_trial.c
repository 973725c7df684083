// SPDX-License-Identifier: Apache-2.0
//
// What policy keys would do to a pool: GET /api/v1/pools/{name}/trial?KEY=VALUE&... Nothing is
// changed, so any coordinator answers.
#include "control/trial.h"
#include "daemon/coordinator_api.h"

static void member_known(struct json *json, const char *key, int64_t value)
{
    if (value < 0)
        json_member_null(json, key);
    else
        json_member_int64(json, key, value);
}

// Both sides of a member: NAME_before, NAME_after. A mean is of the collectors that take units.
static void sides_print(struct json *json, const struct trial_view *view)
{
    const struct trial_side *sides[] = {&view->before, &view->after};
    static const char *const keys[][7] = {
        {"assigned_before", "pending_before", "max_before", "min_before", "mean_before",
         "wanted_before", "balance_before"},
        {"assigned_after", "pending_after", "max_after", "min_after", "mean_after", "wanted_after",
         "balance_after"}};
    for (int i = 0; i < 2; i++) {
        const struct trial_side *side = sides[i];
        bool is_any = side->collectors > 0;
        json_member_int64(json, keys[i][0], side->assigned);
        json_member_int64(json, keys[i][1], side->pending);
        member_known(json, keys[i][2], is_any ? side->burden_max : -1);
        member_known(json, keys[i][3], is_any ? side->burden_min : -1);
        member_known(json, keys[i][4], is_any ? side->burden_sum / side->collectors : -1);
        member_known(json, keys[i][5], side->wanted);
        json_member_string(json, keys[i][6], side->balance);
    }
}

static void trial_print(struct buffer *body, const struct trial_view *view, struct span decided)
{
    struct json json;
    json_begin(&json, body);
    json_object_begin(&json);
    json_member_string(&json, "schema", "muster.pool_trial/1");
    json_key(&json, "items");
    json_array_begin(&json);
    json_object_begin(&json);
    json_member_text(&json, "pool", view->pool);
    json_member_int64(&json, "moves", view->moves);
    json_member_int64(&json, "placed", view->placed);
    json_member_int64(&json, "unplaced", view->unplaced);
    sides_print(&json, view);
    json_member_int64(&json, "collectors_changed", view->collectors_changed);
    json_member_int64(&json, "publish_bytes", view->publish_bytes);
    json_member_int64(&json, "decide_us", decided.us);
    json_object_end(&json);
    json_array_end(&json);
    json_member_null(&json, "next");
    json_object_end(&json);
    json_end(&json);
}

static int code_of(enum status status)
{
    return status == STATUS_NOT_FOUND ? 404 : status == STATUS_INVALID ? 400 : 503;
}

void api_answer_trial(struct coordinator *coordinator, struct http_request *request,
                      const struct http_call *call)
{
    struct label args[HTTP_PARAMETERS_MAX];
    struct control_trial *trial;
    struct trial_view view;
    struct buffer body = {0}, why = {0};
    for (uint32_t i = 0; i < call->parameter_count; i++)
        args[i] = (struct label){call->parameters[i].name, call->parameters[i].value};
    enum status status = control_trial_create(coordinator->control, call->captures[0], args,
                                              call->parameter_count, &why, &trial);
    if (status != STATUS_OK) {
        http_request_refuse(request, code_of(status), buffer_string(&why));
        buffer_finish(&why);
        return;
    }
    struct instant before = loop_now();
    control_trial_decide(trial);
    struct span decided = instant_since(loop_now(), before);
    control_trial_view(trial, &view);
    trial_print(&body, &view, decided);
    control_trial_destroy(trial);
    buffer_finish(&why);
    http_request_answer(request, 200, "application/json", &body);
}
