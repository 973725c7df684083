// SPDX-License-Identifier: Apache-2.0
//
// What can be wrong with a text setting. Each returns NULL if the value is fine, else what is wrong
// with it, for people. Static memory.
#ifndef MUSTER_CONF_FAULT_H
#define MUSTER_CONF_FAULT_H

#include "base/text.h"

const char *fault_name(struct text value); // base/name.h
const char *fault_name_or_empty(struct text value);
const char *fault_address_or_empty(struct text value); // HOST:PORT, [::1]:PORT
const char *fault_url_or_empty(struct text value);     // http://HOST[:PORT][/PATH]
const char *fault_server(struct text value);           // a broker
const char *fault_label(struct text value);            // NAME=VALUE

#endif
