// SPDX-License-Identifier: Apache-2.0
#include "tale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world *tale_begin(void)
{
    struct world *world = world_create(&(struct world_options){.seed = 1});
    world_coordinator(world, "north");
    world_run(world, 1500);
    CHECK_TEXT(world_leader(world), "north");
    tale_skip(world);
    return world;
}

struct world *tale_with(int collectors, int topics)
{
    static const char *const ids[] = {"a", "b", "c", "d"};
    struct world *world = tale_begin();
    struct buffer names = {0};
    for (int i = 0; i < collectors; i++)
        world_collector(world, ids[i]);
    world_run(world, 3000);
    for (int i = 1; i <= topics; i++)
        buffer_print(&names, "%st%d", i > 1 ? " " : "", i);
    world_announce(world, "agent", "set", buffer_string(&names));
    buffer_finish(&names);
    world_run(world, 3000);
    CHECK_TEXT(world_unsettled(world), NULL);
    tale_skip(world);
    return world;
}

void tale_compare(struct world *world, const char *expected, const char *file, int line)
{
    const char *told = world_story(world);
    if (getenv("TALE_PRINT") != NULL)
        printf("---- %s:%d\n%s", file, line, told);
    else
        test_check_text(told, expected, "the story", file, line);
}

void tale_skip(struct world *world)
{
    const char *told = world_story(world);
    if (getenv("TALE_SKIPPED") != NULL)
        printf("---- skipped\n%s", told);
}

void tale_has(struct world *world, const char *line)
{
    const char *told = buffer_string(&world->story);
    bool has = strstr(told, line) != NULL;
    CHECK(has);
    if (!has)
        printf("     never told: %s\n     but:\n%s", line, told);
}

void tale_end_unsettled(struct world *world)
{
    check_state(world);
    CHECK_TEXT(world_end(world), NULL);
}

void tale_end(struct world *world)
{
    CHECK_TEXT(world_unsettled(world), NULL);
    check_truth(world);
    tale_end_unsettled(world);
}
