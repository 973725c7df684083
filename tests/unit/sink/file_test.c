// SPDX-License-Identifier: Apache-2.0
//
// The sink 'file': whole lines only, also on a full disk and after a crash; rotation; one writer.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "sink/sink.h"
#include "test.h"

struct place {
    char folder[256];
    char path[300];
    struct sink_options options;
};

static void place_make(struct place *place, int64_t rotate_bytes, int64_t rotate_count)
{
    folder_make(place->folder);
    snprintf(place->path, sizeof place->path, "%s/out", place->folder);
    place->options = (struct sink_options){.type = "file",
                                           .path = place->path,
                                           .rotate_bytes = rotate_bytes,
                                           .rotate_count = rotate_count};
}

static struct sink *open_sink(const struct place *place)
{
    struct buffer fault = {0};
    struct sink *sink = NULL;
    enum status status = sink_create(&place->options, &fault, &sink);
    CHECK_TEXT(buffer_string(&fault), "");
    REQUIRE(status == STATUS_OK);
    buffer_finish(&fault);
    return sink;
}

static enum status write_one(struct sink *sink, int64_t offset, const char *value)
{
    struct sink_record record = record_of(offset, value);
    enum sink_verdict verdict;
    enum status status = sink_write(sink, &record, 1, INSTANT_NEVER, &verdict);
    CHECK_INT(verdict, status == STATUS_OK ? SINK_DONE : SINK_RETRY);
    return status;
}

static void check_file(const struct place *place, const char *name, const char *expected)
{
    char *text = folder_read(place->folder, name);
    CHECK_TEXT(text, expected);
    free(text);
}

static void lines_are_appended_over_restarts(void)
{
    struct place place;
    struct buffer expected = {0};
    place_make(&place, 0, 0);
    struct sink *sink = open_sink(&place);
    CHECK_INT(write_one(sink, 1, "a"), STATUS_OK);
    sink_destroy(sink);
    sink = open_sink(&place);
    CHECK_INT(write_one(sink, 2, "b"), STATUS_OK);
    sink_destroy(sink);
    line_of(1, "a", &expected);
    line_of(2, "b", &expected);
    check_file(&place, "out", buffer_string(&expected));
    buffer_finish(&expected);
    folder_remove(place.folder);
}

static void half_a_line_of_a_killed_predecessor_is_cut_off(void)
{
    struct place place;
    struct buffer expected = {0};
    struct buffer found = {0};
    place_make(&place, 0, 0);
    line_of(1, "a", &expected);
    buffer_add_text(&found, buffer_text(&expected));
    buffer_add_string(&found, "{\"cluster\":\"\",\"topic\":\"t\",\"par");
    folder_write(place.folder, "out", buffer_string(&found));
    struct sink *sink = open_sink(&place);
    CHECK_INT(write_one(sink, 2, "b"), STATUS_OK);
    sink_destroy(sink);
    line_of(2, "b", &expected);
    check_file(&place, "out", buffer_string(&expected));
    buffer_finish(&expected);
    buffer_finish(&found);
    folder_remove(place.folder);
}

static void half_a_line_longer_than_what_is_looked_back_at_is_cut_off(void)
{
    struct place place;
    struct buffer expected = {0};
    struct buffer found = {0};
    place_make(&place, 0, 0);
    line_of(1, "a", &expected);
    buffer_add_text(&found, buffer_text(&expected));
    buffer_add_string(&found, "{\"cluster\":\"");
    for (int i = 0; i < 10000; i++)
        buffer_add_char(&found, 'x');
    folder_write(place.folder, "out", buffer_string(&found));
    sink_destroy(open_sink(&place));
    check_file(&place, "out", buffer_string(&expected));
    buffer_finish(&expected);
    buffer_finish(&found);
    folder_remove(place.folder);
}

static void text_of_others_is_kept_and_gets_its_line_end(void)
{
    struct place place;
    place_make(&place, 0, 0);
    folder_write(place.folder, "out", "notes of somebody");
    sink_destroy(open_sink(&place));
    check_file(&place, "out", "notes of somebody\n");
    folder_remove(place.folder);
}

static void second_writer_is_refused(void)
{
    struct place place;
    struct buffer fault = {0};
    struct sink *second = NULL;
    place_make(&place, 0, 0);
    struct sink *sink = open_sink(&place);
    CHECK_INT(sink_create(&place.options, &fault, &second), STATUS_EXISTS);
    CHECK(strstr(buffer_string(&fault), "is written by another process") != NULL);
    sink_destroy(sink);
    sink_destroy(open_sink(&place));
    buffer_finish(&fault);
    folder_remove(place.folder);
}

static void place_that_cannot_be_opened_is_refused(void)
{
    struct buffer fault = {0};
    struct sink *sink = NULL;
    struct sink_options options = {.type = "file", .path = "/nowhere/at/all"};
    CHECK_INT(sink_create(&options, &fault, &sink), STATUS_FAILED);
    CHECK_TEXT(buffer_string(&fault), "cannot open '/nowhere/at/all': No such file or directory");
    buffer_clear(&fault);
    options.path = "/dev/null";
    CHECK_INT(sink_create(&options, &fault, &sink), STATUS_INVALID);
    buffer_finish(&fault);
}

static void file_is_rotated_before_it_grows_above_the_limit(void)
{
    struct place place;
    struct buffer line = {0};
    line_of(1, "a", &line);
    place_make(&place, (int64_t)line.size * 2 + 1, 2);
    struct sink *sink = open_sink(&place);
    struct sink_record records[7];
    enum sink_verdict verdicts[7];
    for (int i = 0; i < 7; i++)
        records[i] = record_of(i, "a");
    CHECK_INT(sink_write(sink, records, 7, INSTANT_NEVER, verdicts), STATUS_OK);
    for (int i = 0; i < 7; i++)
        CHECK_INT(verdicts[i], SINK_DONE);
    sink_destroy(sink);

    static const struct {
        const char *name;
        int64_t first, end;
    } files[] = {{"out", 6, 7}, {"out.1", 4, 6}, {"out.2", 2, 4}};
    for (size_t i = 0; i < 3; i++) {
        buffer_clear(&line);
        for (int64_t offset = files[i].first; offset < files[i].end; offset++)
            line_of(offset, "a", &line);
        check_file(&place, files[i].name, buffer_string(&line));
    }
    check_file(&place, "out.3", NULL);
    buffer_finish(&line);
    folder_remove(place.folder);
}

static void is_rotated_when_it_is_told_to(void)
{
    struct place place;
    struct buffer line = {0};
    place_make(&place, 0, 2);
    struct sink *sink = open_sink(&place);
    CHECK_INT(sink_rotate(sink), STATUS_OK); // nothing is in it: it stays
    CHECK_INT(write_one(sink, 1, "a"), STATUS_OK);
    CHECK_INT(sink_rotate(sink), STATUS_OK);
    CHECK_INT(sink_rotate(sink), STATUS_OK);
    check_file(&place, "out", "");
    CHECK_INT(write_one(sink, 2, "b"), STATUS_OK);
    line_of(1, "a", &line);
    check_file(&place, "out.1", buffer_string(&line));
    check_file(&place, "out.2", NULL);
    buffer_clear(&line);
    line_of(2, "b", &line);
    check_file(&place, "out", buffer_string(&line));
    sink_destroy(sink);
    buffer_finish(&line);
    folder_remove(place.folder);
}

// As logrotate does it: somebody renames the file, makes an empty one of its name, and says so.
static void begins_anew_where_somebody_has_moved_it_away(void)
{
    struct place place;
    struct buffer line = {0};
    char moved[320];
    place_make(&place, 0, 2);
    snprintf(moved, sizeof moved, "%s/moved", place.folder);
    struct sink *sink = open_sink(&place);
    CHECK_INT(write_one(sink, 1, "a"), STATUS_OK);
    CHECK_INT(rename(place.path, moved), 0);
    CHECK_INT(write_one(sink, 2, "a"), STATUS_OK);
    fclose(fopen(place.path, "w"));
    CHECK_INT(sink_rotate(sink), STATUS_OK);
    CHECK_INT(write_one(sink, 3, "a"), STATUS_OK);
    sink_destroy(sink);
    line_of(1, "a", &line);
    line_of(2, "a", &line);
    check_file(&place, "moved", buffer_string(&line));
    buffer_clear(&line);
    line_of(3, "a", &line);
    check_file(&place, "out", buffer_string(&line));
    check_file(&place, "out.1", NULL);
    buffer_finish(&line);
    folder_remove(place.folder);
}

static void a_rotation_that_fails_goes_on_later(void)
{
    struct place place;
    char blocked[320];
    place_make(&place, 0, 1);
    snprintf(blocked, sizeof blocked, "%s/out.1", place.folder);
    struct sink *sink = open_sink(&place);
    CHECK_INT(write_one(sink, 1, "a"), STATUS_OK);
    CHECK_INT(mkdir(blocked, 0700), 0);
    CHECK_INT(sink_rotate(sink), STATUS_FAILED);
    CHECK(strstr(sink_fault(sink), "cannot rename") != NULL);
    CHECK_INT(write_one(sink, 2, "a"), STATUS_OK);
    CHECK_INT(rmdir(blocked), 0);
    CHECK_INT(sink_rotate(sink), STATUS_OK);
    check_file(&place, "out", "");
    sink_destroy(sink);
    folder_remove(place.folder);
}

static void line_longer_than_the_limit_gets_a_file_of_its_own(void)
{
    struct place place;
    place_make(&place, 10, 3);
    struct sink *sink = open_sink(&place);
    CHECK_INT(write_one(sink, 1, "a"), STATUS_OK);
    CHECK_INT(write_one(sink, 2, "b"), STATUS_OK);
    sink_destroy(sink);
    char *young = folder_read(place.folder, "out");
    char *old = folder_read(place.folder, "out.1");
    CHECK(young != NULL && strstr(young, "\"b\"") != NULL);
    CHECK(old != NULL && strstr(old, "\"a\"") != NULL);
    free(young);
    free(old);
    folder_remove(place.folder);
}

static void rotation_of_a_file_that_was_moved_away_goes_on(void)
{
    struct place place;
    char moved[300];
    place_make(&place, 10, 3);
    struct sink *sink = open_sink(&place);
    CHECK_INT(write_one(sink, 1, "a"), STATUS_OK);
    snprintf(moved, sizeof moved, "%s/moved", place.folder);
    CHECK_INT(rename(place.path, moved), 0);
    CHECK_INT(write_one(sink, 2, "b"), STATUS_OK);
    sink_destroy(sink);
    char *text = folder_read(place.folder, "out");
    CHECK(text != NULL && strstr(text, "\"b\"") != NULL);
    free(text);
    folder_remove(place.folder);
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void full_disk_holds_and_leaves_no_half_line(void)
{
    struct place place;
    struct buffer expected = {0};
    struct sink_record records[] = {record_of(1, "a"), record_of(2, "b"), record_of(3, "c")};
    enum sink_verdict verdicts[3];
    signal(SIGXFSZ, SIG_IGN);
    place_make(&place, 0, 0);
    struct sink *sink = open_sink(&place);
    line_of(1, "a", &expected);
    limit_file_size(expected.size + 10);
    CHECK_INT(sink_write(sink, records, 3, INSTANT_NEVER, verdicts), STATUS_FAILED);
    CHECK_INT(verdicts[0], SINK_DONE);
    CHECK_INT(verdicts[1], SINK_RETRY);
    CHECK_INT(verdicts[2], SINK_RETRY);
    CHECK(strstr(sink_fault(sink), "File too large") != NULL);
    check_file(&place, "out", buffer_string(&expected));
    CHECK_INT(sink_write(sink, records + 1, 2, INSTANT_NEVER, verdicts), STATUS_FAILED);
    CHECK_INT(verdicts[0], SINK_RETRY);
    check_file(&place, "out", buffer_string(&expected));

    limit_file_size(RLIM_INFINITY);
    CHECK_INT(sink_write(sink, records + 1, 2, INSTANT_NEVER, verdicts), STATUS_OK);
    CHECK_TEXT(sink_fault(sink), "");
    line_of(2, "b", &expected);
    line_of(3, "c", &expected);
    check_file(&place, "out", buffer_string(&expected));
    sink_destroy(sink);
    buffer_finish(&expected);
    folder_remove(place.folder);
}

// S3: whoever has no lease left begins no write, and no rotation either.
static void no_write_begins_when_its_time_is_over(void)
{
    struct place place;
    struct buffer expected = {0};
    struct sink_record record = record_of(1, "a");
    enum sink_verdict verdict;
    line_of(1, "a", &expected);
    place_make(&place, (int64_t)expected.size + 1, 1);
    struct sink *sink = open_sink(&place);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(sink_write(sink, &record, 1, (struct instant){0}, &verdict), STATUS_AGAIN);
        CHECK_INT(verdict, SINK_RETRY);
        check_file(&place, "out", i == 0 ? "" : buffer_string(&expected));
        CHECK_INT(write_one(sink, 1, "a"), STATUS_OK);
    }
    sink_destroy(sink);
    buffer_finish(&expected);
    folder_remove(place.folder);
}

static const struct test tests[] = {
    TEST(lines_are_appended_over_restarts),
    TEST(half_a_line_of_a_killed_predecessor_is_cut_off),
    TEST(half_a_line_longer_than_what_is_looked_back_at_is_cut_off),
    TEST(text_of_others_is_kept_and_gets_its_line_end),
    TEST(second_writer_is_refused),
    TEST(place_that_cannot_be_opened_is_refused),
    TEST(file_is_rotated_before_it_grows_above_the_limit),
    TEST(is_rotated_when_it_is_told_to),
    TEST(begins_anew_where_somebody_has_moved_it_away),
    TEST(a_rotation_that_fails_goes_on_later),
    TEST(line_longer_than_the_limit_gets_a_file_of_its_own),
    TEST(rotation_of_a_file_that_was_moved_away_goes_on),
    TEST(full_disk_holds_and_leaves_no_half_line),
    TEST(no_write_begins_when_its_time_is_over),
};

TEST_MAIN("sink/file", tests)
