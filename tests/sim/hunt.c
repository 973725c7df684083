// SPDX-License-Identifier: Apache-2.0
//
// Workers are processes, one for each core: a seed that breaks a room ends nobody else. They draw
// the next seed from shared memory and tell the parent what became of it through a pipe each.
#include "sim/hunt.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/memory.h"
#include "sim/chaos.h"

enum { HOUR_MS = 3600 * 1000, WORKERS_MAX = 64, TAIL_LINES = 60 };

// ---- One seed.

static sigjmp_buf broken;
static char broken_words[256];

// Instead of the one that ends the process: a broken invariant is a fault of the world.
void ensure_failed(const char *file, int line, const char *condition)
{
    const char *name = strrchr(file, '/');
    snprintf(broken_words, sizeof(broken_words), "%s:%d: broken invariant: %s",
             name ? name + 1 : file, line, condition);
    siglongjmp(broken, 1);
}

static void take_signal(int number)
{
    snprintf(broken_words, sizeof(broken_words), "signal %d", number);
    siglongjmp(broken, 1);
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = SA_NODEFER};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
}

static const struct chaos hour = {.ms = HOUR_MS, .is_timed = true, .is_quiet = true};

// The world after its hour, or with its fault. What a broken room held is not given back.
static struct world *seed_run(uint64_t seed)
{
    struct world *volatile world = NULL;
    if (sigsetjmp(broken, 1) == 0) {
        world = chaos_world(seed, &hour);
        chaos_run(world, &hour);
    } else {
        world_fail(world, "invariant", "%s", broken_words);
    }
    return world;
}

static void seed_finish(struct world *world)
{
    if (strcmp(world->rule ? world->rule : "", "invariant") != 0)
        world_end(world);
}

int hunt_tell(uint64_t seed)
{
    catch_signals();
    struct world *world = seed_run(seed);
    bool has_failed = world->fault != NULL;
    fwrite(world->story.data, 1, world->story.size, stdout);
    printf("seed %llu %s after %lld.%03d s\n", (unsigned long long)seed,
           has_failed ? "failed" : "is right", (long long)(world->now.us / 1000000),
           (int)(world->now.us / 1000 % 1000));
    printf("hash %016llx%08x\n", (unsigned long long)world->hash,
           hash_crc32(buffer_text(&world->story)));
    seed_finish(world);
    return has_failed;
}

// ---- Workers.

// What a worker tells of a seed; `size` bytes of words follow.
struct outcome {
    uint64_t seed;
    int64_t us;
    bool has_failed;
    char rule[24];
    uint32_t size;
};

struct shared {
    atomic_ullong next;               // index into all ranges
    atomic_ullong failed;             // least index that failed
    atomic_ullong seeds[WORKERS_MAX]; // that each is at
};

struct hunt {
    const struct hunt_range *ranges;
    int count;
    bool stops_at_first;
    int64_t deadline_s; // 0 = none
    struct shared *shared;
    struct pollfd pipes[WORKERS_MAX];
    pid_t workers[WORKERS_MAX];
    int workers_count;
    struct outcome *reports; // those that failed
    char **words;
    uint32_t failed_count, failed_capacity, words_capacity;
    uint64_t seeds;
    int64_t us;
};

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static bool seed_at(const struct hunt *hunt, uint64_t index, uint64_t *ret_seed)
{
    for (int i = 0; i < hunt->count; i++) {
        uint64_t size = hunt->ranges[i].last - hunt->ranges[i].first;
        if (index <= size) {
            *ret_seed = hunt->ranges[i].first + index;
            return true;
        }
        index -= size + 1;
    }
    return false;
}

static bool write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t done = write(fd, at, size);
        if (done <= 0)
            return false;
        at += done;
        size -= (size_t)done;
    }
    return true;
}

static bool read_all(int fd, void *bytes, size_t size)
{
    char *at = bytes;
    while (size > 0) {
        ssize_t done = read(fd, at, size);
        if (done <= 0)
            return false;
        at += done;
        size -= (size_t)done;
    }
    return true;
}

// The last lines of a story.
static struct text tail(struct text story)
{
    size_t begin = story.size;
    int lines = 0;
    while (begin > 0 && lines <= TAIL_LINES)
        lines += story.data[--begin] == '\n';
    begin += begin > 0;
    return (struct text){story.data + begin, story.size - begin};
}

static bool seed_report(int fd, uint64_t seed, struct world *world)
{
    struct outcome report = {.seed = seed, .us = world->now.us, .has_failed = world->fault != NULL};
    struct text story = {0};
    if (report.has_failed) {
        snprintf(report.rule, sizeof(report.rule), "%s", world->rule);
        story = tail(buffer_text(&world->story));
    }
    report.size = (uint32_t)story.size;
    return write_all(fd, &report, sizeof(report)) && write_all(fd, story.data, story.size);
}

static void failed_note(struct shared *shared, uint64_t index)
{
    unsigned long long least = atomic_load(&shared->failed);
    while (index < least && !atomic_compare_exchange_weak(&shared->failed, &least, index))
        continue;
}

static void work(const struct hunt *hunt, int number, int fd)
{
    uint64_t seed;
    catch_signals();
    for (;;) {
        uint64_t index = atomic_fetch_add(&hunt->shared->next, 1);
        if (!seed_at(hunt, index, &seed) ||
            (hunt->stops_at_first && index > atomic_load(&hunt->shared->failed)) ||
            (hunt->deadline_s != 0 && now_s() >= hunt->deadline_s))
            return;
        atomic_store(&hunt->shared->seeds[number], seed);
        struct world *world = seed_run(seed);
        if (world->fault != NULL)
            failed_note(hunt->shared, index);
        if (!seed_report(fd, seed, world))
            return;
        seed_finish(world);
    }
}

static void start_workers(struct hunt *hunt)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    hunt->shared = mmap(NULL, sizeof(*hunt->shared), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (hunt->shared == MAP_FAILED)
        abort();
    atomic_store(&hunt->shared->failed, UINT64_MAX);
    fflush(stdout);
    for (int i = 0; i < WORKERS_MAX && i < (cores > 0 ? cores : 1); i++) {
        int ends[2];
        if (pipe(ends) != 0)
            abort();
        pid_t pid = fork();
        if (pid < 0)
            abort();
        if (pid == 0) {
            close(ends[0]);
            work(hunt, i, ends[1]);
            _exit(0);
        }
        close(ends[1]);
        hunt->workers[i] = pid;
        hunt->pipes[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
        hunt->workers_count++;
    }
}

// ---- The parent.

// Keeps one that failed, in the order of the seeds; takes over the words.
static void failed_add(struct hunt *hunt, const struct outcome *outcome, char *words)
{
    uint32_t count = ++hunt->failed_count;
    hunt->reports =
        array_reserve(hunt->reports, &hunt->failed_capacity, count, sizeof(*hunt->reports));
    hunt->words = array_reserve(hunt->words, &hunt->words_capacity, count, sizeof(*hunt->words));
    uint32_t at = count - 1;
    for (; at > 0 && hunt->reports[at - 1].seed > outcome->seed; at--) {
        hunt->reports[at] = hunt->reports[at - 1];
        hunt->words[at] = hunt->words[at - 1];
    }
    hunt->reports[at] = *outcome;
    hunt->words[at] = words;
}

static bool take_report(struct hunt *hunt, int fd)
{
    struct outcome outcome;
    if (!read_all(fd, &outcome, sizeof(outcome)))
        return false;
    char *words = memory_get(outcome.size + 1);
    if (!read_all(fd, words, outcome.size)) {
        memory_release(words);
        return false;
    }
    hunt->seeds++;
    hunt->us += outcome.us;
    if (outcome.has_failed)
        failed_add(hunt, &outcome, words);
    else
        memory_release(words);
    return true;
}

// A worker that was ended by a signal has told nothing of its seed.
static void wait_for(struct hunt *hunt, int number)
{
    int status = 0;
    waitpid(hunt->workers[number], &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    struct outcome outcome = {
        .seed = atomic_load(&hunt->shared->seeds[number]), .has_failed = true, .rule = "crash"};
    hunt->seeds++;
    failed_add(hunt, &outcome, text_copy(TEXT_LITERAL("it ended the process that ran it\n")));
}

static void run(struct hunt *hunt)
{
    start_workers(hunt);
    int open = hunt->workers_count;
    while (open > 0) {
        poll(hunt->pipes, (nfds_t)hunt->workers_count, -1);
        for (int i = 0; i < hunt->workers_count; i++) {
            if (hunt->pipes[i].fd < 0 || hunt->pipes[i].revents == 0)
                continue;
            if (take_report(hunt, hunt->pipes[i].fd))
                continue;
            close(hunt->pipes[i].fd);
            hunt->pipes[i].fd = -1;
            open--;
        }
    }
    for (int i = 0; i < hunt->workers_count; i++)
        wait_for(hunt, i);
}

static int finish(struct hunt *hunt)
{
    bool has_failed = hunt->failed_count > 0;
    for (uint32_t i = 0; i < hunt->failed_count; i++)
        memory_release(hunt->words[i]);
    memory_release(hunt->words);
    memory_release(hunt->reports);
    munmap(hunt->shared, sizeof(*hunt->shared));
    return has_failed;
}

static int tell_all(struct hunt *hunt)
{
    enum { TOLD_MAX = 5 };
    for (uint32_t i = 0; i < hunt->failed_count; i++) {
        unsigned long long seed = hunt->reports[i].seed;
        if (i < TOLD_MAX)
            printf("seed %llu failed; its last steps:\n%s", seed, hunt->words[i]);
        printf("seed %llu failed by %s; all of it: ./dev sim --seed %llu\n", seed,
               hunt->reports[i].rule, seed);
    }
    printf("%llu seeds, %u failed, %lld.%lld simulated hours\n", (unsigned long long)hunt->seeds,
           hunt->failed_count, (long long)(hunt->us / 3600000000),
           (long long)(hunt->us / 360000000 % 10));
    return finish(hunt);
}

int hunt_ranges(const struct hunt_range *ranges, int count)
{
    struct hunt hunt = {.ranges = ranges, .count = count};
    run(&hunt);
    return tell_all(&hunt);
}

int hunt_minutes(uint64_t minutes)
{
    struct hunt_range range = {hunt_fresh_seed(), UINT64_MAX};
    struct hunt hunt = {
        .ranges = &range, .count = 1, .deadline_s = now_s() + (int64_t)minutes * 60};
    printf("fresh seeds from %llu on\n", (unsigned long long)range.first);
    run(&hunt);
    return tell_all(&hunt);
}

int hunt_find(struct hunt_range range)
{
    struct hunt hunt = {.ranges = &range, .count = 1, .stops_at_first = true};
    run(&hunt);
    if (hunt.failed_count > 0)
        printf("%s %llu\n", hunt.reports[0].rule, (unsigned long long)hunt.reports[0].seed);
    return !finish(&hunt);
}

uint64_t hunt_fresh_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        abort();
    return seed >> 24; // short enough to be typed
}
