// SPDX-License-Identifier: Apache-2.0
//
// The shape of the tables that drive the codec. They are generated, see tables.h; the order of the
// rows is the order of the fields on the wire.
#ifndef MUSTER_WIRE_TABLE_H
#define MUSTER_WIRE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "proto/records.h"

// What a field is in Avro, and in C.
enum wire_type {
    WIRE_BOOLEAN, // boolean: bool
    WIRE_INT,     // int: int64_t that fits 32 bits
    WIRE_LONG,    // long: int64_t
    WIRE_STRING,  // string: struct text
    WIRE_RECORD,  // record: the struct itself
    WIRE_STRINGS, // array of string: struct text *
    WIRE_LONGS,   // array of long: int64_t *
    WIRE_RECORDS, // array of record: pointer to structs
    WIRE_LABELS,  // map of string: struct label *
};

struct wire_field {
    struct text name;
    enum wire_type type;
    bool is_required;               // has no default
    bool is_gone;                   // today's record has it no longer: read and dropped
    uint16_t offset;                // in the struct, bytes
    uint16_t count_offset;          // of `x_count`; arrays and maps
    int64_t number;                 // default of BOOLEAN, INT and LONG
    struct text string;             // default of STRING
    const struct wire_table *table; // of RECORD and of the items of RECORDS, else NULL
};

struct wire_table {
    struct text name; // of the record in its schema
    const struct wire_field *fields;
    uint32_t count;     // fields, at most 64
    uint32_t size;      // bytes of the struct; 0 = the record is gone
    uint32_t bytes_min; // fewest bytes of one record in Avro, at least 1
    const struct wire_table
        *newer; // a released schema's: today's table for its defaults; else NULL
};

struct wire_schema {
    uint64_t fingerprint; // CRC-64-AVRO of the Parsing Canonical Form
    enum record_kind kind;
    int level; // level it was released with
    const struct wire_table *table;
};

// Bytes of one item of an array or map field.
uint32_t wire_item_size(const struct wire_field *field);

// The items of an array or map field and how many there are; the items are the record's.
uint32_t wire_list_of(const struct wire_field *field, const void *record, const char **ret_items);

#endif
