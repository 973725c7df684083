// SPDX-License-Identifier: Apache-2.0
//
// cJSON as a second opinion: what we take it takes too and understands alike, and what it takes
// beyond is known and refused here.
#include <cjson/cJSON.h>
#include <string.h>

#include "samples.h"
#include "test.h"
#include "wire/json_lexer.h"
#include "wire/tables.h"

static bool is_taken_by_us(struct text text)
{
    struct json_lexer lexer;

    lexer_init(&lexer, text);
    return lexer_skip(&lexer) && lexer_peek(&lexer) == '\0' && lexer.at == lexer.end;
}

static bool is_taken_by_them(struct text text)
{
    cJSON *tree = cJSON_ParseWithLength(text.data, text.size);
    cJSON_Delete(tree);
    return tree != NULL;
}

static void what_we_take_they_take(void)
{
    static const char alphabet[] = "{}[]:,\"\\/ \n-+.0123456789eEtrufalsn";
    struct dice dice = {41};
    uint32_t taken = 0;

    for (int round = 0; round < 200000; round++) {
        char text[12];
        size_t size = dice_below(&dice, sizeof(text)) + 1;
        for (size_t i = 0; i < size; i++)
            text[i] = alphabet[dice_below(&dice, sizeof(alphabet) - 1)];
        if (!is_taken_by_us((struct text){text, size}))
            continue;
        taken++;
        if (!is_taken_by_them((struct text){text, size}))
            CHECK_TEXT("refused by cJSON", text);
    }
    CHECK(taken > 1000);
}

static void what_they_take_beyond_is_known(void)
{
    static const struct {
        const char *text;
        size_t size;
    } rows[] = {
        {"{} x", 4},       // trailing garbage
        {"[01]", 4},       // a leading zero
        {"[\"\n\"]", 5},   // a raw control character
        {"[\"\xff\"]", 5}, // no UTF-8
        {"[1.]", 4},       // a point without digits
        {"[\"\\u0000\"]", 10},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK(!is_taken_by_us((struct text){rows[i].text, rows[i].size}));
}

// The text at a field of cJSON's tree, NULL if it is no string.
static const char *string_at(const cJSON *tree, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, name));
}

static void strings_and_numbers_are_understood_alike(void)
{
    struct dice dice = {42};
    struct buffer text = {0};

    for (int round = 0; round < 2000; round++) {
        struct arena arena = {0};
        struct wire_record record = {0};
        struct order *order = sample_make(&dice, RECORD_ORDER, &arena);
        order->sent_at_ms %= INT64_C(1) << 53; // beyond it cJSON has only a double
        buffer_clear(&text);
        wire_encode_json(RECORD_ORDER, order, &text);
        struct wire_input input = {RECORD_ORDER, buffer_text(&text)};
        REQUIRE(wire_decode_json(input, &arena, NULL, &record, NULL) == STATUS_OK);
        const struct order *read = record.record;
        cJSON *tree = cJSON_ParseWithLength(text.data, text.size);
        REQUIRE(tree != NULL);
        CHECK(text_equals(read->verb, string_at(tree, "verb")));
        CHECK(text_equals(read->id, string_at(tree, "id")));
        CHECK_INT(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(tree, "sent_at_ms")),
                  read->sent_at_ms);
        const cJSON *args = cJSON_GetObjectItemCaseSensitive(tree, "args");
        uint32_t count = 0;
        for (const cJSON *item = args->child; item && count < read->args_count; item = item->next) {
            CHECK(text_equals(read->args[count].key, item->string));
            CHECK(text_equals(read->args[count++].value, item->valuestring));
        }
        CHECK_INT(count, read->args_count);
        cJSON_Delete(tree);
        arena_finish(&arena);
    }
    buffer_finish(&text);
}

static const struct test tests[] = {
    TEST(what_we_take_they_take),
    TEST(what_they_take_beyond_is_known),
    TEST(strings_and_numbers_are_understood_alike),
};

TEST_MAIN("wire/json_oracle", tests)
