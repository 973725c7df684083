// SPDX-License-Identifier: Apache-2.0
//
// Any sequence of events to a pool with any policy. Every draw of the mix takes a byte or two of
// the input; after each settle it checks the rules from scratch and a plan that was restarted on
// the way. A target is one program of one file, so the mix is included, and what it needs.
#include <stdlib.h>

#include "unit/plan/mix.c"

#define STEPS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void step(struct mix *mix)
{
    switch (mix_random(mix, 32)) {
    case 0:
    case 1:
        mix_settle(mix);
        break;
    case 2:
        mix_restart(mix);
        break;
    case 3:
        mix_policy_draw(mix);
        break;
    case 4:
        mix->is_frozen = !mix->is_frozen;
        break;
    default:
        mix_event(mix);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mix *mix = malloc(sizeof(*mix));
    ensure(mix != NULL);
    mix_init(mix, 1);
    mix->bytes = data;
    mix->bytes_left = size;
    for (int i = 0; i < STEPS_MAX && mix->bytes_left > 0; i++)
        step(mix);
    mix_settle(mix);
    mix_finish(mix);
    free(mix);
    return 0;
}
