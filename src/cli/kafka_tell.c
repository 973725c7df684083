// SPDX-License-Identifier: Apache-2.0

#include "cli/kafka_tell.h"

enum exit_code kafka_tell_trouble(const struct invocation *invocation, struct kafka_watch *watch,
                                  enum status status, struct text text)
{
    struct buffer reach = {0};
    enum exit_code code = exit_code_of(status);
    // Any other status is an answer, so there was a connection, whatever has become of it since.
    bool is_unanswered = status == STATUS_TIMEOUT || status == STATUS_UNREACHABLE;
    if (is_unanswered && kafka_watch_explain(watch, &reach) != STATUS_OK)
        code = invocation_fail(invocation, EXIT_UNREACHABLE, "%s -b HOST:PORT says where it is",
                               buffer_string(&reach));
    else if (is_unanswered)
        invocation_fail(invocation, code,
                        "Kafka at '%s' did not answer within %lld ms%s%.*s%s: --timeout gives it "
                        "more",
                        conf_text(invocation->conf, "kafka.bootstrap.servers"),
                        (long long)conf_int(invocation->conf, "timeout.ms"),
                        text.size > 0 ? " (" : "", TEXT_ARGS(text), text.size > 0 ? ")" : "");
    else if (text.size > 0)
        invocation_fail(invocation, code, "%.*s", TEXT_ARGS(text));
    else
        invocation_fail(invocation, code, "%s", status_text(status));
    buffer_finish(&reach);
    return code;
}

void kafka_tell_log(const struct invocation *invocation, struct kafka_watch *watch)
{
    struct buffer line = {0};
    while (invocation->is_verbose && kafka_watch_next(watch, &line)) {
        fprintf(invocation->cli->err, "kafka: %s\n", buffer_string(&line));
        buffer_clear(&line);
    }
    buffer_finish(&line);
}
