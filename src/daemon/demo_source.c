// SPDX-License-Identifier: Apache-2.0

#include "daemon/demo_source.h"

#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/json.h"
#include "base/memory.h"
#include "daemon/demo_proc.h"
#include "daemon/demo_process.h"

#define FILES_MAX 16
#define FILE_BYTES_MAX 65536
#define FILE_SYSTEMS_MAX 8
#define PROCESSES_BUSIEST 5
#define LOOK_MS 900 // processes are looked at this often at most

enum source_kind { SOURCE_PROC, SOURCE_FILE_SYSTEM, SOURCE_PROCESS };

struct source {
    enum source_kind kind;
    char name[120];
    const struct proc_format *format; // SOURCE_PROC
    char key[200];                    // its key, or where the file system is mounted
    uint32_t rank;                    // SOURCE_PROCESS
};

// A file as it was read last.
struct file {
    const char *path;
    struct buffer text;
    struct instant at;
};

struct demo_sources {
    struct source sources[DEMO_SOURCES_MAX];
    uint32_t count;
    struct file files[FILES_MAX];
    struct demo_processes *processes;
    struct instant looked;
};

// ---- Files.

static void file_read(struct file *file)
{
    char block[4096];
    size_t size;
    FILE *stream = fopen(file->path, "re");
    buffer_clear(&file->text);
    while (stream && file->text.size < FILE_BYTES_MAX &&
           (size = fread(block, 1, sizeof(block), stream)) > 0)
        buffer_add(&file->text, block, size);
    if (stream)
        fclose(stream);
}

// What the file says now; nothing if it is not there.
static struct text file_text(struct demo_sources *sources, const char *path, struct instant now)
{
    struct file *file = sources->files;
    while (file->path && strcmp(file->path, path) != 0)
        if (++file == sources->files + FILES_MAX)
            return (struct text){0};
    if (file->path && file->at.us == now.us)
        return buffer_text(&file->text);
    file->path = path;
    file->at = now;
    file_read(file);
    return buffer_text(&file->text);
}

// ---- Looking what there is.

// NAME or NAME.KEY, with nothing in it that a topic may not have. NULL if there is no room, or such
// a source already.
static struct source *source_add(struct demo_sources *sources, const char *name, struct text key)
{
    if (sources->count == DEMO_SOURCES_MAX)
        return NULL;
    struct source *source = &sources->sources[sources->count];
    snprintf(source->name, sizeof(source->name), "%s%s%.*s", name, key.size ? "." : "",
             TEXT_ARGS(key));
    for (char *c = source->name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *c))
            *c = '_';
    for (uint32_t i = 0; i < sources->count; i++)
        if (strcmp(sources->sources[i].name, source->name) == 0)
            return NULL;
    sources->count++;
    return source;
}

static bool is_dull(const struct proc_format *format, struct text key)
{
    return strcmp(format->name, "disk") == 0 && (text_has_prefix(key, TEXT_LITERAL("loop")) ||
                                                 text_has_prefix(key, TEXT_LITERAL("ram")));
}

static void key_add(struct demo_sources *sources, const struct proc_format *format, struct text key)
{
    struct text shown = key;
    if (format->key_prefix) {
        shown.data += strlen(format->key_prefix);
        shown.size -= strlen(format->key_prefix);
        if (shown.size == 0)
            shown = TEXT_LITERAL("all");
    }
    struct source *source = source_add(sources, format->name, shown);
    if (!source)
        return;
    source->format = format;
    snprintf(source->key, sizeof(source->key), "%.*s", TEXT_ARGS(key));
}

static bool prints_something(const struct proc_format *format, struct text file)
{
    struct buffer out = {0};
    struct json json;
    json_begin(&json, &out);
    json_object_begin(&json);
    bool is_there = proc_print(format, file, (struct text){0}, &json);
    json_object_end(&json);
    buffer_finish(&out);
    return is_there;
}

static void format_add(struct demo_sources *sources, const struct proc_format *format)
{
    struct text file = file_text(sources, format->path, (struct instant){0});
    struct text key = {0};
    size_t cursor = 0;
    size_t count = 0;
    if (!proc_has_keys(format)) {
        if (prints_something(format, file))
            key_add(sources, format, key);
        return;
    }
    while (count < format->keys_max && proc_key_next(format, file, &cursor, &key)) {
        if (is_dull(format, key))
            continue;
        key_add(sources, format, key);
        count++;
    }
}

static void file_systems_add(struct demo_sources *sources)
{
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    struct mntent *entry;
    struct statvfs stat;
    uint32_t count = 0;
    while (mounts && count < FILE_SYSTEMS_MAX && (entry = getmntent(mounts)) != NULL) {
        // What has no blocks is no place for files.
        if (statvfs(entry->mnt_dir, &stat) != 0 || stat.f_blocks == 0)
            continue;
        const char *shown = entry->mnt_dir[1] ? entry->mnt_dir + 1 : "root";
        struct source *source = source_add(sources, "filesystem", text_of(shown));
        if (!source)
            continue;
        source->kind = SOURCE_FILE_SYSTEM;
        snprintf(source->key, sizeof(source->key), "%s", entry->mnt_dir);
        count++;
    }
    if (mounts)
        endmntent(mounts);
}

static void process_add(struct demo_sources *sources, uint32_t rank)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", rank + 1);
    struct source *source = source_add(sources, "process.busiest", text_of(number));
    if (!source)
        return;
    source->kind = SOURCE_PROCESS;
    source->rank = rank;
}

struct demo_sources *demo_sources_create(void)
{
    struct demo_sources *sources = memory_get(sizeof(*sources));
    sources->processes = demo_processes_create();
    sources->looked = (struct instant){INT64_MIN / 2};
    for (uint32_t rank = 0; rank < PROCESSES_BUSIEST; rank++)
        process_add(sources, rank);
    file_systems_add(sources);
    for (const struct proc_format *format = proc_formats; format->name; format++)
        format_add(sources, format);
    for (uint32_t rank = PROCESSES_BUSIEST; sources->count < DEMO_SOURCES_MIN; rank++)
        process_add(sources, rank);
    return sources;
}

void demo_sources_destroy(struct demo_sources *sources)
{
    if (sources == NULL)
        return;
    for (size_t i = 0; i < FILES_MAX; i++)
        buffer_finish(&sources->files[i].text);
    demo_processes_destroy(sources->processes);
    memory_release(sources);
}

uint32_t demo_sources_count(const struct demo_sources *sources)
{
    return sources->count;
}

const char *demo_source_name(const struct demo_sources *sources, uint32_t index)
{
    return sources->sources[index].name;
}

// ---- Sampling.

static void file_system_print(const char *path, struct json *json)
{
    struct statvfs stat;
    if (statvfs(path, &stat) != 0)
        return;
    int64_t unit = (int64_t)stat.f_frsize;
    json_member_string(json, "mounted", path);
    json_member_int64(json, "size_bytes", (int64_t)stat.f_blocks * unit);
    json_member_int64(json, "free_bytes", (int64_t)stat.f_bavail * unit);
    json_member_int64(json, "files", (int64_t)(stat.f_files - stat.f_ffree));
}

void demo_source_sample(struct demo_sources *sources, uint32_t index, struct instant now,
                        int64_t time_ms, struct buffer *record)
{
    const struct source *source = &sources->sources[index];
    struct json json;
    json_begin(&json, record);
    json_object_begin(&json);
    json_member_string(&json, "source", source->name);
    json_member_int64(&json, "time_ms", time_ms);
    if (source->kind == SOURCE_PROC) {
        struct text file = file_text(sources, source->format->path, now);
        // A key may go: then the record says only that it was asked.
        (void)proc_print(source->format, file, text_of(source->key), &json);
    } else if (source->kind == SOURCE_FILE_SYSTEM) {
        file_system_print(source->key, &json);
    } else {
        if (instant_since(now, sources->looked).us > LOOK_MS * 1000) {
            demo_processes_look(sources->processes);
            sources->looked = now;
        }
        demo_process_print(sources->processes, source->rank, &json);
    }
    json_object_end(&json);
    json_end(&json);
}
