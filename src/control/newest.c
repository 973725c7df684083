// SPDX-License-Identifier: Apache-2.0
//
// S7: the state must not go back. A life remembers the newest generation that it knows to have been
// committed: by its own reading of the state, by its own commits, and at a claim by what the other
// coordinators had said until then. Everything that was committed before the claim stands before
// the own marker, so when that has come back and the state is older still, it is a copy of former
// times, and nobody must decide by it. Where no coordinator lives to remember, the newest heads
// do: what was published after the copy was made stands in assignments.
#include <string.h>

#include "control/core.h"

static void note(struct newest *newest, const char *lineage, int64_t generation)
{
    if (strcmp(newest->lineage, lineage) != 0)
        newest->generation = 0;
    memmove(newest->lineage, lineage, strlen(lineage) + 1);
    if (generation > newest->generation)
        newest->generation = generation;
}

void newest_note(struct control *control)
{
    if (control->lineage != NULL && strlen(control->lineage) < sizeof(control->newest.lineage))
        note(&control->newest, control->lineage, control->generation);
}

void newest_gather(struct control *control)
{
    for (int i = 0; i < COORDINATORS_MAX; i++) {
        const struct peer *peer = &control->peers[i];
        if (peer->id != NULL && control->lineage != NULL &&
            strcmp(peer->lineage, control->lineage) == 0)
            note(&control->newest, peer->lineage, peer->applied_generation);
    }
}

void newest_hear(struct control *control, int64_t generation)
{
    if (control->lineage != NULL)
        note(&control->newest, control->lineage, generation);
}

bool newest_is_ahead(const struct control *control)
{
    return control->lineage != NULL && strcmp(control->newest.lineage, control->lineage) == 0 &&
           control->newest.generation > control->generation;
}
