// SPDX-License-Identifier: Apache-2.0
//
// Between librdkafka's messages and ours.
#include "kafka/record.h"

#include <string.h>

#include "base/name.h"
#include "kafka/convert.h"

static enum kafka_record_kind kind_of(const rd_kafka_message_t *message)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return KAFKA_RECORD;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        return KAFKA_END_OF_PARTITION;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return KAFKA_OFFSET_LOST;
    default:
        return message->rkt ? KAFKA_PARTITION_FAULT : KAFKA_HANDLE_FAULT;
    }
}

void kafka_record_init(struct kafka_record *record, rd_kafka_message_t *message)
{
    *record = (struct kafka_record){
        .kind = kind_of(message),
        .topic = text_of(message->rkt ? rd_kafka_topic_name(message->rkt) : ""),
        .partition = message->rkt ? message->partition : -1,
        .offset = message->offset < 0 ? -1 : message->offset,
        .timestamp_ms = -1,
        .is_key_null = true,
        .is_value_null = true,
        .message = message,
    };
    if (record->kind == KAFKA_RECORD) {
        record->timestamp_ms = rd_kafka_message_timestamp(message, NULL);
        record->is_key_null = !message->key;
        record->key = (struct text){message->key, message->key ? message->key_len : 0};
        record->is_value_null = !message->payload;
        record->value = (struct text){message->payload, message->payload ? message->len : 0};
    } else if (record->kind != KAFKA_END_OF_PARTITION) {
        record->status = kafka_status_of(message->err);
        record->text = text_of(rd_kafka_message_errstr(message));
    }
}

uint32_t kafka_record_headers(const struct kafka_record *record, struct kafka_header *headers,
                              uint32_t capacity)
{
    rd_kafka_headers_t *all;
    if (record->kind != KAFKA_RECORD || !record->message ||
        rd_kafka_message_headers(record->message, &all) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    uint32_t count = (uint32_t)rd_kafka_header_cnt(all);
    for (uint32_t i = 0; i < count && i < capacity; i++) {
        const char *name;
        const void *value;
        size_t size;
        if (rd_kafka_header_get_all(all, i, &name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
            return i;
        headers[i] =
            (struct kafka_header){text_of(name), {value, value ? size : 0}, .is_null = !value};
    }
    return count;
}

enum status kafka_message_check(const struct kafka_message *message)
{
    if (message->partition < KAFKA_BY_KEY || name_topic_fault(message->topic))
        return STATUS_INVALID;
    return message->header_count > KAFKA_HEADERS_MAX ? STATUS_TOO_LARGE : STATUS_OK;
}

static rd_kafka_headers_t *headers_create(const struct kafka_message *message)
{
    if (message->header_count == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);
    for (uint32_t i = 0; i < message->header_count; i++) {
        const struct kafka_header *header = &message->headers[i];
        const char *value = header->value.data ? header->value.data : "";
        rd_kafka_header_add(headers, header->name.data ? header->name.data : "",
                            (ssize_t)header->name.size, header->is_null ? NULL : value,
                            header->is_null ? 0 : (ssize_t)header->value.size);
    }
    return headers;
}

// librdkafka reads a NULL pointer as null, so an empty text needs some pointer.
static void *bytes_of(struct text text, bool is_null)
{
    static const char nothing[1];
    if (is_null)
        return NULL;
    return (void *)(uintptr_t)(text.data ? text.data : nothing);
}

rd_kafka_resp_err_t kafka_message_produce(rd_kafka_t *rk, rd_kafka_topic_t *rkt,
                                          const struct kafka_message *message, void *opaque)
{
    rd_kafka_headers_t *headers = headers_create(message);
    size_t key_size = message->is_key_null ? 0 : message->key.size;
    size_t value_size = message->is_value_null ? 0 : message->value.size;
    rd_kafka_vu_t arguments[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = rkt},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {bytes_of(message->key, message->is_key_null), key_size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {bytes_of(message->value, message->is_value_null), value_size}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    size_t count = sizeof arguments / sizeof arguments[0] - (headers ? 0 : 1);
    rd_kafka_error_t *error = rd_kafka_produceva(rk, arguments, count);
    if (!error)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    // A refused message leaves its headers with the caller.
    if (headers)
        rd_kafka_headers_destroy(headers);
    return code;
}
