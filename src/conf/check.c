// SPDX-License-Identifier: Apache-2.0
//
// What settings must be to each other. Each rule has its reason in the message. A file may be
// shared by all roles, and some settings are added for one process alone; so what only one role
// needs, such as the path of its sink, is looked at where that role starts.
#include "conf/conf.h"
#include "conf/store.h"

static const char *shown(const struct conf_value *value)
{
    return value->shown[0] ? value->shown : "''";
}

// A problem of two values; either may be the one to change, so both origins are named.
static enum status refuse_pair(struct conf *conf, const char *name, const char *other,
                               const char *why)
{
    const struct conf_value *value = conf_value_get(conf, name);
    const struct conf_value *other_value = conf_value_get(conf, other);
    struct conf_where where = {.source = CONF_DEFAULT};
    return conf_refuse(conf, &where, "%s = %s (%s) with %s = %s (%s): %s", name, shown(value),
                       value->origin, other, shown(other_value), other_value->origin, why);
}

struct rule {
    const char *smaller; // factor × this one must be ≤ `larger`
    int64_t factor;
    const char *larger;
    const char *why;
};

static const struct rule rules[] = {
    {"beat.interval.ms", 3, "lease.ms", "a lease must hold three beats, or one lost beat ends it"},
    {"beat.interval.ms", 2, "leader.timeout.ms",
     "a standby must miss two beats before it takes over"},
    {"sink.start.margin.ms", 2, "lease.ms", "the margin must leave half of the lease for writing"},
    {"revoke.flush.ms", 1, "revoke.timeout.ms",
     "a flush must end before the revoke counts as stuck"},
    {"revoke.flush.ms", 1, "lease.ms", "a flush must end within the lease"},
    {"report.interval.ms", 1, "report.full.interval.ms",
     "the full report must not come more often than the short one"},
};

enum status conf_check(struct conf *conf)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct rule *rule = &rules[i];
        if (conf_int(conf, rule->smaller) * rule->factor > conf_int(conf, rule->larger))
            status = refuse_pair(conf, rule->smaller, rule->larger, rule->why);
    }
    return status;
}
