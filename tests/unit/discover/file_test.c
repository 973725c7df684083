// SPDX-License-Identifier: Apache-2.0
//
// A file that comes, changes, breaks and goes while it is looked at.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "discover/discover.h"
#include "test.h"

struct place {
    char folder[64];
    char path[96];
    struct discover *source;
    struct buffer fault;
};

static void place_open(struct place *place)
{
    *place = (struct place){0};
    snprintf(place->folder, sizeof(place->folder), "/tmp/muster-discover-XXXXXX");
    REQUIRE(mkdtemp(place->folder) != NULL);
    snprintf(place->path, sizeof(place->path), "%s/topics", place->folder);
    place->source = discover_file_create(place->path);
}

static void place_close(struct place *place)
{
    discover_destroy(place->source);
    buffer_finish(&place->fault);
    unlink(place->path);
    rmdir(place->folder);
}

static void place_write(struct place *place, const char *text)
{
    FILE *file = fopen(place->path, "w");
    REQUIRE(file != NULL);
    fputs(text, file);
    REQUIRE(fclose(file) == 0);
}

static enum status look(struct place *place)
{
    buffer_clear(&place->fault);
    return discover_look(place->source, &place->fault);
}

// Two looks: one sees the file, the next finds it at rest.
static enum status look_at_rest(struct place *place)
{
    CHECK_INT(look(place), STATUS_AGAIN);
    return look(place);
}

static void a_set_is_taken_when_the_file_rests(void)
{
    struct place place;
    place_open(&place);
    place_write(&place, "t1\n");
    CHECK_INT(look(&place), STATUS_AGAIN);
    CHECK(!discover_is_known(place.source));
    place_write(&place, "t1\nt2\n");
    CHECK_INT(look(&place), STATUS_AGAIN);
    CHECK_INT(look(&place), STATUS_OK);
    CHECK(discover_is_known(place.source));
    CHECK_INT(discover_count(place.source), 2);
    CHECK(text_equals(discover_topics(place.source)[1].name, "t2"));
    CHECK_INT(look(&place), STATUS_AGAIN);
    CHECK_INT(discover_count(place.source), 2);
    place_close(&place);
}

// PD-12
static void a_file_that_is_gone_takes_nothing_away(void)
{
    struct place place;
    place_open(&place);
    place_write(&place, "t1\n");
    CHECK_INT(look_at_rest(&place), STATUS_OK);
    unlink(place.path);
    CHECK_INT(look(&place), STATUS_NOT_FOUND);
    CHECK(strstr(buffer_string(&place.fault), "cannot read '/tmp/muster-discover-") != NULL);
    CHECK_INT(discover_count(place.source), 1);
    place_write(&place, "t3\n");
    CHECK_INT(look_at_rest(&place), STATUS_OK);
    CHECK(text_equals(discover_topics(place.source)[0].name, "t3"));
    place_close(&place);
}

static void a_wrong_file_takes_nothing_away(void)
{
    struct place place;
    place_open(&place);
    place_write(&place, "t1\n");
    CHECK_INT(look_at_rest(&place), STATUS_OK);
    place_write(&place, "t1\nt/2\n");
    CHECK_INT(look_at_rest(&place), STATUS_INVALID);
    CHECK(strstr(buffer_string(&place.fault), "topics', line 2: the topic's name") != NULL);
    CHECK_INT(discover_count(place.source), 1);
    CHECK_INT(look(&place), STATUS_INVALID);
    place_close(&place);
}

static void an_empty_file_is_an_empty_set(void)
{
    struct place place;
    place_open(&place);
    place_write(&place, "t1\n");
    CHECK_INT(look_at_rest(&place), STATUS_OK);
    place_write(&place, "");
    CHECK_INT(look_at_rest(&place), STATUS_OK);
    CHECK_INT(discover_count(place.source), 0);
    CHECK(discover_is_known(place.source));
    place_close(&place);
}

static void what_is_no_file_is_refused(void)
{
    struct place place;
    place_open(&place);
    REQUIRE(mkdir(place.path, 0700) == 0);
    CHECK_INT(look(&place), STATUS_INVALID);
    rmdir(place.path);
    place_close(&place);
}

static const struct test tests[] = {
    TEST(a_set_is_taken_when_the_file_rests), TEST(a_file_that_is_gone_takes_nothing_away),
    TEST(a_wrong_file_takes_nothing_away),    TEST(an_empty_file_is_an_empty_set),
    TEST(what_is_no_file_is_refused),
};

TEST_MAIN("discover/file", tests)
