// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "conf/conf.h"
#include "conf/settings.h"
#include "test.h"

static void the_reference_file_in_the_tree_is_fresh(void)
{
    struct buffer text = {0};
    conf_print_reference(&text);
    // To make it again: muster config show --reference > conf/muster.conf
    char *file = test_file_read("../conf/muster.conf", NULL);
    CHECK_TEXT(file, buffer_string(&text));
    free(file);
    buffer_finish(&text);
}

static void the_page_in_the_tree_is_fresh(void)
{
    struct buffer text = {0};
    conf_print_page(&text);
    // To make it again: muster config show --page > conf/README.md
    char *file = test_file_read("../conf/README.md", NULL);
    CHECK_TEXT(file, buffer_string(&text));
    free(file);
    buffer_finish(&text);
}

static void the_reference_loads_as_it_is(void)
{
    struct buffer text = {0};
    struct conf *conf = conf_create();
    conf_print_reference(&text);
    CHECK_INT(conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", buffer_text(&text)), STATUS_OK);
    buffer_finish(&text);
    conf_destroy(conf);
}

// Each default is a value that the file takes; secrets have none.
static void every_line_of_it_can_be_switched_on(void)
{
    for (size_t i = 0; setting_at(i); i++) {
        const struct setting *row = setting_at(i);
        struct buffer text = {0};
        struct buffer line = {0};
        struct conf *conf = conf_create();
        conf_print_reference(&text);
        buffer_print(&line, "\n#%s =", row->name);
        char *found = strstr(text.data, buffer_string(&line));
        CHECK((found != NULL) == !row->is_secret);
        if (found) {
            found[1] = ' ';
            CHECK_INT(conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", buffer_text(&text)),
                      STATUS_OK);
            CHECK_TEXT(conf_problems(conf), "");
        }
        conf_destroy(conf);
        buffer_finish(&line);
        buffer_finish(&text);
    }
}

static const struct test tests[] = {
    TEST(the_reference_file_in_the_tree_is_fresh),
    TEST(the_page_in_the_tree_is_fresh),
    TEST(the_reference_loads_as_it_is),
    TEST(every_line_of_it_can_be_switched_on),
};

TEST_MAIN("conf/reference", tests)
