// SPDX-License-Identifier: Apache-2.0

#include "daemon/demo_process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/demo_proc.h"

#define PROCESSES_MAX 4096

struct row {
    int64_t pid;
    int64_t ticks;    // processor time so far
    int64_t used;     // since the look before
    int64_t pages;    // resident
    char command[32]; // cut if longer
};

struct demo_processes {
    struct row *rows; // by use, then by pid
    uint32_t count;
    struct row *former; // by pid
    uint32_t former_count;
    int64_t ticks_per_s;
    int64_t page_bytes;
};

struct demo_processes *demo_processes_create(void)
{
    struct demo_processes *processes = memory_get(sizeof(*processes));
    processes->rows = memory_get(PROCESSES_MAX * sizeof(struct row));
    processes->former = memory_get(PROCESSES_MAX * sizeof(struct row));
    processes->ticks_per_s = sysconf(_SC_CLK_TCK);
    processes->page_bytes = sysconf(_SC_PAGESIZE);
    return processes;
}

void demo_processes_destroy(struct demo_processes *processes)
{
    if (processes == NULL)
        return;
    memory_release(processes->rows);
    memory_release(processes->former);
    memory_release(processes);
}

static int by_pid(const void *a, const void *b)
{
    const struct row *one = a;
    const struct row *other = b;
    return (one->pid > other->pid) - (one->pid < other->pid);
}

static int by_use(const void *a, const void *b)
{
    const struct row *one = a;
    const struct row *other = b;
    if (one->used != other->used)
        return (one->used < other->used) - (one->used > other->used);
    if (one->ticks != other->ticks)
        return (one->ticks < other->ticks) - (one->ticks > other->ticks);
    return by_pid(a, b);
}

// False if the process is gone already.
static bool row_read(int64_t pid, struct row *ret_row)
{
    char path[64];
    char text[1024];
    struct proc_process process;
    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t size = fread(text, 1, sizeof(text), file);
    fclose(file);
    if (!proc_process_parse((struct text){text, size}, &process))
        return false;
    *ret_row = (struct row){.pid = pid, .ticks = process.ticks, .pages = process.pages};
    snprintf(ret_row->command, sizeof(ret_row->command), "%.*s", TEXT_ARGS(process.command));
    return true;
}

static int64_t ticks_before(const struct demo_processes *processes, const struct row *row)
{
    const struct row *former =
        bsearch(row, processes->former, processes->former_count, sizeof(struct row), by_pid);
    return former && former->ticks <= row->ticks ? former->ticks : row->ticks;
}

void demo_processes_look(struct demo_processes *processes)
{
    struct row *former = processes->rows;
    struct dirent *entry;
    int64_t pid;
    qsort(former, processes->count, sizeof(struct row), by_pid);
    processes->rows = processes->former;
    processes->former = former;
    processes->former_count = processes->count;
    processes->count = 0;
    DIR *folder = opendir("/proc");
    while (folder && processes->count < PROCESSES_MAX && (entry = readdir(folder)) != NULL) {
        struct row *row = &processes->rows[processes->count];
        if (text_parse_int64(text_of(entry->d_name), &pid) != STATUS_OK || !row_read(pid, row))
            continue;
        row->used = row->ticks - ticks_before(processes, row);
        processes->count++;
    }
    if (folder)
        closedir(folder);
    qsort(processes->rows, processes->count, sizeof(struct row), by_use);
}

void demo_process_print(const struct demo_processes *processes, uint32_t rank, struct json *json)
{
    if (rank >= processes->count) {
        json_member_null(json, "pid");
        return;
    }
    const struct row *row = &processes->rows[rank];
    json_member_int64(json, "pid", row->pid);
    json_member_string(json, "command", row->command);
    json_member_int64(json, "used_ms", row->used * 1000 / processes->ticks_per_s);
    json_member_int64(json, "cpu_ms", row->ticks * 1000 / processes->ticks_per_s);
    json_member_int64(json, "memory_bytes", row->pages * processes->page_bytes);
}
