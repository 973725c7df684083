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

static void print_roles(struct buffer *buffer, unsigned roles)
{
    static const char *const names[] = {"coordinator", "collector", "agent", "commands"};
    const char *separator = "; read by ";
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
    print_roles(buffer, row->roles);
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
