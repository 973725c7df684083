// SPDX-License-Identifier: Apache-2.0
//
// A folder of a test's own, its files, and records to write.
#ifndef FOLDER_H
#define FOLDER_H

#include <stddef.h>

#include "sink/sink.h"

// A new empty folder; its path is kept in `path`.
void folder_make(char path[256]);
void folder_remove(const char *path);

// The bytes of FOLDER/NAME as a terminated string that the caller frees; NULL if there is no such
// file.
char *folder_read(const char *path, const char *name);
void folder_write(const char *path, const char *name, const char *text);

// A record of topic "t" with this offset and value, and the line that it becomes.
struct sink_record record_of(int64_t offset, const char *value);
void line_of(int64_t offset, const char *value, struct buffer *line);

#endif
