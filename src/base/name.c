// SPDX-License-Identifier: Apache-2.0
//
// The rules of names.
#include "base/name.h"

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static const char *bytes_fault(struct text name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!is_name_byte(name.data[i]))
            return "has a character that is not a letter, a digit, '.', '_' or '-'";
    return NULL;
}

const char *name_fault(struct text name)
{
    if (name.size == 0)
        return "is empty";
    if (name.size > 200)
        return "is longer than 200 bytes";
    return bytes_fault(name);
}

const char *name_topic_fault(struct text topic)
{
    if (topic.size == 0)
        return "is empty";
    if (topic.size > 249)
        return "is longer than 249 bytes";
    if (text_equals(topic, ".") || text_equals(topic, ".."))
        return "is '.' or '..'";
    return bytes_fault(topic);
}
