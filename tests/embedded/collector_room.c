// SPDX-License-Identifier: Apache-2.0
#include "collector_room.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/key.h"
#include "proto/unit.h"
#include "test.h"
#include "wire/wire.h"

#define STEP_MS 5
#define ASSIGNMENTS_PARTITIONS 4

const char *room_path(const struct collector_room *room, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", room->folder, name);
    return path;
}

void room_set(struct collector_room *room, const char *name, const char *value)
{
    enum status status = conf_set(room->conf, "test", name, value);
    CHECK_TEXT(conf_problems(room->conf), "");
    REQUIRE(status == STATUS_OK);
}

static void set_defaults(struct collector_room *room)
{
    char servers[256];
    snprintf(servers, sizeof servers, "%.*s", TEXT_ARGS(kafka_mock_servers(room->kafka.mock)));
    room->conf = conf_create();
    room_set(room, "kafka.bootstrap.servers", servers);
    room_set(room, "kafka.fetch.wait.max.ms", "10");
    room_set(room, "collector.id", "c1");
    room_set(room, "sink.type", "file");
    room_set(room, "sink.file.path", room_path(room, "out"));
    room_set(room, "state.file", room_path(room, "state"));
    room_set(room, "beat.interval.ms", "50");
    room_set(room, "commit.interval.ms", "50");
    room_set(room, "report.interval.ms", "100");
    room_set(room, "flush.interval.ms", "20");
}

static struct kafka_consumer *reader(struct collector_room *room, const char *topic)
{
    struct kafka_consumer *consumer = kafka_room_consumer(&room->kafka, false);
    struct kafka_assignment one = {.topic = text_of(topic), .offset = KAFKA_START};
    REQUIRE(kafka_consumer_assign(consumer, &one, 1) == STATUS_OK);
    return consumer;
}

void collector_room_open(struct collector_room *room)
{
    *room = (struct collector_room){
        .epoch = 1, .lineage = "L1", .start = "earliest", .on_gap = "earliest"};
    const char *base = getenv("TMPDIR");
    snprintf(room->folder, sizeof room->folder, "%s/muster-collector-XXXXXX", base ? base : "/tmp");
    REQUIRE(mkdtemp(room->folder) != NULL);
    kafka_room_open(&room->kafka, 1);
    struct kafka_mock *mock = room->kafka.mock;
    REQUIRE(kafka_mock_create_topic(mock, T("muster.assignments"), ASSIGNMENTS_PARTITIONS) ==
            STATUS_OK);
    REQUIRE(kafka_mock_create_topic(mock, T("muster.members"), 1) == STATUS_OK);
    REQUIRE(kafka_mock_create_topic(mock, T("muster.reports"), 1) == STATUS_OK);
    set_defaults(room);
    room->producer = kafka_room_producer(&room->kafka);
    room->members = reader(room, "muster.members");
    room->reports = reader(room, "muster.reports");
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    REQUIRE(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(path);
}

void collector_room_close(struct collector_room *room)
{
    room_kill(room);
    CHECK_INT(kafka_producer_destroy(room->producer, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_consumer_destroy(room->members, PATIENCE), STATUS_OK);
    CHECK_INT(kafka_consumer_destroy(room->reports, PATIENCE), STATUS_OK);
    conf_destroy(room->conf);
    arena_finish(&room->arena);
    arena_finish(&room->report_arena);
    kafka_room_close(&room->kafka);
    remove_folder(room->folder);
}

void room_start(struct collector_room *room)
{
    struct buffer fault = {0};
    REQUIRE(room->collector == NULL);
    room->err = open_memstream(&room->err_text, &room->err_size);
    fflush(room->err); // so that the text is there from the start
    room->loop = loop_create();
    struct collector_setup setup = {
        .conf = room->conf, .err = room->err, .output = room->output > 0 ? room->output : 1};
    enum status status = collector_create(room->loop, &setup, &fault, &room->collector);
    CHECK_TEXT(buffer_string(&fault), "");
    REQUIRE(status == STATUS_OK);
    buffer_finish(&fault);
}

void room_kill(struct collector_room *room)
{
    if (room->loop == NULL)
        return;
    collector_destroy(room->collector);
    loop_destroy(room->loop);
    fclose(room->err);
    if (getenv("MUSTER_TEST_VERBOSE"))
        fputs(room->err_text, stderr);
    free(room->err_text);
    room->collector = NULL;
    room->loop = NULL;
    room->err_text = NULL;
}

static void stop_loop(void *ctx)
{
    loop_stop(ctx);
}

static void *decode(const struct kafka_record *record, struct arena *arena, enum record_kind kind)
{
    struct wire_record decoded;
    if (record->kind != KAFKA_RECORD)
        return NULL;
    struct text value = arena_text(arena, record->value);
    REQUIRE(wire_decode(value, arena, NULL, &decoded, NULL) == STATUS_OK);
    return decoded.kind == kind ? decoded.record : NULL;
}

static void take_beats(struct collector_room *room)
{
    struct kafka_record records[100];
    uint32_t count = kafka_consumer_poll(room->members, records, 100);
    for (uint32_t i = 0; i < count; i++) {
        arena_clear(&room->arena);
        const struct beat *beat = decode(&records[i], &room->arena, RECORD_BEAT);
        if (beat == NULL)
            continue;
        room->beat = *beat;
        room->beat_count++;
    }
    kafka_consumer_release(room->members, records, count);
}

static void take_reports(struct collector_room *room)
{
    struct kafka_record records[100];
    uint32_t count = kafka_consumer_poll(room->reports, records, 100);
    for (uint32_t i = 0; i < count; i++) {
        arena_clear(&room->report_arena);
        const struct report *report = decode(&records[i], &room->report_arena, RECORD_REPORT);
        if (report == NULL || report->units_count == 0)
            continue;
        room->report = *report;
        snprintf(room->reported, sizeof room->reported, "%.*s", TEXT_ARGS(report->units[0].state));
        room->reported_lag = report->units[0].lag;
    }
    kafka_consumer_release(room->reports, records, count);
}

void room_step(struct collector_room *room)
{
    struct loop_timer *timer = loop_timer_create(room->loop, stop_loop, room->loop);
    loop_timer_set(timer, instant_add(loop_now(), span_of_ms(STEP_MS)));
    loop_run(room->loop);
    loop_timer_destroy(timer);
    take_beats(room);
    take_reports(room);
    fflush(room->err);
}

void room_neighbour(const struct collector_room *room, struct collector_room *ret_second)
{
    *ret_second = *room;
    ret_second->loop = NULL;
    ret_second->collector = NULL;
    ret_second->err = NULL;
    ret_second->err_text = NULL;
    ret_second->arena = (struct arena){0};
    ret_second->report_arena = (struct arena){0};
    set_defaults(ret_second);
    room_set(ret_second, "state.file", room_path(room, "state2"));
    room_set(ret_second, "sink.file.path", room_path(room, "out2"));
}

void room_neighbour_close(struct collector_room *second)
{
    room_kill(second);
    conf_destroy(second->conf);
    arena_finish(&second->arena);
    arena_finish(&second->report_arena);
}

void room_await(struct collector_room *room, bool (*condition)(struct collector_room *room))
{
    struct instant deadline = instant_add(loop_now(), PATIENCE);
    while (!condition(room)) {
        room_step(room);
        if (!instant_has_come(deadline, loop_now()))
            continue;
        fputs(room->err_text, stderr);
        REQUIRE(!"the condition came in time");
    }
}

// What the conditions below wait for: one wait at a time.
static const char *wanted_text;
static int64_t wanted_number;

static bool is_beat_wanted(struct collector_room *room)
{
    return room->beat_count > 0 && text_equals(room->beat.state, wanted_text) &&
           text_equals(room->beat.incarnation, room_look(room).incarnation) &&
           room->beat.applied_generation >= wanted_number;
}

void room_await_beat(struct collector_room *room, const char *state, int64_t applied)
{
    wanted_text = state;
    wanted_number = applied;
    room_await(room, is_beat_wanted);
}

static bool has_lines(struct collector_room *room)
{
    return room_lines(room) >= (uint32_t)wanted_number;
}

void room_await_lines(struct collector_room *room, uint32_t lines)
{
    wanted_number = lines;
    room_await(room, has_lines);
    for (int i = 0; i < 5; i++)
        room_step(room);
}

static bool has_said(struct collector_room *room)
{
    return strstr(room->err_text, wanted_text) != NULL;
}

void room_await_said(struct collector_room *room, const char *text)
{
    wanted_text = text;
    room_await(room, has_said);
}

static bool has_ended(struct collector_room *room)
{
    int code;
    return collector_has_ended(room->collector, &code);
}

int room_await_end(struct collector_room *room)
{
    int code = -1;
    room_await(room, has_ended);
    (void)collector_has_ended(room->collector, &code);
    return code;
}

static void send_value(struct collector_room *room, struct assignment_key key,
                       enum record_kind kind, const void *record)
{
    struct buffer name = {0};
    struct buffer value = {0};
    assignment_key_print(key, &name);
    if (record != NULL)
        wire_encode_avro(kind, record, &value);
    struct kafka_message message = {
        .topic = T("muster.assignments"),
        .partition = assignments_partition(key.pool, key.collector, ASSIGNMENTS_PARTITIONS),
        .key = buffer_text(&name),
        .value = buffer_text(&value),
        .is_value_null = record == NULL,
    };
    REQUIRE(kafka_producer_send(room->producer, &message, ++room->sent) == STATUS_OK);
    buffer_finish(&name);
    buffer_finish(&value);
}

// The units of one bucket of a list.
static uint32_t select_units(const struct room_unit *units, uint32_t count, uint32_t bucket,
                             struct bucket_unit *selected)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        if (unit_bucket(text_of(units[i].unit)) == bucket)
            selected[found++] =
                (struct bucket_unit){.unit = text_of(units[i].unit), .fence = units[i].fence};
    return found;
}

static bool is_same(const struct bucket_unit *a, uint32_t a_count, const struct bucket_unit *b,
                    uint32_t b_count)
{
    for (uint32_t i = 0; i < a_count && a_count == b_count; i++)
        if (!text_equal(a[i].unit, b[i].unit) || a[i].fence != b[i].fence)
            return false;
    return a_count == b_count;
}

static void publish_bucket(struct collector_room *room, uint32_t index,
                           const struct room_unit *units, uint32_t count)
{
    struct bucket_unit before[ROOM_UNITS_MAX];
    struct bucket_unit now[ROOM_UNITS_MAX];
    uint32_t before_count = select_units(room->units, room->unit_count, index, before);
    uint32_t now_count = select_units(units, count, index, now);
    if (is_same(before, before_count, now, now_count))
        return;
    struct bucket_from handed = {0, room->from};
    for (uint32_t i = 0; i < now_count; i++) {
        now[i].from = &handed;
        now[i].from_count = room->from > 0;
        now[i].begun = room->is_begun;
    }
    struct assignment_key key = {T("default"), T("c1"), (int)index};
    struct bucket bucket = {room->generation, now, now_count};
    send_value(room, key, RECORD_BUCKET, now_count > 0 ? &bucket : NULL);
    room->bucket_generations[index] = now_count > 0 ? room->generation : 0;
}

void room_publish(struct collector_room *room, const char *incarnation,
                  const struct room_unit *units, uint32_t count)
{
    REQUIRE(count <= ROOM_UNITS_MAX);
    room->generation++;
    for (uint32_t i = 0; i < 16; i++)
        publish_bucket(room, i, units, count);
    if (count > 0)
        memmove(room->units, units, count * sizeof *units);
    room->unit_count = count;
    struct head head = {
        .lineage = text_of(room->lineage),
        .level = 1,
        .epoch = room->epoch,
        .generation = room->generation,
        .incarnation = text_of(incarnation),
        .admitted = 1,
        .buckets = room->bucket_generations,
        .buckets_count = 16,
        .commands = room->commands,
        .commands_count = room->commands_count,
        .start = text_of(room->start),
        .on_gap = text_of(room->on_gap),
    };
    send_value(room, (struct assignment_key){T("default"), T("c1"), -1}, RECORD_HEAD, &head);
    REQUIRE(kafka_producer_flush(room->producer, PATIENCE) == STATUS_OK);
}

void room_admit(struct collector_room *room, const struct room_unit *units, uint32_t count)
{
    room_await_beat(room, "joining", 0);
    room_publish(room, room_look(room).incarnation, units, count);
    room_await_beat(room, "active", room->generation);
}

void room_produce(struct collector_room *room, const char *topic, int32_t partition, uint32_t first,
                  uint32_t count)
{
    struct kafka_delivery deliveries[100];
    char value[16];
    for (uint32_t i = first; i < first + count; i++) {
        snprintf(value, sizeof value, "%u", i);
        struct kafka_message message = {.topic = text_of(topic),
                                        .partition = partition,
                                        .is_key_null = true,
                                        .value = text_of(value)};
        REQUIRE(kafka_producer_send(room->producer, &message, ++room->sent) == STATUS_OK);
    }
    REQUIRE(kafka_producer_flush(room->producer, PATIENCE) == STATUS_OK);
    while (kafka_producer_poll(room->producer, deliveries, 100) > 0)
        ;
}

char *room_file(const struct collector_room *room)
{
    FILE *file = fopen(room_path(room, "out"), "rb");
    struct stat found = {.st_size = 0};
    if (file != NULL)
        REQUIRE(fstat(fileno(file), &found) == 0);
    size_t size = (size_t)found.st_size;
    char *text = calloc(1, size + 1);
    REQUIRE(text != NULL);
    if (file != NULL) {
        size = fread(text, 1, size, file);
        fclose(file);
    }
    return text;
}

static uint32_t count_of(const char *text, const char *part)
{
    uint32_t count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

uint32_t room_lines(const struct collector_room *room)
{
    char *text = room_file(room);
    uint32_t lines = count_of(text, "\n");
    free(text);
    return lines;
}

uint32_t room_count(const struct collector_room *room, const char *topic, uint32_t value)
{
    char begin[128];
    char end[64];
    uint32_t count = 0;
    char *rest = NULL;
    char *text = room_file(room);
    snprintf(begin, sizeof begin, "{\"cluster\":\"\",\"topic\":\"%s\",", topic);
    snprintf(end, sizeof end, "\"value\":\"%u\",\"headers\":[]}", value);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        count += strncmp(line, begin, strlen(begin)) == 0 && strstr(line, end) != NULL;
    free(text);
    return count;
}

int64_t room_committed(struct collector_room *room, const char *topic, int32_t partition,
                       struct buffer *metadata)
{
    struct kafka_admin *admin = kafka_room_admin(&room->kafka, "muster.default");
    struct kafka_partition one = {text_of(topic), partition};
    REQUIRE(kafka_admin_find_committed(admin, (struct kafka_ask){1, PATIENCE}, &one, 1) ==
            STATUS_OK);
    struct kafka_reply *reply = kafka_admin_wait(admin, PATIENCE);
    REQUIRE(reply != NULL && reply->status == STATUS_OK);
    int64_t offset = reply->offsets[0].offset;
    if (metadata != NULL)
        buffer_add_text(metadata, reply->offsets[0].metadata);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
    return offset;
}

void room_commit(struct collector_room *room, const char *topic, int32_t partition, int64_t offset,
                 const char *metadata)
{
    struct kafka_admin *admin = kafka_room_admin(&room->kafka, "muster.default");
    struct kafka_offset one = {.topic = text_of(topic),
                               .partition = partition,
                               .offset = offset,
                               .metadata = text_of(metadata)};
    REQUIRE(kafka_admin_commit(admin, (struct kafka_ask){1, PATIENCE}, &one, 1) == STATUS_OK);
    struct kafka_reply *reply = kafka_admin_wait(admin, PATIENCE);
    REQUIRE(reply != NULL && reply->status == STATUS_OK);
    kafka_reply_release(reply);
    CHECK_INT(kafka_admin_destroy(admin, PATIENCE), STATUS_OK);
}

struct collector_figures room_look(const struct collector_room *room)
{
    struct collector_figures figures;
    collector_look(room->collector, &figures);
    return figures;
}
