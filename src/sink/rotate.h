// SPDX-License-Identifier: Apache-2.0
//
// Rotation of a file by renaming: PATH becomes PATH.1, that becomes PATH.2, ... PATH.COUNT goes.
#ifndef MUSTER_SINK_ROTATE_H
#define MUSTER_SINK_ROTATE_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

// STATUS_FAILED with the reason in `fault`; what was renamed so far stays, and trying again goes on
// from there without losing a file.
enum status rotate_files(const char *path, int64_t count, struct buffer *fault) MUST_CHECK;

#endif
