// SPDX-License-Identifier: Apache-2.0
//
// What a string may be on the wire: UTF-8 without zero bytes, so that every reader in every
// language takes it and nothing is cut off where C ends a string.
#ifndef MUSTER_WIRE_STRING_H
#define MUSTER_WIRE_STRING_H

#include "base/text.h"

bool wire_string_is_fine(struct text text);

// Appends the text; each byte that keeps it from being fine becomes '?'.
void wire_string_add_clean(struct buffer *buffer, struct text text);

#endif
