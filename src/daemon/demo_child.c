// SPDX-License-Identifier: Apache-2.0
//
// The processes of the demo. They die with it, have a folder that is removed, and hear nothing of
// the settings of the person who plays.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/memory.h"
#include "daemon/collector_state.h"
#include "daemon/demo_inner.h"

#define WORDS_MAX 48
#define LOG_TAIL_BYTES 2000

// FOLDER/NAMEending
static void path_make(const char *folder, const char *name, const char *ending, char path[120])
{
    struct buffer text = {0};
    buffer_print(&text, "%s/%s%s", folder, name, ending);
    ensure(text.size < 120);
    memcpy(path, text.data, text.size + 1);
    buffer_finish(&text);
}

void demo_children_init(struct demo *demo)
{
    for (int i = 0; i < DEMO_CHILDREN; i++) {
        struct demo_child *child = &demo->children[i];
        if (i < DEMO_COLLECTORS)
            snprintf(child->name, sizeof(child->name), "c%d", i + 1);
        else
            snprintf(child->name, sizeof(child->name), "coordinator");
        path_make(demo->folder, child->name, ".log", child->log);
        path_make(demo->folder, child->name, ".state", child->state);
        path_make(demo->folder, child->name, ".jsonl", child->file);
        child->fd = -1;
    }
}

// ---- Starting.

// The words of a command line, in memory of their own.
struct words {
    char *argv[WORDS_MAX + 1];
    size_t count;
    char path[512]; // of this program, for a name that people know; empty = not to be had
    int log;        // descriptor for what it says
};

static void word_add(struct words *words, const char *word)
{
    if (words->count < WORDS_MAX)
        words->argv[words->count++] = text_copy(text_of(word));
}

static void words_add(struct words *words, const char *const *list)
{
    for (; *list; list++)
        word_add(words, *list);
}

static void words_finish(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        memory_release(words->argv[i]);
}

static void words_make(struct demo *demo, const struct demo_child *child, bool is_collector,
                       struct words *words)
{
    char *servers = text_copy(kafka_mock_servers(demo->mock));
    char address[32];
    snprintf(address, sizeof(address), "127.0.0.1:%d", demo->port);
    words_add(words, (const char *const[]){"muster", is_collector ? "collector" : "coordinator",
                                           "run", "--id", child->name, "--brokers", servers,
                                           "--prefix", DEMO_PREFIX, "--pool", DEMO_POOL, NULL});
    // The embedded broker wakes no reader, so readers ask often.
    words_add(words, (const char *const[]){"--set", "kafka.fetch.wait.max.ms=5", "--set",
                                           "kafka.security.protocol=plaintext", "--set",
                                           "beat.interval.ms=250", NULL});
    if (is_collector)
        words_add(words, (const char *const[]){
                             "--sink", "file", "--file", child->file, "--state-file", child->state,
                             "--set", "report.interval.ms=1000", "--set",
                             "sink.file.rotate.bytes=0", "--set", "commit.interval.ms=500", NULL});
    else
        words_add(words, (const char *const[]){"--listen", address, "--set", "topics.create=false",
                                               "--set", "topics.check=false", "--set",
                                               "leader.timeout.ms=1000", NULL});
    memory_release(servers);
}

// Variables that would reach the settings of the children are left out.
static char **environment_make(void)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **copy = memory_get((count + 1) * sizeof(*copy));
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "MUSTER_", 7) != 0 && strncmp(environ[i], "XDG_CONFIG_HOME=", 16) &&
            strncmp(environ[i], "HOME=", 5) && strncmp(environ[i], "NOTIFY_SOCKET=", 14) &&
            strncmp(environ[i], "WATCHDOG_USEC=", 14))
            copy[kept++] = environ[i];
    return copy;
}

// Between fork and exec: only what a signal handler may do.
_Noreturn static void child_become(const struct words *words, char **environment, pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpgid(0, 0); // the terminal's Ctrl-C is for the parent
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool is_ready = getppid() == parent && null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
                    dup2(words->log, STDOUT_FILENO) >= 0 && dup2(words->log, STDERR_FILENO) >= 0;
    if (is_ready && words->path[0])
        execve(words->path, words->argv, environment);
    if (is_ready)
        execve("/proc/self/exe", words->argv, environment);
    _exit(127);
}

void demo_child_start(struct demo *demo, int index)
{
    struct demo_child *child = &demo->children[index];
    struct words words = {0};
    words_make(demo, child, index < DEMO_COLLECTORS, &words);
    char **environment = environment_make();
    words.log = open(child->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    // A path that was cut, or whose file is gone, names nothing; then the kernel knows the file.
    if (readlink("/proc/self/exe", words.path, sizeof(words.path) - 1) < 0)
        words.path[0] = '\0';
    pid_t parent = getpid();
    pid_t pid = words.log < 0 ? -1 : fork();
    if (pid == 0)
        child_become(&words, environment, parent);
    if (pid < 0)
        demo_fail(demo, "cannot start '%s': no process or no file", child->name);
    else
        child->pid = pid;
    if (words.log >= 0)
        close(words.log);
    memory_release(environment);
    words_finish(&words);
}

// ---- Ending.

// The last lines that a child has said, for who has to find out why it ended.
static void log_show(struct demo *demo, const struct demo_child *child)
{
    char bytes[LOG_TAIL_BYTES];
    FILE *file = fopen(child->log, "re");
    if (!file)
        return;
    if (fseek(file, -(long)sizeof(bytes), SEEK_END) != 0)
        rewind(file);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    fprintf(demo->setup->err, "%.*s", (int)size, bytes);
}

void demo_child_kill(struct demo *demo, int index, char incarnation[33])
{
    struct demo_child *child = &demo->children[index];
    struct collector_state state = {.fd = -1};
    struct buffer fault = {0};
    incarnation[0] = '\0';
    (void)kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    child->pid = 0;
    child->is_ended = true;
    // The lock that only a living process can hold is free: it is dead, and this was its life.
    if (collector_state_open(&state, child->state, false, &fault) == STATUS_OK)
        memcpy(incarnation, state.incarnation, sizeof(state.incarnation));
    else
        demo_fail(demo, "%s", buffer_string(&fault));
    collector_state_close(&state);
    buffer_finish(&fault);
}

void demo_child_terminate(struct demo *demo, int index)
{
    struct demo_child *child = &demo->children[index];
    child->is_ended = true;
    if (child->pid > 0)
        (void)kill(child->pid, SIGTERM);
}

void demo_children_poll(struct demo *demo)
{
    for (int i = 0; i < DEMO_CHILDREN; i++) {
        struct demo_child *child = &demo->children[i];
        int status = 0;
        if (child->pid <= 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
            continue;
        child->pid = 0;
        bool is_fine = child->is_ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        child->is_ended = true;
        if (is_fine)
            continue;
        demo_fail(demo, "'%s' has ended with %s %d; it said:", child->name,
                  WIFEXITED(status) ? "exit code" : "signal",
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        log_show(demo, child);
    }
}

uint32_t demo_collectors_running(const struct demo *demo)
{
    uint32_t count = 0;
    for (int i = 0; i < DEMO_COLLECTORS; i++)
        count += demo->children[i].pid > 0;
    return count;
}

uint32_t demo_collectors_named(const struct demo *demo)
{
    uint32_t count = 0;
    for (int i = 0; i < DEMO_COLLECTORS; i++)
        count += demo->children[i].pid > 0 && demo->children[i].is_named;
    return count;
}

static void folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    (void)rmdir(path);
}

void demo_children_finish(struct demo *demo)
{
    for (int i = 0; i < DEMO_CHILDREN; i++) {
        struct demo_child *child = &demo->children[i];
        if (child->pid > 0) {
            (void)kill(child->pid, SIGKILL);
            while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        }
        if (child->fd >= 0)
            close(child->fd);
        buffer_finish(&child->bytes);
    }
    if (demo->folder[0])
        folder_remove(demo->folder);
}

// ---- What they have collected.

static int topic_find(const struct demo *demo, struct text name)
{
    for (uint32_t i = 0; i < demo->count; i++)
        if (text_equals(name, demo->topics[i].name))
            return (int)i;
    return -1;
}

static void line_take(struct demo *demo, const struct demo_child *child, struct text line)
{
    struct text name;
    int64_t offset;
    if (demo_line_parse(line, &name, &offset) != STATUS_OK)
        return;
    int topic = topic_find(demo, name);
    if (topic < 0)
        return;
    demo_tally_delivered(demo->tally, (uint32_t)topic, offset);
    // What a dead collector has left behind was there before.
    if (child->pid > 0)
        demo->topics[topic].is_awaited = false;
}

static void lines_take(struct demo *demo, struct demo_child *child)
{
    size_t done = 0;
    const char *end;
    while (done < child->bytes.size &&
           (end = memchr(child->bytes.data + done, '\n', child->bytes.size - done)) != NULL) {
        const char *begin = child->bytes.data + done;
        line_take(demo, child, (struct text){begin, (size_t)(end - begin)});
        done = (size_t)(end - child->bytes.data) + 1;
    }
    size_t rest = child->bytes.size - done;
    if (done)
        memmove(child->bytes.data, child->bytes.data + done, rest);
    child->bytes.size = rest;
}

static void file_read(struct demo *demo, struct demo_child *child)
{
    char block[65536];
    ssize_t size;
    if (child->fd < 0)
        child->fd = open(child->file, O_RDONLY | O_CLOEXEC);
    while (child->fd >= 0 && (size = read(child->fd, block, sizeof(block))) > 0) {
        buffer_add(&child->bytes, block, (size_t)size);
        lines_take(demo, child);
    }
}

void demo_files_read(struct demo *demo)
{
    for (int i = 0; i < DEMO_COLLECTORS; i++)
        file_read(demo, &demo->children[i]);
}

void demo_files_recount(struct demo *demo)
{
    demo_tally_recount(demo->tally);
    for (int i = 0; i < DEMO_COLLECTORS; i++) {
        struct demo_child *child = &demo->children[i];
        if (child->fd >= 0)
            close(child->fd);
        child->fd = -1;
        buffer_clear(&child->bytes);
    }
    demo_files_read(demo);
}
