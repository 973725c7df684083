// SPDX-License-Identifier: Apache-2.0
//
// Files of /proc, cut short, and what becomes of them.

#include "daemon/demo_proc.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static const struct proc_format *format_find(const char *name)
{
    for (const struct proc_format *format = proc_formats; format->name; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

// The keys with blanks between them.
static const char *keys(const char *name, const char *file)
{
    static char words[500];
    struct text key;
    size_t cursor = 0;
    words[0] = '\0';
    while (proc_key_next(format_find(name), text_of(file), &cursor, &key)) {
        size_t size = strlen(words);
        snprintf(words + size, sizeof(words) - size, "%s%.*s", size ? " " : "", TEXT_ARGS(key));
    }
    return words;
}

static const char *printed(const char *name, const char *file, const char *key)
{
    static char text[500];
    struct buffer out = {0};
    struct json json;
    json_begin(&json, &out);
    json_object_begin(&json);
    bool is_there = proc_print(format_find(name), text_of(file), text_of(key), &json);
    json_object_end(&json);
    snprintf(text, sizeof(text), "%s%s", is_there ? "" : "none ", buffer_string(&out));
    buffer_finish(&out);
    return text;
}

static const char stat_file[] = "cpu  10 1 20 300 4 0 5 0 0 0\n"
                                "cpu0 6 1 12 160 2 0 3 0 0 0\n"
                                "cpu1 4 0 8 140 2 0 2 0 0 0\n"
                                "intr 123456 7 8 9\n"
                                "ctxt 987\n"
                                "btime 1700000000\n"
                                "processes 55\n"
                                "procs_running 2\n"
                                "procs_blocked 0\n"
                                "softirq 4321 1 2 3\n";

static void processors_have_a_record_each(void)
{
    CHECK_TEXT(keys("cpu", stat_file), "cpu cpu0 cpu1");
    CHECK_TEXT(printed("cpu", stat_file, "cpu1"),
               "{\"user\":4,\"nice\":0,\"system\":8,\"idle\":140,\"iowait\":2,\"irq\":0,"
               "\"softirq\":2,\"steal\":0}");
    CHECK_TEXT(printed("cpu", stat_file, "cpu7"), "none {}");
}

static void lines_are_picked_by_name(void)
{
    CHECK_TEXT(printed("scheduler", stat_file, ""),
               "{\"ctxt\":987,\"processes\":55,\"procs_running\":2,\"procs_blocked\":0}");
    CHECK_TEXT(printed("interrupts", stat_file, ""), "{\"intr\":123456,\"softirq\":4321}");
    CHECK_TEXT(printed("memory", "MemTotal:  100 kB\nMemFree: 7 kB\nOther: 1 kB\n", ""),
               "{\"MemTotal\":100,\"MemFree\":7}");
    CHECK_TEXT(printed("swap", "MemTotal:  100 kB\n", ""), "none {}");
}

static void disks_are_named_by_the_third_word(void)
{
    const char *file = "   8       0 sda 5 1 40 9 6 2 48 3 0 12\n   8       1 sda1 1 0 8 1\n";
    CHECK_TEXT(keys("disk", file), "sda sda1");
    CHECK_TEXT(printed("disk", file, "sda1"),
               "{\"reads\":1,\"reads_merged\":0,\"sectors_read\":8,\"read_ms\":1}");
}

static void interfaces_are_what_has_a_colon(void)
{
    const char *file = "Inter-|   Receive  |  Transmit\n"
                       " face |bytes    packets errs\n"
                       "    lo: 11 2 0 0 0 0 0 0 11 2 0 0 0 0 0 0\n"
                       "  eth0:77 5 1 0 0 0 0 0 9 3 0 0 0 0 0 0\n";
    CHECK_TEXT(keys("net", file), "lo eth0");
    CHECK(strstr(printed("net", file, "eth0"), "{\"bytes_in\":77,\"packets_in\":5,") != NULL);
}

static void the_other_forms(void)
{
    CHECK_TEXT(printed("load", "0.52 0.4 1.00 2/345 6789\n", ""),
               "{\"load_1m\":0.52,\"load_5m\":0.4,\"load_15m\":1.00,\"running\":\"2/345\","
               "\"last_pid\":6789}");
    CHECK_TEXT(
        printed("pressure.io", "some avg10=0.00 avg60=1.25 total=99\nfull avg10=0.00\n", "some"),
        "{\"avg10\":0.00,\"avg60\":1.25,\"total\":99}");
    CHECK_TEXT(keys("sockets", "sockets: used 9\nTCP: inuse 5 orphan 0\n"), "sockets TCP");
    CHECK_TEXT(printed("sockets", "sockets: used 9\nTCP: inuse 5 orphan 0\n", "TCP"),
               "{\"inuse\":5,\"orphan\":0}");
    CHECK_TEXT(keys("softirq", "        CPU0 CPU1\n  HI:  1 2\n  NET_TX: 30 4\n"), "HI NET_TX");
    CHECK_TEXT(printed("softirq", "  HI:  1 2\n  NET_TX: 30 4\n", "NET_TX"), "{\"count\":34}");
}

static void what_is_no_number_is_a_text(void)
{
    CHECK_TEXT(printed("load", "00 1. .5 -3 1e5\n", ""),
               "{\"load_1m\":\"00\",\"load_5m\":\"1.\",\"load_15m\":\".5\",\"running\":\"-3\","
               "\"last_pid\":\"1e5\"}");
}

static void nothing_comes_of_nothing(void)
{
    for (const struct proc_format *format = proc_formats; format->name; format++) {
        CHECK_TEXT(keys(format->name, ""), "");
        CHECK_TEXT(printed(format->name, "", "x"), "none {}");
    }
}

static void a_process_may_have_any_name(void)
{
    struct proc_process process;
    const char *file = "42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 7 3 0 0 20 0 1 0 5 1000 250 "
                       "18446744073709551615 1";
    CHECK(proc_process_parse(text_of(file), &process));
    CHECK(text_equals(process.command, "a) b (c)"));
    CHECK_INT(process.ticks, 10);
    CHECK_INT(process.pages, 250);
    CHECK(!proc_process_parse(text_of("42 (cut) S 1"), &process));
    CHECK(!proc_process_parse(text_of("nonsense"), &process));
    CHECK(!proc_process_parse(text_of(") ("), &process));
}

static const struct test tests[] = {
    TEST(processors_have_a_record_each),
    TEST(lines_are_picked_by_name),
    TEST(disks_are_named_by_the_third_word),
    TEST(interfaces_are_what_has_a_colon),
    TEST(the_other_forms),
    TEST(what_is_no_number_is_a_text),
    TEST(nothing_comes_of_nothing),
    TEST(a_process_may_have_any_name),
};

TEST_MAIN("daemon/demo_proc", tests)
