// SPDX-License-Identifier: Apache-2.0
//
// Reports to lag. Only the owner's admitted life is believed about a unit; what it says stays until
// it says something else or the unit changes hands. Then only the committed position is still
// known, until the next owner reports or Kafka is asked (sample.c). A report that Kafka has no such
// topic is the only one that decides anything.
//
// Owners report every few seconds on what is behind. If one does not, what was behind has grown
// older all the same; the time since is added then, not before: of a log that is read at its end
// it would say that it is seconds behind.
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "control/core.h"

enum { PARTS_MAX = 100000 };

enum { ANSWER_MAX = 400, REPORT_OLD_MS = 25000 }; // two reports were missed

static const int64_t LAG_MAX = 1LL << 40; // of one unit: a lie cannot overflow a sum
static const int64_t AGE_MAX_MS = 1LL << 50;

static void picture_release(struct picture *picture)
{
    if (picture == NULL)
        return;
    memory_release(picture->parts);
    memory_release(picture->answer);
    memory_release(picture);
}

// Adds a unit's picture to the sums of its pool, or takes it out.
static void lag_sum(struct control *control, uint32_t unit, int sign)
{
    const struct tables *tables = &control->tables;
    struct pool *pool = tables->pools[tables->topics[tables->units[unit].topic].pool];
    const struct picture *picture = control->pictures[unit];
    if (picture->lag < 0)
        return;
    pool->lag_units += sign;
    pool->lag_records += sign * picture->lag;
    pool->records_per_s += picture->is_heard ? sign * picture->records_per_s : 0;
}

void lag_forget(struct control *control, uint32_t unit)
{
    silence_forget(control, unit);
    handed_forget(control, unit);
    if (unit >= control->pictures_capacity || control->pictures[unit] == NULL)
        return;
    lag_sum(control, unit, -1);
    picture_release(control->pictures[unit]);
    control->pictures[unit] = NULL;
}

void lag_finish(struct control *control)
{
    for (uint32_t i = 0; i < control->pictures_capacity; i++)
        picture_release(control->pictures[i]);
    memory_release(control->pictures);
    control->pictures = NULL;
    control->pictures_capacity = 0;
}

static struct picture *picture_row(struct control *control, uint32_t unit)
{
    uint32_t had = control->pictures_capacity;
    control->pictures = array_reserve(control->pictures, &control->pictures_capacity, unit + 1,
                                      sizeof(struct picture *));
    memset(control->pictures + had, 0,
           (control->pictures_capacity - had) * sizeof(struct picture *));
    if (control->pictures[unit] == NULL) {
        control->pictures[unit] = memory_get(sizeof(struct picture));
        control->pictures[unit]->lag = control->pictures[unit]->oldest_unprocessed_ms = -1;
    }
    return control->pictures[unit];
}

// Sums a field over the parts; −1 as soon as one is not known.
static void picture_sum(struct picture *picture)
{
    picture->position = picture->committed = picture->end = picture->parts_count > 0 ? 0 : -1;
    for (uint32_t i = 0; i < picture->parts_count; i++) {
        const struct report_part *part = &picture->parts[i];
        const int64_t values[] = {part->position, part->committed, part->end};
        int64_t *sums[] = {&picture->position, &picture->committed, &picture->end};
        for (int k = 0; k < 3; k++)
            *sums[k] = values[k] < 0 || *sums[k] < 0 || values[k] > INT64_MAX / PARTS_MAX
                           ? -1
                           : *sums[k] + values[k];
    }
}

// A word, and behind a colon what the sink answers.
static void state_take(struct picture *picture, struct text said)
{
    size_t size = 0;
    while (size < said.size && said.data[size] != ':')
        size++;
    memory_release(picture->answer);
    picture->answer = NULL;
    if (size + 2 < said.size && said.size < ANSWER_MAX)
        picture->answer = text_copy((struct text){said.data + size + 2, said.size - size - 2});
    snprintf(picture->state, sizeof(picture->state), "%.*s", (int)(size < 15 ? size : 15),
             said.data ? said.data : "");
}

static void picture_take(struct control *control, struct picture *picture,
                         const struct report_unit *said)
{
    int64_t oldest_ms = said->oldest_unprocessed_ms;
    picture->is_heard = true;
    picture->said_at = control->now;
    memory_release(picture->parts);
    picture->parts_count = said->parts_count < PARTS_MAX ? said->parts_count : PARTS_MAX;
    picture->parts = memory_copy(said->parts, picture->parts_count * sizeof(*said->parts));
    picture_sum(picture);
    picture->lag = said->lag < 0 ? -1 : said->lag < LAG_MAX ? said->lag : LAG_MAX;
    picture->oldest_unprocessed_ms = oldest_ms < 0            ? -1
                                     : oldest_ms < AGE_MAX_MS ? oldest_ms
                                                              : AGE_MAX_MS;
    picture->records_per_s = said->records_per_s < 0         ? 0
                             : said->records_per_s < LAG_MAX ? said->records_per_s
                                                             : LAG_MAX;
    picture->bytes_per_s = said->bytes_per_s;
    state_take(picture, said->state);
}

// ---- Without a report.

static int64_t silent_ms(const struct control *control, const struct picture *picture)
{
    return span_ms(instant_since(control->now, picture->said_at));
}

int64_t lag_oldest_ms(const struct control *control, const struct picture *picture)
{
    int64_t ms = silent_ms(control, picture);
    if (picture->lag < 0 && !picture->is_heard)
        return -1;
    if (picture->oldest_unprocessed_ms < 0 || picture->lag <= 0 ||
        (picture->is_heard && ms < REPORT_OLD_MS))
        return picture->oldest_unprocessed_ms;
    return picture->oldest_unprocessed_ms + ms;
}

void lag_unheard(struct control *control, uint32_t unit)
{
    struct picture *picture = unit < control->pictures_capacity ? control->pictures[unit] : NULL;
    if (picture == NULL)
        return;
    lag_sum(control, unit, -1);
    if (picture->lag > 0 && picture->oldest_unprocessed_ms >= 0)
        picture->oldest_unprocessed_ms += silent_ms(control, picture);
    if (picture->lag >= 0)
        picture->said_at = control->now;
    picture->is_heard = false;
    picture->lag = -1;
    state_take(picture, (struct text){0});
    for (uint32_t i = 0; i < picture->parts_count; i++) {
        picture->parts[i].position = picture->parts[i].committed;
        picture->parts[i].end = -1;
    }
    picture_sum(picture);
}

// Makes the parts be those partitions, in their order; what was committed to them stays known.
static void parts_shape(struct picture *picture, int32_t first, uint32_t count)
{
    bool fits = picture->parts_count == count;
    for (uint32_t i = 0; fits && i < count; i++)
        fits = picture->parts[i].partition == first + (int64_t)i;
    if (fits)
        return;
    struct report_part *parts = memory_get(count * sizeof(*parts));
    for (uint32_t i = 0; i < count; i++)
        parts[i] = (struct report_part){first + (int64_t)i, -1, -1, -1};
    for (uint32_t i = 0; i < picture->parts_count; i++) {
        int64_t at = picture->parts[i].partition - first;
        if (at >= 0 && at < (int64_t)count)
            parts[at] = picture->parts[i];
    }
    memory_release(picture->parts);
    picture->parts = parts;
    picture->parts_count = count;
}

// Offsets between what is committed and the end; −1 if one of them is not known, or behind the end.
static int64_t lag_committed(const struct picture *picture)
{
    int64_t lag = 0;
    for (uint32_t i = 0; i < picture->parts_count; i++) {
        const struct report_part *part = &picture->parts[i];
        if (part->committed < 0 || part->end < part->committed)
            return -1;
        lag += part->end - part->committed;
    }
    return lag < LAG_MAX ? lag : LAG_MAX;
}

// The oldest record is not looked at. Of a log that was read to its end it is not older than the
// last time that this was seen; what nobody has reported on in this life stays without an age.
void lag_sampled(struct control *control, uint32_t unit, const struct control_end_answer *parts,
                 uint32_t count)
{
    struct picture *picture = picture_row(control, unit);
    int64_t before = picture->lag;
    lag_sum(control, unit, -1);
    parts_shape(picture, parts[0].partition, count);
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].committed >= 0)
            picture->parts[i].committed = parts[i].committed;
        picture->parts[i].position = picture->parts[i].committed;
        picture->parts[i].end = parts[i].end;
    }
    picture_sum(picture);
    picture->lag = lag_committed(picture);
    if (picture->lag == 0)
        picture->oldest_unprocessed_ms = 0;
    if (picture->lag == 0 || (picture->oldest_unprocessed_ms == 0 && before <= 0))
        picture->said_at = control->now;
    lag_sum(control, unit, 1);
}

uint32_t unit_of_owner(const struct control *control, const struct collector *owner,
                       struct text text)
{
    struct unit_name name;
    if (unit_name_parse(text, &name) != STATUS_OK)
        return NONE;
    struct text whole = unit_topic(text, name);
    uint32_t topic = topic_find(&control->tables, owner->pool, whole);
    uint32_t unit =
        topic == NONE ? NONE : unit_find(&control->tables, topic, (int32_t)name.partition);
    return unit != NONE && control->tables.units[unit].owner == owner->handle ? unit : NONE;
}

// ---- Loads, for balance = load.

// What the pool measures by; where the owner knows no bytes, its records stand in for them. What is
// idle counts as one, so that idle units are evened out by number; of what nothing is known nothing
// is said.
int64_t load_of(const struct control *control, uint32_t unit)
{
    const struct tables *tables = &control->tables;
    const struct picture *picture =
        unit < control->pictures_capacity ? control->pictures[unit] : NULL;
    if (picture == NULL)
        return 0;
    enum plan_load kind = tables->pools[tables->topics[tables->units[unit].topic].pool]->asked.load;
    int64_t load = picture->records_per_s;
    if (kind == PLAN_LOAD_LAG)
        load = picture->lag;
    else if (kind == PLAN_LOAD_BYTES && picture->bytes_per_s > 0)
        load = picture->bytes_per_s;
    if (kind == PLAN_LOAD_LAG && load < 0)
        return 0;
    return load < 1 ? 1 : load < PLAN_WEIGHT_MAX ? load : PLAN_WEIGHT_MAX;
}

static void load_tell(const struct control *control, uint32_t unit)
{
    const struct tables *tables = &control->tables;
    struct pool *pool = tables->pools[tables->topics[tables->units[unit].topic].pool];
    if (pool->plan == NULL || !plan_unit_is_known(pool->plan, unit))
        return;
    plan_unit_load(pool->plan, unit, load_of(control, unit));
    pool->is_unsettled = true;
}

void loads_tell(struct control *control, uint32_t pool)
{
    const struct tables *tables = &control->tables;
    for (uint32_t unit = 0; unit < control->pictures_capacity; unit++)
        if (control->pictures[unit] != NULL &&
            tables->topics[tables->units[unit].topic].pool == pool)
            load_tell(control, unit);
}

// ---- Lost positions.

static void losses_tell(struct control *control, uint32_t unit, const struct collector *owner,
                        bool is_holding)
{
    struct buffer name = {0};
    if (control->phase != PHASE_LEADING)
        return;
    const char *text = is_holding ? "it has lost its position and waits for another on_gap"
                                  : "it had lost its position and goes on where on_gap says";
    unit_print(&control->tables, unit, &name);
    event_tell(control, &(struct event_draft){
                            .kind = "unit.position_lost",
                            .pool = control->tables.topics[control->tables.units[unit].topic].pool,
                            .subject = buffer_string(&name),
                            .text = text,
                            .from = owner->id});
    alarm_raise(control, "unit '%s' of '%s': %s", buffer_string(&name), owner->id, text);
    buffer_finish(&name);
}

// An owner counts from its start, so what another one has counted says nothing here.
static void losses_take(struct control *control, uint32_t unit, const struct collector *owner,
                        const struct report_unit *said)
{
    struct picture *picture = control->pictures[unit];
    int64_t granted = control->tables.units[unit].generation;
    int64_t fence = granted > owner->admitted ? granted : owner->admitted;
    int64_t before = picture->fence == fence ? picture->positions_lost : 0;
    picture->fence = fence;
    picture->positions_lost = said->positions_lost;
    if (said->positions_lost <= before || said->positions_lost > PARTS_MAX)
        return;
    control->positions_lost += said->positions_lost - before;
    losses_tell(control, unit, owner, text_equals(said->state, "holding"));
}

void lag_report(struct control *control, const struct report *report)
{
    uint32_t pool = pool_find(&control->tables, report->pool);
    uint32_t handle = pool == NONE ? NONE : collector_find(&control->tables, pool, report->id);
    if (handle == NONE)
        return;
    struct collector *owner = control->tables.collectors[handle];
    if (!member_is_alive(owner) || !text_equals(report->incarnation, owner->incarnation))
        return;
    for (uint32_t i = 0; i < report->units_count; i++) {
        uint32_t unit = unit_of_owner(control, owner, report->units[i].unit);
        if (unit == NONE)
            continue;
        struct picture *picture = picture_row(control, unit);
        lag_sum(control, unit, -1);
        picture_take(control, picture, &report->units[i]);
        lag_sum(control, unit, 1);
        if (control->tables.pools[pool]->asked.balance == PLAN_BALANCE_LOAD)
            load_tell(control, unit);
        silence_reported(control, unit);
        losses_take(control, unit, owner, &report->units[i]);
        handed_reported(control, unit, &report->units[i]);
        quarantine_reported(control, unit, &report->units[i]);
        if (text_equals(report->units[i].state, "missing") && control->phase == PHASE_LEADING)
            topic_missed(control, unit);
    }
}
