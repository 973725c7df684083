// SPDX-License-Identifier: Apache-2.0
#include "folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

void folder_make(char path[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/muster-sink-XXXXXX", base ? base : "/tmp");
    REQUIRE(mkdtemp(path) != NULL);
}

void folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    REQUIRE(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(path);
}

char *folder_read(const char *path, const char *name)
{
    char full[600];
    snprintf(full, sizeof full, "%s/%s", path, name);
    FILE *file = fopen(full, "rb");
    if (file == NULL)
        return NULL;
    char *text = calloc(1, 1 << 20);
    REQUIRE(text != NULL);
    REQUIRE(fread(text, 1, (1 << 20) - 1, file) < (1 << 20) - 1);
    fclose(file);
    return text;
}

void folder_write(const char *path, const char *name, const char *text)
{
    char full[600];
    snprintf(full, sizeof full, "%s/%s", path, name);
    FILE *file = fopen(full, "wb");
    REQUIRE(file != NULL);
    fputs(text, file);
    fclose(file);
}

struct sink_record record_of(int64_t offset, const char *value)
{
    return (struct sink_record){
        .topic = TEXT_LITERAL("t"),
        .offset = offset,
        .fence = 5,
        .time_ms = 9,
        .is_key_null = true,
        .value = text_of(value),
    };
}

void line_of(int64_t offset, const char *value, struct buffer *line)
{
    buffer_print(line,
                 "{\"cluster\":\"\",\"topic\":\"t\",\"partition\":0,\"offset\":%lld,\"fence\":5,"
                 "\"time_ms\":9,\"key\":null,\"value\":\"%s\",\"headers\":[]}\n",
                 (long long)offset, value);
}
