// SPDX-License-Identifier: Apache-2.0

#include "conf/fault.h"

#include <string.h>

#include "base/name.h"

const char *fault_name(struct text value)
{
    return name_fault(value);
}

const char *fault_name_or_empty(struct text value)
{
    return value.size ? name_fault(value) : NULL;
}

static bool is_port(struct text text)
{
    int64_t port = 0;
    return text_parse_int64(text, &port) == STATUS_OK && port >= 0 && port <= 65535;
}

static bool has_blank(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= ' ')
            return true;
    return false;
}

static struct text text_from(struct text text, size_t at)
{
    return (struct text){text.data + at, text.size - at};
}

const char *fault_address_or_empty(struct text value)
{
    if (value.size == 0)
        return NULL;
    const char *colon = memrchr(value.data, ':', value.size);
    if (!colon)
        return "has no port: write HOST:PORT";
    size_t host_size = (size_t)(colon - value.data);
    if (!is_port(text_from(value, host_size + 1)))
        return "has no port from 0 to 65535 behind its last ':'";
    bool is_bracketed = host_size > 2 && value.data[0] == '[' && value.data[host_size - 1] == ']';
    if (memchr(value.data, ':', host_size) && !is_bracketed)
        return "is an IPv6 address without brackets: write [ADDRESS]:PORT";
    if (host_size == 0 || has_blank(value))
        return "has no host: write HOST:PORT";
    return NULL;
}

const char *fault_url_or_empty(struct text value)
{
    struct text scheme = TEXT_LITERAL("http://");
    if (value.size == 0)
        return NULL;
    if (!text_has_prefix(value, scheme))
        return "does not begin with http://";
    if (value.size == scheme.size || value.data[scheme.size] == '/' || has_blank(value))
        return "has no host: write http://HOST:PORT";
    return NULL;
}

const char *fault_server(struct text value)
{
    if (value.size == 0)
        return "is empty: write HOST:PORT";
    if (has_blank(value))
        return "has a blank inside: write HOST:PORT, with commas between several";
    const char *colon = memrchr(value.data, ':', value.size);
    if (colon && value.data[value.size - 1] != ']' &&
        !is_port(text_from(value, (size_t)(colon - value.data) + 1)))
        return "has no port from 0 to 65535 behind its last ':'";
    return NULL;
}

const char *fault_label(struct text value)
{
    const char *equal = value.size ? memchr(value.data, '=', value.size) : NULL;
    if (!equal || equal == value.data)
        return "is not NAME=VALUE";
    return name_fault((struct text){value.data, (size_t)(equal - value.data)});
}
