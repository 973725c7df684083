// SPDX-License-Identifier: Apache-2.0
//
// The state file: what it keeps, and that its lock tells a living process from a dead one.
#include "daemon/collector_state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define A "00112233445566778899aabbccddeeff"
#define B "ffeeddccbbaa99887766554433221100"

static char path[64];

static void make_path(void)
{
    snprintf(path, sizeof path, "/tmp/muster-state-XXXXXX");
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
}

static enum status open_state(struct collector_state *state)
{
    struct buffer fault = {0};
    enum status status = collector_state_open(state, path, true, &fault);
    if (status == STATUS_EXISTS)
        CHECK(strstr(buffer_string(&fault), "is held by a running collector") != NULL);
    buffer_finish(&fault);
    return status;
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fputs(text, file);
    fclose(file);
}

static void what_is_written_is_read_again(void)
{
    struct collector_state state;
    struct buffer fault = {0};
    make_path();
    REQUIRE(open_state(&state) == STATUS_OK);
    CHECK_TEXT(state.incarnation, "");
    snprintf(state.pool, sizeof state.pool, "default");
    snprintf(state.id, sizeof state.id, "a-long-name-that-makes-the-file-longer");
    CHECK_INT(collector_state_write(&state, &fault), STATUS_OK);
    snprintf(state.id, sizeof state.id, "c1");
    memcpy(state.incarnation, A, sizeof A);
    memcpy(state.replaces, B, sizeof B);
    CHECK_INT(collector_state_write(&state, &fault), STATUS_OK);
    collector_state_close(&state);
    REQUIRE(open_state(&state) == STATUS_OK);
    CHECK_TEXT(state.pool, "default");
    CHECK_TEXT(state.id, "c1");
    CHECK_TEXT(state.incarnation, A);
    CHECK_TEXT(state.replaces, B);
    collector_state_close(&state);
    unlink(path);
    buffer_finish(&fault);
}

// S4: the lock is the proof. A process that lives holds it, also against another process; a dead
// one does not.
static void lock_is_held_as_long_as_the_process_lives(void)
{
    struct collector_state state;
    int ready[2];
    char byte;
    make_path();
    REQUIRE(pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct collector_state held;
        struct buffer fault = {0};
        bool is_held = collector_state_open(&held, path, true, &fault) == STATUS_OK;
        if (!is_held || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    REQUIRE(child > 0);
    REQUIRE(read(ready[0], &byte, 1) == 1);
    CHECK_INT(open_state(&state), STATUS_EXISTS);
    CHECK_INT(state.fd, -1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK_INT(open_state(&state), STATUS_OK);
    collector_state_close(&state);
    close(ready[0]);
    close(ready[1]);
    unlink(path);
}

static void damaged_file_proves_nothing(void)
{
    static const char *const texts[] = {
        "incarnation=short\n",
        "incarnation=" A "0\n",
        "incarnation=GG112233445566778899aabbccddeeff\n",
        "\n\n==\nincarnation\n",
        "replaces=\n",
    };
    make_path();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct collector_state state;
        write_text(texts[i]);
        REQUIRE(open_state(&state) == STATUS_OK);
        CHECK_TEXT(state.incarnation, "");
        CHECK_TEXT(state.replaces, "");
        collector_state_close(&state);
    }
    unlink(path);
}

static void missing_file_is_not_made_for_who_only_asks(void)
{
    struct collector_state state;
    struct buffer fault = {0};
    CHECK_INT(collector_state_open(&state, "/tmp/muster-no-such-state-file", false, &fault),
              STATUS_NOT_FOUND);
    CHECK(access("/tmp/muster-no-such-state-file", F_OK) != 0);
    collector_state_close(&state);
    buffer_finish(&fault);
}

static void incarnations_differ_and_are_hex(void)
{
    char a[INCARNATION_SIZE + 1];
    char b[INCARNATION_SIZE + 1];
    collector_incarnation_draw(a);
    collector_incarnation_draw(b);
    CHECK_INT(strspn(a, "0123456789abcdef"), INCARNATION_SIZE);
    CHECK_INT(strlen(a), INCARNATION_SIZE);
    CHECK(strcmp(a, b) != 0);
}

static const struct test tests[] = {
    TEST(what_is_written_is_read_again),   TEST(lock_is_held_as_long_as_the_process_lives),
    TEST(damaged_file_proves_nothing),     TEST(missing_file_is_not_made_for_who_only_asks),
    TEST(incarnations_differ_and_are_hex),
};

TEST_MAIN("daemon/collector_state", tests)
