// SPDX-License-Identifier: Apache-2.0
//
// The embedded brokers live inside a producer handle of their own that sends nothing. Its settings
// are no user's: it only has to switch Nagle's delay off on the brokers' side.
#include "kafka/mock.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <time.h>

#include "base/memory.h"
#include "base/name.h"

struct kafka_mock {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster; // owned by us, inside rk
};

// Every connection that a client closes would be a line on stderr.
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *line)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)line;
}

// librdkafka's mock thread throws away the wake-up of an order that comes while it is still busy
// with the one before, and then sleeps for a second. Giving it this time nearly always avoids that.
static void mock_settle(void)
{
    struct timespec pause = {.tv_nsec = 300000};
    nanosleep(&pause, NULL);
}

enum status kafka_mock_create(uint32_t brokers, struct buffer *fault, struct kafka_mock **ret_mock)
{
    char reason[256] = "";
    if (brokers < 1 || brokers > 16) {
        buffer_print(fault, "an embedded cluster has 1 to 16 brokers, not %u", brokers);
        return STATUS_INVALID;
    }
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set(conf, "client.id", "muster-mock", reason, sizeof reason);
    rd_kafka_conf_set(conf, "socket.nagle.disable", "true", reason, sizeof reason);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        buffer_print(fault, "cannot start the embedded broker: %s", reason);
        return STATUS_FAILED;
    }
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(rk, (int)brokers);
    if (!cluster) {
        rd_kafka_destroy(rk);
        buffer_add_string(fault, "cannot start the embedded broker: no free port");
        return STATUS_FAILED;
    }
    struct kafka_mock *mock = memory_get(sizeof *mock);
    mock->rk = rk;
    mock->cluster = cluster;
    *ret_mock = mock;
    return STATUS_OK;
}

void kafka_mock_destroy(struct kafka_mock *mock)
{
    if (!mock)
        return;
    rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->rk);
    memory_release(mock);
}

struct text kafka_mock_servers(const struct kafka_mock *mock)
{
    return text_of(rd_kafka_mock_cluster_bootstraps(mock->cluster));
}

enum status kafka_mock_create_topic(struct kafka_mock *mock, struct text topic, uint32_t partitions)
{
    if (name_topic_fault(topic) || partitions < 1 || partitions > 10000)
        return STATUS_INVALID;
    char *name = text_copy(topic);
    mock_settle();
    rd_kafka_resp_err_t error = rd_kafka_mock_topic_create(mock->cluster, name, (int)partitions, 1);
    memory_release(name);
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return STATUS_EXISTS;
    return error ? STATUS_FAILED : STATUS_OK;
}

void kafka_mock_fail(struct kafka_mock *mock, int16_t api_key, int16_t error, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        rd_kafka_mock_push_request_errors(mock->cluster, api_key, 1, (rd_kafka_resp_err_t)error);
}

void kafka_mock_set_down(struct kafka_mock *mock, int32_t broker)
{
    mock_settle();
    (void)rd_kafka_mock_broker_set_down(mock->cluster, broker);
}

void kafka_mock_set_up(struct kafka_mock *mock, int32_t broker)
{
    mock_settle();
    (void)rd_kafka_mock_broker_set_up(mock->cluster, broker);
}
