// SPDX-License-Identifier: Apache-2.0

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/settings.h"
#include "test.h"

// A folder of its own for each test that needs files.
struct folder {
    char path[64];
    char file[160]; // last one written
};

static void folder_create(struct folder *folder)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/muster-conf-XXXXXX");
    REQUIRE(mkdtemp(folder->path) != NULL);
}

static const char *folder_write(struct folder *folder, const char *name, const char *text)
{
    snprintf(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);
    FILE *file = fopen(folder->file, "wb");
    REQUIRE(file != NULL);
    fputs(text, file);
    fclose(file);
    return folder->file;
}

static void folder_destroy(struct folder *folder)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", folder->path);
    CHECK_INT(system(command), 0);
}

static void check_problems(const char *text, const char *expected)
{
    struct conf *conf = conf_create();
    enum status status = conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", text_of(text));
    CHECK_INT(status, expected[0] ? STATUS_INVALID : STATUS_OK);
    CHECK_TEXT(conf_problems(conf), expected);
    conf_destroy(conf);
}

static const char *origin_of(const struct conf *conf, const char *name)
{
    struct conf_row row;
    size_t cursor = 0;
    while (conf_row_next(conf, &cursor, &row))
        if (strcmp(row.name, name) == 0)
            return row.origin;
    return NULL;
}

static void a_file_has_keys_comments_and_blank_lines(void)
{
    struct conf *conf = conf_create();
    const char *text = "\xef\xbb\xbf# a comment\n\n   \t\n  lease.ms=20000\r\npool =  edge  \n"
                       "sink.file.path = /tmp/a#b = c";
    CHECK_INT(conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", text_of(text)), STATUS_OK);
    CHECK_INT(conf_int(conf, "lease.ms"), 20000);
    CHECK_TEXT(conf_text(conf, "pool"), "edge");
    CHECK_TEXT(conf_text(conf, "sink.file.path"), "/tmp/a#b = c");
    conf_destroy(conf);
}

static void an_unknown_key_is_refused_with_line_and_nearest_key(void)
{
    check_problems("# x\nleas.ms = 3s\n",
                   "m.conf:2: unknown setting 'leas.ms': did you mean 'lease.ms'?\n");
    check_problems(
        "nothing.like.it = 3s\n",
        "m.conf:1: unknown setting 'nothing.like.it': 'muster config show' lists them\n");
}

static void a_wrong_unit_is_refused_with_line(void)
{
    check_problems("pool = a\nlease.ms = 64 MiB\n",
                   "m.conf:2: lease.ms: '64 MiB' is not a duration: write a whole number of ms, or "
                   "one with ms, s, m, h or d\n");
}

static void an_impossible_value_is_refused_with_line(void)
{
    check_problems("lease.ms = 1\n",
                   "m.conf:1: lease.ms: '1' is out of range: 100 to 3600000 ms\n");
    check_problems("api.listen = host\n",
                   "m.conf:1: api.listen: 'host' has no port: write HOST:PORT\n");
}

static void all_problems_of_a_file_are_named(void)
{
    check_problems("x\n= 3\nlease.ms = 20s\nlease.ms = 30s\nkafka. = 1\n",
                   "m.conf:1: 'x' is not KEY = VALUE\n"
                   "m.conf:2: the key before '=' is empty\n"
                   "m.conf:4: 'lease.ms' is there twice, first in line 3\n"
                   "m.conf:5: 'kafka.' has no property behind it: write kafka.NAME\n");
}

static void what_is_no_text_is_refused(void)
{
    check_problems("pool = a\x1b[31m\n",
                   "m.conf:1: the line holds control characters or is not UTF-8\n");
    check_problems("pool = \xff\n",
                   "m.conf:1: the line holds control characters or is not UTF-8\n");
    struct conf *conf = conf_create();
    struct text text = TEXT_LITERAL("pool = a\0b\n");
    CHECK_INT(conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", text), STATUS_INVALID);
    conf_destroy(conf);
}

static void problems_are_bounded(void)
{
    struct conf *conf = conf_create();
    struct buffer text = {0};
    for (int i = 0; i < 5000; i++)
        buffer_add_string(&text, "x\n");
    CHECK_INT(conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", buffer_text(&text)), STATUS_INVALID);
    CHECK_INT(conf_problem_count(conf), 5000);
    CHECK(strlen(conf_problems(conf)) < 100 * 40);
    buffer_finish(&text);
    conf_destroy(conf);
}

static void the_stronger_source_wins_in_any_order(void)
{
    static const char *const environment[] = {"MUSTER_POOL=from-environment", NULL};
    static const struct conf_flag flags[] = {{"--pool", "pool", "first"},
                                             {"--set", "pool", "from-flag"}};
    struct conf *conf = conf_create();
    CHECK_INT(conf_load_flags(conf, flags, 2), STATUS_OK);
    CHECK_INT(conf_load_environment(conf, environment), STATUS_OK);
    CHECK_INT(conf_load_text(conf, CONF_CONFIG_FILE, "m.conf", TEXT_LITERAL("pool = from-file")),
              STATUS_OK);
    CHECK_TEXT(conf_text(conf, "pool"), "from-flag");
    CHECK_TEXT(origin_of(conf, "pool"), "flag --set");
    conf_destroy(conf);
}

// Each source but the strongest is asked for what no stronger one says.
static void every_level_is_looked_up_in_turn(void)
{
    struct folder folder;
    folder_create(&folder);
    char system_path[160];
    char config_path[160];
    char variable[160];
    snprintf(
        system_path, sizeof(system_path), "%s",
        folder_write(&folder, "system.conf",
                     "pool = s\nprefix = s\nagent.id = s\nstate.file = s\nlog.level = debug\n"));
    snprintf(config_path, sizeof(config_path), "%s",
             folder_write(&folder, "config.conf", "pool = c\nprefix = c\nagent.id = c\n"));
    snprintf(variable, sizeof(variable), "%s/muster", folder.path);
    REQUIRE(mkdir(variable, 0700) == 0);
    folder_write(&folder, "muster/muster.conf",
                 "pool = u\nprefix = u\nagent.id = u\nstate.file = u\n");
    snprintf(variable, sizeof(variable), "XDG_CONFIG_HOME=%s", folder.path);
    const char *const environment[] = {"HOME=/nowhere", variable, "MUSTER_POOL=e",
                                       "MUSTER_PREFIX=e", NULL};
    const struct conf_flag flag = {"--pool", "pool", "f"};
    const struct conf_sources sources = {.system_path = system_path,
                                         .config_path = config_path,
                                         .environment = environment,
                                         .flags = &flag,
                                         .flag_count = 1};
    struct conf *conf = conf_create();
    CHECK_INT(conf_load(conf, &sources), STATUS_OK);
    CHECK_TEXT(conf_text(conf, "pool"), "f");
    CHECK_TEXT(conf_text(conf, "prefix"), "e");
    CHECK_TEXT(conf_text(conf, "agent.id"), "c");
    CHECK_TEXT(conf_text(conf, "state.file"), "u");
    CHECK_TEXT(conf_text(conf, "log.level"), "debug");
    CHECK_TEXT(conf_text(conf, "sink.type"), "stdout");
    CHECK_TEXT(origin_of(conf, "prefix"), "environment MUSTER_PREFIX");
    conf_destroy(conf);
    folder_destroy(&folder);
}

static void a_named_file_must_be_there_and_the_usual_ones_need_not(void)
{
    static const char *const environment[] = {"XDG_CONFIG_HOME=/nonexistent", NULL};
    struct conf_sources sources = {.system_path = "/nonexistent/a", .environment = environment};
    struct conf *conf = conf_create();
    CHECK_INT(conf_load(conf, &sources), STATUS_OK);
    sources.config_path = "/nonexistent/b";
    CHECK_INT(conf_load(conf, &sources), STATUS_INVALID);
    CHECK_TEXT(conf_problems(conf),
               "/nonexistent/b: cannot read the file: No such file or directory\n");
    conf_destroy(conf);
}

static void a_folder_and_a_huge_file_are_no_configuration(void)
{
    struct folder folder;
    folder_create(&folder);
    struct conf *conf = conf_create();
    CHECK_INT(conf_load_file(conf, CONF_SYSTEM_FILE, folder.path), STATUS_INVALID);
    const char *path = folder_write(&folder, "huge.conf", "# large\n");
    REQUIRE(truncate(path, 2 * 1024 * 1024) == 0);
    CHECK_INT(conf_load_file(conf, CONF_SYSTEM_FILE, path), STATUS_INVALID);
    CHECK(strstr(conf_problems(conf), "larger than 1048576 bytes") != NULL);
    conf_destroy(conf);
    folder_destroy(&folder);
}

static void variables_reach_settings_and_kafka(void)
{
    static const char *const environment[] = {"PATH=/bin", "MUSTER_LEASE_MS=20s",
                                              "MUSTER_KAFKA_CLIENT_RACK=r1", "MUSTERX=1", NULL};
    struct conf *conf = conf_create();
    CHECK_INT(conf_load_environment(conf, environment), STATUS_OK);
    CHECK_INT(conf_int(conf, "lease.ms"), 20000);
    CHECK_TEXT(origin_of(conf, "kafka.client.rack"), "environment MUSTER_KAFKA_CLIENT_RACK");
    conf_destroy(conf);
}

// An orchestrator's variables for a service called 'muster' are left alone.
static void only_slips_in_the_environment_are_refused(void)
{
    static const char *const foreign[] = {"MUSTER_SERVICE_HOST=10.0.0.1",
                                          "MUSTER_PORT=tcp://10.0.0.1:8600",
                                          "MUSTER_PORT_8600_TCP_PROTO=tcp", "MUSTER_=x", NULL};
    static const char *const slip[] = {"MUSTER_LEAS_MS=20s", NULL};
    static const char *const wrong[] = {"MUSTER_LEASE_MS=soon", NULL};
    struct conf *conf = conf_create();
    CHECK_INT(conf_load_environment(conf, foreign), STATUS_OK);
    CHECK_INT(conf_load_environment(conf, slip), STATUS_INVALID);
    CHECK_INT(conf_load_environment(conf, wrong), STATUS_INVALID);
    CHECK_TEXT(conf_problems(conf),
               "environment MUSTER_LEAS_MS: unknown setting 'leas.ms': did you mean 'lease.ms'?\n"
               "environment MUSTER_LEASE_MS: lease.ms: 'soon' is not a duration: write a whole "
               "number of ms, or one with ms, s, m, h or d\n");
    conf_destroy(conf);
}

static const char *kafka_value(const struct conf *conf, const char *wanted)
{
    const char *name = NULL;
    const char *value = NULL;
    size_t cursor = 0;
    while (conf_kafka_next(conf, &cursor, &name, &value))
        if (strcmp(name, wanted) == 0)
            return value;
    return NULL;
}

static void secrets_come_from_a_file_a_descriptor_or_a_credential(void)
{
    struct folder folder;
    folder_create(&folder);
    char text[512];
    char variable[160];
    folder_write(&folder, "key", "from-credential");
    FILE *file = fopen(folder_write(&folder, "pem", "from\nfd\n"), "rb");
    REQUIRE(file != NULL);
    const char *path = folder_write(&folder, "password", "from file \n");
    snprintf(text, sizeof(text),
             "kafka.sasl.password.file = %s\nkafka.ssl.key.pem.fd = %d\n"
             "kafka.ssl.key.password.credential = key\n",
             path, fileno(file));
    snprintf(variable, sizeof(variable), "CREDENTIALS_DIRECTORY=%s", folder.path);
    const char *const environment[] = {variable, NULL};
    char config_path[160];
    snprintf(config_path, sizeof(config_path), "%s", folder_write(&folder, "m.conf", text));
    struct conf_sources sources = {
        .system_path = "", .config_path = config_path, .environment = environment};
    struct conf *conf = conf_create();
    CHECK_INT(conf_load(conf, &sources), STATUS_OK);
    CHECK_TEXT(conf_problems(conf), "");
    CHECK_TEXT(kafka_value(conf, "sasl.password"), "from file ");
    CHECK_TEXT(kafka_value(conf, "ssl.key.pem"), "from\nfd");
    CHECK_TEXT(kafka_value(conf, "ssl.key.password"), "from-credential");
    fclose(file);
    conf_destroy(conf);
    folder_destroy(&folder);
}

static void secrets_are_never_shown(void)
{
    struct folder folder;
    folder_create(&folder);
    struct conf *conf = conf_create();
    struct conf_row row;
    size_t cursor = 0;
    CHECK_INT(conf_set(conf, "--set", "kafka.sasl.password.file",
                       folder_write(&folder, "password", "hunter2\n")),
              STATUS_OK);
    while (conf_row_next(conf, &cursor, &row)) {
        CHECK(strstr(row.value, "hunter2") == NULL);
        if (strcmp(row.name, "kafka.sasl.password") == 0)
            CHECK_TEXT(row.value, "(hidden)");
    }
    conf_destroy(conf);
    folder_destroy(&folder);
}

static void secrets_are_refused_where_they_are_written_down(void)
{
    struct conf *conf = conf_create();
    CHECK_INT(conf_set(conf, "--set", "kafka.sasl.password", "hunter2"), STATUS_INVALID);
    CHECK(strstr(conf_problems(conf), "kafka.sasl.password.file") != NULL);
    CHECK(strstr(conf_problems(conf), "hunter2") == NULL);
    CHECK(kafka_value(conf, "sasl.password") == NULL);
    conf_destroy(conf);
}

static void a_secret_that_cannot_be_read_is_a_problem(void)
{
    static const struct {
        const char *name;
        const char *value;
    } rows[] = {
        {"kafka.sasl.password.file", "/nonexistent"},
        {"kafka.sasl.password.file", "/dev/null"},
        {"kafka.sasl.password.fd", "x"},
        {"kafka.sasl.password.fd", "-1"},
        {"kafka.sasl.password.fd", "999999"},
        {"kafka.sasl.password.credential", "key"},
        {"kafka.sasl.password.credential", "../../etc"},
    };
    struct conf *conf = conf_create();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_INT(conf_set(conf, "--set", rows[i].name, rows[i].value), STATUS_INVALID);
    CHECK_INT(conf_problem_count(conf), sizeof(rows) / sizeof(rows[0]));
    conf_destroy(conf);
}

static const struct test tests[] = {
    TEST(a_file_has_keys_comments_and_blank_lines),
    TEST(an_unknown_key_is_refused_with_line_and_nearest_key),
    TEST(a_wrong_unit_is_refused_with_line),
    TEST(an_impossible_value_is_refused_with_line),
    TEST(all_problems_of_a_file_are_named),
    TEST(what_is_no_text_is_refused),
    TEST(problems_are_bounded),
    TEST(the_stronger_source_wins_in_any_order),
    TEST(every_level_is_looked_up_in_turn),
    TEST(a_named_file_must_be_there_and_the_usual_ones_need_not),
    TEST(a_folder_and_a_huge_file_are_no_configuration),
    TEST(variables_reach_settings_and_kafka),
    TEST(only_slips_in_the_environment_are_refused),
    TEST(secrets_come_from_a_file_a_descriptor_or_a_credential),
    TEST(secrets_are_never_shown),
    TEST(secrets_are_refused_where_they_are_written_down),
    TEST(a_secret_that_cannot_be_read_is_a_problem),
};

TEST_MAIN("conf/load", tests)
