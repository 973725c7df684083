// SPDX-License-Identifier: Apache-2.0
//
// Records to JSON lines.
#include "sink/line.h"

#include "base/json.h"

static void base64_add(struct buffer *buffer, struct text bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *data = (const unsigned char *)bytes.data;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t group = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                         (left > 2 ? data[i + 2] : 0);
        char out[4] = {digits[group >> 18], digits[group >> 12 & 63],
                       left > 1 ? digits[group >> 6 & 63] : '=',
                       left > 2 ? digits[group & 63] : '='};
        buffer_add(buffer, out, sizeof(out));
    }
}

static void bytes_add(struct json *json, struct text bytes, bool is_null)
{
    if (is_null) {
        json_null(json);
        return;
    }
    if (text_is_utf8(bytes)) {
        json_text(json, bytes);
        return;
    }
    struct buffer encoded = {0};
    base64_add(&encoded, bytes);
    json_object_begin(json);
    json_member_text(json, "base64", buffer_text(&encoded));
    json_object_end(json);
    buffer_finish(&encoded);
}

void line_add(struct buffer *buffer, const struct sink_record *record)
{
    struct json json;
    json_begin(&json, buffer);
    json_object_begin(&json);
    json_member_text(&json, "cluster", record->cluster);
    json_member_text(&json, "topic", record->topic);
    json_member_int64(&json, "partition", record->partition);
    json_member_int64(&json, "offset", record->offset);
    json_member_int64(&json, "fence", record->fence);
    json_member_int64(&json, "time_ms", record->time_ms);
    json_key(&json, "key");
    bytes_add(&json, record->key, record->is_key_null);
    json_key(&json, "value");
    bytes_add(&json, record->value, record->is_value_null);
    json_key(&json, "headers");
    json_array_begin(&json);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct sink_header *header = &record->headers[i];
        json_array_begin(&json);
        bytes_add(&json, header->name, false);
        bytes_add(&json, header->value, header->is_null);
        json_array_end(&json);
    }
    json_array_end(&json);
    json_object_end(&json);
    json_end(&json);
    buffer_add_char(buffer, '\n');
}
