// SPDX-License-Identifier: Apache-2.0
//
// Written in place, because a rename would leave the lock behind on the old file; the text is far
// smaller than a block.
#include "daemon/collector_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"

#define STATE_SIZE_MAX 2048

static enum status fail(struct buffer *fault, const char *what, const char *path)
{
    buffer_print(fault, "cannot %s the state file '%s': %s", what, path, strerror(errno));
    return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED;
}

static void take_line(struct collector_state *state, char *line)
{
    struct {
        const char *name;
        char *value;
        size_t size;
    } fields[] = {
        {"pool=", state->pool, sizeof(state->pool)},
        {"id=", state->id, sizeof(state->id)},
        {"incarnation=", state->incarnation, sizeof(state->incarnation)},
        {"replaces=", state->replaces, sizeof(state->replaces)},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        size_t prefix = strlen(fields[i].name);
        size_t size = strlen(line);
        if (strncmp(line, fields[i].name, prefix) == 0 && size - prefix < fields[i].size)
            memcpy(fields[i].value, line + prefix, size - prefix + 1);
    }
}

static bool is_incarnation(const char *text)
{
    return strlen(text) == INCARNATION_SIZE && strspn(text, "0123456789abcdef") == INCARNATION_SIZE;
}

static void read_state(struct collector_state *state)
{
    char text[STATE_SIZE_MAX + 1] = {0};
    char *rest = NULL;
    ssize_t size = pread(state->fd, text, STATE_SIZE_MAX, 0);
    if (size < 0)
        return;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        take_line(state, line);
    if (!is_incarnation(state->incarnation))
        state->incarnation[0] = '\0';
    if (!is_incarnation(state->replaces))
        state->replaces[0] = '\0';
}

enum status collector_state_open(struct collector_state *state, const char *path, bool is_made,
                                 struct buffer *fault)
{
    *state = (struct collector_state){.fd = -1};
    int fd = open(path, O_RDWR | O_CLOEXEC | (is_made ? O_CREAT : 0), 0600);
    if (fd < 0)
        return fail(fault, "open", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum status status = errno == EWOULDBLOCK ? STATUS_EXISTS : fail(fault, "lock", path);
        if (status == STATUS_EXISTS)
            buffer_print(fault, "the state file '%s' is held by a running collector", path);
        close(fd);
        return status;
    }
    state->fd = fd;
    state->path = text_copy(text_of(path));
    read_state(state);
    return STATUS_OK;
}

enum status collector_state_write(const struct collector_state *state, struct buffer *fault)
{
    if (state->fd < 0)
        return STATUS_OK;
    struct buffer text = {0};
    buffer_print(&text, "pool=%s\nid=%s\nincarnation=%s\nreplaces=%s\n", state->pool, state->id,
                 state->incarnation, state->replaces);
    enum status status = STATUS_OK;
    if (pwrite(state->fd, text.data, text.size, 0) != (ssize_t)text.size ||
        ftruncate(state->fd, (off_t)text.size) != 0 || fdatasync(state->fd) != 0)
        status = fail(fault, "write", state->path);
    buffer_finish(&text);
    return status;
}

void collector_state_close(struct collector_state *state)
{
    if (state->fd >= 0)
        close(state->fd);
    memory_release(state->path);
    *state = (struct collector_state){.fd = -1};
}

void collector_incarnation_draw(char incarnation[INCARNATION_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[INCARNATION_SIZE / 2];
    ensure(getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        incarnation[2 * i] = digits[bytes[i] >> 4];
        incarnation[2 * i + 1] = digits[bytes[i] & 15];
    }
    incarnation[INCARNATION_SIZE] = '\0';
}
