// SPDX-License-Identifier: Apache-2.0
//
// The reference file, made from the table.

#include <string.h>

#include "conf/conf.h"
#include "conf/settings.h"

static void print_range(struct buffer *buffer, const struct setting *row)
{
    switch (row->type) {
    case SETTING_INTEGER:
    case SETTING_DURATION:
    case SETTING_SIZE:
        buffer_print(buffer, ", %lld to %lld%s%s", (long long)row->min, (long long)row->max,
                     row->unit[0] ? " " : "", row->unit);
        break;
    case SETTING_BOOLEAN:
        buffer_add_string(buffer, ", true or false");
        break;
    case SETTING_CHOICE:
        buffer_print(buffer, ", %s", row->choices);
        break;
    default:
        break;
    }
}

static void print_roles(struct buffer *buffer, unsigned roles, const char *separator)
{
    static const char *const names[] = {"coordinator", "collector", "agent", "commands"};
    for (unsigned i = 0; i < 4; i++) {
        if (!(roles & (1U << i)))
            continue;
        buffer_print(buffer, "%s%s", separator, names[i]);
        separator = ", ";
    }
}

static void print_row(struct buffer *buffer, const struct setting *row)
{
    buffer_print(buffer, "\n# %s\n# %s", row->help, setting_type_name(row->type));
    print_range(buffer, row);
    print_roles(buffer, row->roles, "; read by ");
    if (row->is_secret)
        buffer_print(buffer,
                     "\n# a secret is not written here: its place is, one of\n"
                     "#%s.file = PATH\n#%s.fd = NUMBER\n#%s.credential = NAME\n",
                     row->name, row->name, row->name);
    else
        buffer_print(buffer, "\n#%s =%s%s\n", row->name, row->initial[0] ? " " : "", row->initial);
}

void conf_print_reference(struct buffer *buffer)
{
    buffer_add_string(
        buffer,
        "# The settings of muster, each at its default. Made by `muster config show --reference`.\n"
        "#\n"
        "# A flag is stronger than the environment (MUSTER_LEASE_MS for lease.ms), that than the\n"
        "# file of --config, that than $XDG_CONFIG_HOME/muster/muster.conf, that than\n"
        "# /etc/muster/muster.conf. `muster config show --origin` says where a value comes from,\n"
        "# `muster config check FILE` what is wrong with a file.\n"
        "#\n"
        "# A bare number is in the unit that ends the name; 30s, 5m, 64 MiB work too.\n"
        "# Every property of librdkafka is kafka.NAME (kafka.security.protocol = SASL_SSL).\n");
    for (size_t i = 0; setting_at(i); i++)
        print_row(buffer, setting_at(i));
}

static void print_page_row(struct buffer *buffer, const struct setting *row)
{
    buffer_print(buffer, "| `%s` | ", row->name);
    if (row->is_secret)
        buffer_add_string(buffer, "secret: `.file`, `.fd` or `.credential`");
    else
        buffer_print(buffer, "%s", setting_type_name(row->type));
    size_t size = buffer->size;
    print_range(buffer, row);
    // A '|' between choices would end the cell.
    for (; size < buffer->size; size++)
        if (buffer->data[size] == '|')
            buffer->data[size] = '/';
    buffer_print(buffer, row->initial[0] ? " | `%s` | " : " | %s | ", row->initial);
    print_roles(buffer, row->roles, "");
    buffer_print(buffer, " | %s |\n", row->help);
}

void conf_print_page(struct buffer *buffer)
{
    buffer_add_string(
        buffer,
        "# Settings\n\n"
        "Made by `muster config show --page`; `muster.conf` beside it has the same as a file.\n\n"
        "The strongest source wins: flag, environment (`MUSTER_LEASE_MS` for `lease.ms`), the file "
        "of `--config`,\n`$XDG_CONFIG_HOME/muster/muster.conf`, `/etc/muster/muster.conf`, "
        "default. `muster config show --origin`\nsays which one it was, `muster config check FILE` "
        "what is wrong with a file. Every property of librdkafka\nis `kafka.NAME`. Secrets are "
        "never written down: a setting says which file, file descriptor or systemd\ncredential "
        "holds them (`kafka.sasl.password.file = PATH`).\n\n"
        "| setting | type | default | read by | what it means |\n|---|---|---|---|---|\n");
    for (size_t i = 0; setting_at(i); i++)
        print_page_row(buffer, setting_at(i));
}
