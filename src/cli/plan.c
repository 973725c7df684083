// SPDX-License-Identifier: Apache-2.0

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/workload.h"
#include "net/reason.h"

static const struct flag flags[] = {
    FLAG_ROW_SWITCH("owners", "name the owner of every topic in each step"),
    FLAG_ROW_SWITCH("why", "and why it is there, or why it has none"),
    FLAG_ROW_END,
};

struct play {
    const struct invocation *invocation;
    const char *path; // for messages
    struct workload *workload;
    struct buffer out; // the line of a step
    struct buffer problem;
};

static bool is_blank(struct text line)
{
    for (size_t i = 0; i < line.size; i++)
        if (!strchr(" \t\r\n", line.data[i]) || line.data[i] == '\0')
            return false;
    return true;
}

// Writes what a step printed; false if stdout does not take it.
static bool step_write(struct play *play, bool is_shown_at_once)
{
    FILE *out = play->invocation->cli->out;
    bool is_written = fwrite(play->out.data, 1, play->out.size, out) == play->out.size;
    buffer_clear(&play->out);
    return is_written && (!is_shown_at_once || fflush(out) == 0);
}

static enum exit_code play_fail(struct play *play, long number)
{
    // What was printed stands before what went wrong.
    fflush(play->invocation->cli->out);
    return invocation_fail(play->invocation, EXIT_USAGE, "%s:%ld: %s", play->path, number,
                           buffer_string(&play->problem));
}

static enum exit_code play_lines(struct play *play, FILE *in, bool is_shown_at_once)
{
    char *line = NULL;
    size_t capacity = 0;
    long number = 0;
    enum exit_code code = EXIT_DONE;
    ssize_t size;
    while (code == EXIT_DONE && (size = getline(&line, &capacity, in)) >= 0) {
        struct text text = {line, (size_t)size};
        number++;
        if (is_blank(text))
            continue;
        if (workload_take(play->workload, text, &play->out, &play->problem) != STATUS_OK)
            code = play_fail(play, number);
        else if (play->out.size && !step_write(play, is_shown_at_once))
            code = invocation_fail(play->invocation, EXIT_FAILED, "cannot write");
    }
    free(line);
    if (code == EXIT_DONE && ferror(in))
        return invocation_fail(play->invocation, EXIT_FAILED, "cannot read '%s'", play->path);
    if (code == EXIT_DONE && !workload_has_pool(play->workload)) {
        buffer_add_string(&play->problem, "the pool comes first: {\"pool\": {}}");
        return play_fail(play, number + 1);
    }
    return code;
}

static enum exit_code play_file(struct play *play, const char *path)
{
    char reason[100];
    if (strcmp(path, "-") == 0) {
        play->path = "stdin";
        return play_lines(play, play->invocation->cli->in, true);
    }
    FILE *file = fopen(path, "re");
    if (!file)
        return invocation_fail(play->invocation, errno == ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED,
                               "cannot read '%s': %s", path,
                               reason_text(errno, reason, sizeof(reason)));
    enum exit_code code = play_lines(play, file, false);
    fclose(file);
    return code;
}

static enum exit_code run(struct invocation *invocation)
{
    struct workload_options options = {
        .units_max = WORKLOAD_UNITS_MAX,
        .owners = invocation_switch(invocation, "owners"),
        .why = invocation_switch(invocation, "why"),
    };
    struct play play = {.invocation = invocation,
                        .path = invocation->arguments[0],
                        .workload = workload_create(&options)};
    enum exit_code code = play_file(&play, invocation->arguments[0]);
    if (fflush(invocation->cli->out) != 0 && code == EXIT_DONE)
        code = invocation_fail(invocation, EXIT_FAILED, "cannot write");
    workload_destroy(play.workload);
    buffer_finish(&play.out);
    buffer_finish(&play.problem);
    return code;
}

const struct command command_plan = {
    .noun = "plan",
    .arguments = "FILE",
    .arguments_min = 1,
    .arguments_max = 1,
    .flags = flags,
    .help = "plan a workload file without Kafka: what would be where, and what would move",
    .example = "muster plan workload.jsonl --owners --why",
    .run = run,
};
