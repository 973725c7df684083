// SPDX-License-Identifier: Apache-2.0
//
// The JSON Schema (2020-12) of an answer, from its columns.
#ifndef MUSTER_CLI_SCHEMA_H
#define MUSTER_CLI_SCHEMA_H

#include "base/text.h"
#include "cli/output.h"

// Appends the schema as one JSON document and a line end.
void schema_print(struct buffer *buffer, const struct output_table *table);

#endif
