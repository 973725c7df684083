// SPDX-License-Identifier: Apache-2.0
//
// A member of a consumer group as people write it with librdkafka: subscribes by pattern, commits
// by itself, and prints what it gets and what is taken from it.
//
//     member BROKERS GROUP STRATEGY SESSION_MS PATTERN
//
// STRATEGY is one of partition.assignment.strategy. Prints a line for each record, like the file
// sink's, and `assigned N`, `revoked N` or `lost N` for each rebalance. Runs until it is killed.
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 10 };

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char fault[512];
    if (rd_kafka_conf_set(conf, name, value, fault, sizeof(fault)) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "member: %s\n", fault);
        exit(2);
    }
}

// The default behaviour, told.
static void rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t what,
                      rd_kafka_topic_partition_list_t *partitions, void *ctx)
{
    (void)ctx;
    bool is_given = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    bool is_lost = !is_given && rd_kafka_assignment_lost(handle);
    printf("%s %d\n", is_given ? "assigned" : is_lost ? "lost" : "revoked", partitions->cnt);
    fflush(stdout);
    if (strcmp(rd_kafka_rebalance_protocol(handle), "COOPERATIVE") == 0) {
        rd_kafka_error_t *error = is_given ? rd_kafka_incremental_assign(handle, partitions)
                                           : rd_kafka_incremental_unassign(handle, partitions);
        if (error != NULL)
            rd_kafka_error_destroy(error);
    } else {
        rd_kafka_assign(handle, is_given ? partitions : NULL);
    }
}

static void print(const rd_kafka_message_t *message)
{
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    printf("{\"cluster\":\"\",\"topic\":\"%s\",\"partition\":%d,\"offset\":%lld,\"fence\":0,"
           "\"time_ms\":%lld,\"key\":null,\"value\":\"%.*s\"}\n",
           rd_kafka_topic_name(message->rkt), message->partition, (long long)message->offset,
           (long long)rd_kafka_message_timestamp(message, NULL), (int)message->len,
           (const char *)message->payload);
}

static rd_kafka_t *subscribed(char **argv)
{
    char fault[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", argv[1]);
    set(conf, "group.id", argv[2]);
    set(conf, "partition.assignment.strategy", argv[3]);
    set(conf, "session.timeout.ms", argv[4]);
    set(conf, "auto.offset.reset", "earliest");
    rd_kafka_conf_set_rebalance_cb(conf, rebalance);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, fault, sizeof(fault));
    if (handle == NULL) {
        fprintf(stderr, "member: %s\n", fault);
        exit(1);
    }
    rd_kafka_poll_set_consumer(handle);
    rd_kafka_topic_partition_list_t *wanted = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(wanted, argv[5], RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(handle, wanted) != RD_KAFKA_RESP_ERR_NO_ERROR)
        exit(1);
    rd_kafka_topic_partition_list_destroy(wanted);
    return handle;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    rd_kafka_t *handle = subscribed(argv);
    for (;;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(handle, 0);
        if (message == NULL) {
            fflush(stdout);
            message = rd_kafka_consumer_poll(handle, WAIT_MS);
        }
        if (message == NULL)
            continue;
        print(message);
        rd_kafka_message_destroy(message);
    }
}
