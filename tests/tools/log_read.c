// SPDX-License-Identifier: Apache-2.0
//
// Reads a partition from its start to its end with a bare consumer: the floor for a restore.
//
//     log_read BROKERS TOPIC PARTITION
//
// Prints RECORDS BYTES MICROSECONDS.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "kafka/consumer.h"
#include "net/loop.h"

enum { BATCH = 1000, PATIENCE_MS = 120000 };

int main(int argc, char **argv)
{
    struct kafka_settings settings = {0};
    struct kafka_consumer *consumer;
    struct kafka_record records[BATCH];
    struct buffer fault = {0};
    long long count = 0, bytes = 0;
    bool is_done = false;
    if (argc != 4)
        return 2;
    kafka_settings_add(&settings, TEXT_LITERAL("bootstrap.servers"), text_of(argv[1]));
    struct instant start = loop_now(), end = instant_add(start, span_of_ms(PATIENCE_MS));
    ensure(kafka_consumer_create(&settings,
                                 &(struct kafka_consumer_options){.has_end_events = true}, &fault,
                                 &consumer) == STATUS_OK);
    const struct kafka_assignment from = {.topic = text_of(argv[2]), .partition = atoi(argv[3])};
    ensure(kafka_consumer_assign(consumer, &from, 1) == STATUS_OK);
    while (!is_done) {
        struct pollfd fd = {.fd = kafka_consumer_fd(consumer), .events = POLLIN};
        ensure(instant_is_before(loop_now(), end));
        (void)poll(&fd, 1, 100);
        uint32_t got = kafka_consumer_poll(consumer, records, BATCH);
        for (uint32_t i = 0; i < got; i++) {
            is_done = is_done || records[i].kind == KAFKA_END_OF_PARTITION;
            if (records[i].kind == KAFKA_RECORD) {
                count++;
                bytes += (long long)(records[i].key.size + records[i].value.size);
            }
        }
        kafka_consumer_release(consumer, records, got);
    }
    printf("%lld %lld %lld\n", count, bytes, (long long)instant_since(loop_now(), start).us);
    (void)kafka_consumer_destroy(consumer, span_of_ms(5000));
    kafka_settings_finish(&settings);
    buffer_finish(&fault);
    return 0;
}
