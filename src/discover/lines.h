// SPDX-License-Identifier: Apache-2.0
//
// Topics as lines of text: see discover_file_create.
#ifndef MUSTER_DISCOVER_LINES_H
#define MUSTER_DISCOVER_LINES_H

#include "discover/discover.h"

// Fills the empty set; a topic that is there twice is kept once, as it was said last. The set
// borrows nothing. STATUS_INVALID: "line 3: ..." in `fault`; STATUS_TOO_LARGE: too many topics.
enum status lines_parse(struct text text, struct discover_set *set,
                        struct buffer *fault) MUST_CHECK;

#endif
