// SPDX-License-Identifier: Apache-2.0
//
// The rows are sorted by name (a test holds it), so that a row is found by bisection and every page
// made from them is in the same order.

#include "conf/settings.h"

#include <string.h>

#include "base/nearest.h"
#include "conf/fault.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define ALL ROLE_ALL
#define COORDINATOR ROLE_COORDINATOR
#define COLLECTOR ROLE_COLLECTOR
#define AGENT ROLE_AGENT
#define CLIENT ROLE_CLIENT
#define DAEMONS (ROLE_COORDINATOR | ROLE_COLLECTOR | ROLE_AGENT)
#define MEMBERS (ROLE_COORDINATOR | ROLE_COLLECTOR)

#define DAY_MS 86400000
#define KIB 1024L
#define MIB (1024L * 1024)
#define TIB (1024L * 1024 * 1024 * 1024)

// One line of the table each; the arguments are name, roles, default, then what the type needs.
#define ROW_TEXT(name, roles, initial, fault, help)                                                \
    {                                                                                              \
        name, SETTING_TEXT, roles, initial, 0, 0, "", NULL, fault, false, help                     \
    }
#define ROW_LIST(name, roles, initial, fault, help)                                                \
    {                                                                                              \
        name, SETTING_LIST, roles, initial, 0, 0, "", NULL, fault, false, help                     \
    }
#define ROW_SECRET(name, roles, help)                                                              \
    {                                                                                              \
        name, SETTING_TEXT, roles, "", 0, 0, "", NULL, NULL, true, help                            \
    }
#define ROW_INTEGER(name, roles, initial, min, max, help)                                          \
    {                                                                                              \
        name, SETTING_INTEGER, roles, initial, min, max, "", NULL, NULL, false, help               \
    }
#define ROW_DURATION(name, roles, initial, min, max, help)                                         \
    {                                                                                              \
        name, SETTING_DURATION, roles, initial, min, max, "ms", NULL, NULL, false, help            \
    }
#define ROW_BYTES(name, roles, initial, min, max, help)                                            \
    {                                                                                              \
        name, SETTING_SIZE, roles, initial, min, max, "bytes", NULL, NULL, false, help             \
    }
#define ROW_KBYTES(name, roles, initial, min, max, help)                                           \
    {                                                                                              \
        name, SETTING_SIZE, roles, initial, min, max, "kbytes", NULL, NULL, false, help            \
    }
#define ROW_BOOLEAN(name, roles, initial, help)                                                    \
    {                                                                                              \
        name, SETTING_BOOLEAN, roles, initial, 0, 0, "", NULL, NULL, false, help                   \
    }
#define ROW_CHOICE(name, roles, initial, choices, help)                                            \
    {                                                                                              \
        name, SETTING_CHOICE, roles, initial, 0, 0, "", choices, NULL, false, help                 \
    }

static const struct setting settings[] = {
    ROW_TEXT("agent.file", AGENT, "", NULL,
             "file with a topic name a line; watched; the agent announces what it holds"),
    ROW_TEXT("agent.id", AGENT, "", fault_name_or_empty,
             "name of the agent; empty = the host's name"),
    ROW_DURATION("agent.interval.ms", AGENT, "30000", 100, DAY_MS,
                 "how often an agent repeats what it has announced"),
    ROW_INTEGER("agent.topics.max", COORDINATOR, "10000", 1, 10000000,
                "most topics that one agent may hold; more are refused"),
    ROW_DURATION("agent.ttl.ms", AGENT, "0", 0, 365L * DAY_MS,
                 "how long an announcement holds unless repeated; 0 = until withdrawn"),
    ROW_TEXT("api.listen", COORDINATOR, "127.0.0.1:8600", fault_address_or_empty,
             "address of the HTTP API and the page; empty = none"),
    ROW_TEXT("api.url", CLIENT, "", fault_url_or_empty,
             "the coordinator's API, http://HOST:PORT; empty = found through Kafka"),
    ROW_INTEGER("assignments.partitions", COORDINATOR, "4", 1, 1024,
                "partitions of the assignments topic when it is created"),
    ROW_BYTES("batch.max.bytes", COLLECTOR, "1 MiB", KIB, 1024 * MIB,
              "a batch with this much goes to the sink"),
    ROW_INTEGER("batch.max.records", COLLECTOR, "1000", 1, 1000000,
                "a batch with this many records goes to the sink"),
    ROW_DURATION("beat.interval.ms", MEMBERS, "1000", 10, 600000,
                 "how often a member says that it lives"),
    ROW_INTEGER("collector.capacity.units", COLLECTOR, "0", 0, 10000000,
                "most units that this collector takes; 0 = no limit of its own"),
    ROW_TEXT("collector.id", COLLECTOR, "", fault_name_or_empty,
             "name of the collector, the same after a restart; empty = host and process id"),
    ROW_LIST("collector.labels", COLLECTOR, "", fault_label,
             "labels of the collector: NAME=VALUE,..."),
    ROW_DURATION("commit.interval.ms", COLLECTOR, "1000", 10, 3600000,
                 "how often positions behind the sink are committed"),
    ROW_TEXT("coordinator.id", COORDINATOR, "", fault_name_or_empty,
             "name of the coordinator; empty = host and process id"),
    ROW_BOOLEAN("events.enabled", COORDINATOR, "true",
                "write every decision to the events topic; false = only answers to ids"),
    ROW_DURATION("flush.interval.ms", COLLECTOR, "100", 1, 600000,
                 "a batch goes to the sink this long after its first record"),
    ROW_LIST("kafka.bootstrap.servers", ALL, "localhost:9092", fault_server,
             "brokers to begin with: HOST:PORT,..."),
    ROW_SECRET("kafka.sasl.oauthbearer.client.secret", ALL, "secret of the OAuth client"),
    ROW_SECRET("kafka.sasl.password", ALL, "password for SASL PLAIN and SCRAM"),
    ROW_SECRET("kafka.ssl.key.password", ALL, "passphrase of the client's private key"),
    ROW_SECRET("kafka.ssl.key.pem", ALL, "the client's private key itself, in PEM form"),
    ROW_SECRET("kafka.ssl.keystore.password", ALL, "password of the PKCS#12 keystore"),
    ROW_DURATION("leader.timeout.ms", COORDINATOR, "5000", 100, 3600000,
                 "a standby takes over from a leader that was silent this long"),
    ROW_DURATION("lease.ms", MEMBERS, "15000", 100, 3600000,
                 "how long a collector may go on without being heard"),
    ROW_CHOICE("log.level", DAEMONS, "info", "error|warning|info|debug",
               "least important line that a daemon writes to stderr"),
    ROW_TEXT("pool", ALL, "default", fault_name,
             "pool of the agent or collector, or the one that a command is about"),
    ROW_TEXT("prefix", ALL, "muster", fault_name,
             "first word of the cell's topics: PREFIX.control, PREFIX.state, ..."),
    ROW_DURATION("publish.interval.ms", COORDINATOR, "5000", 0, 600000,
                 "while behind, a collector's assignments are written at most this often"),
    ROW_KBYTES("queued.max.messages.kbytes", COLLECTOR, "65536", 64, 1024 * MIB,
               "most memory for records that wait for the sink; Kafka keeps the rest"),
    ROW_DURATION("report.full.interval.ms", COLLECTOR, "60000", 100, DAY_MS,
                 "how often a collector reports all its units"),
    ROW_DURATION("report.interval.ms", COLLECTOR, "10000", 100, DAY_MS,
                 "how often a collector reports the units whose picture changed"),
    ROW_DURATION("revoke.flush.ms", COLLECTOR, "1000", 0, 600000,
                 "longest flush of a unit that is taken away; what remains stays uncommitted"),
    ROW_DURATION("revoke.timeout.ms", COLLECTOR, "10000", 100, 3600000,
                 "a collector that cannot let go of a unit for this long falls silent"),
    ROW_TEXT("sink.file.path", COLLECTOR, "", NULL, "file that the sink 'file' appends to"),
    ROW_BYTES("sink.file.rotate.bytes", COLLECTOR, "128 MiB", 0, TIB,
              "the file is rotated before it grows above this; 0 = never"),
    ROW_INTEGER("sink.file.rotate.count", COLLECTOR, "5", 1, 10000,
                "rotated files that are kept: PATH.1 is the youngest"),
    ROW_DURATION("sink.start.margin.ms", COLLECTOR, "500", 0, 600000,
                 "no write begins with less of the lease left"),
    ROW_CHOICE("sink.type", COLLECTOR, "stdout", "stdout|file", "where a collector writes"),
    ROW_TEXT("state.file", COLLECTOR, "", NULL,
             "file whose lock proves the death of a predecessor; empty = none"),
    ROW_DURATION("stop.timeout.ms", DAEMONS, "10000", 0, 3600000,
                 "longest orderly stop; what remains stays uncommitted"),
    ROW_DURATION("timeout.ms", CLIENT, "10000", 1, DAY_MS, "how long a command waits"),
    ROW_BOOLEAN("topics.check", COORDINATOR, "true",
                "refuse to start where the settings of the cell's topics are wrong"),
    ROW_BOOLEAN("topics.create", COORDINATOR, "true", "create the cell's topics that are missing"),
};

const struct setting *setting_at(size_t index)
{
    return index < COUNT(settings) ? &settings[index] : NULL;
}

const struct setting *setting_find(struct text name)
{
    size_t low = 0;
    size_t high = COUNT(settings);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = text_compare(name, text_of(settings[middle].name));
        if (order == 0)
            return &settings[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct setting *setting_nearest(struct text name)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < COUNT(settings); i++)
        nearest_offer(&nearest, settings[i].name);
    return nearest.word ? setting_find(text_of(nearest.word)) : NULL;
}

const char *setting_type_name(enum setting_type type)
{
    static const char *const names[] = {
        [SETTING_TEXT] = "text", [SETTING_INTEGER] = "integer", [SETTING_DURATION] = "duration",
        [SETTING_SIZE] = "size", [SETTING_BOOLEAN] = "boolean", [SETTING_CHOICE] = "choice",
        [SETTING_LIST] = "list",
    };
    return names[type];
}
