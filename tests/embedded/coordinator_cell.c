// SPDX-License-Identifier: Apache-2.0
#include "coordinator_cell.h"

#include "base/memory.h"
#include "kafka/layout.h"
#include "test.h"

void coordinator_cell_set(struct conf *conf, const char *name, const char *value)
{
    REQUIRE(conf_set(conf, "test", name, value) == STATUS_OK);
}

struct conf *coordinator_cell_create(struct kafka_mock *mock)
{
    for (int i = 0; i < KAFKA_CELL_TOPICS; i++) {
        struct buffer name = {0};
        kafka_layout_print((enum kafka_cell_topic)i, TEXT_LITERAL("muster"), &name);
        REQUIRE(kafka_mock_create_topic(mock, buffer_text(&name), 1) == STATUS_OK);
        buffer_finish(&name);
    }
    struct conf *conf = conf_create();
    char *servers = text_copy(kafka_mock_servers(mock));
    coordinator_cell_set(conf, "kafka.bootstrap.servers", servers);
    coordinator_cell_set(conf, "kafka.fetch.wait.max.ms", "10");
    coordinator_cell_set(conf, "coordinator.id", "k1");
    coordinator_cell_set(conf, "api.listen", "");
    coordinator_cell_set(conf, "topics.check", "false"); // the embedded broker cannot be asked
    memory_release(servers);
    return conf;
}
