// SPDX-License-Identifier: Apache-2.0
//
// A small world in which the real deciding parts of coordinators and collectors run over the real
// codecs: a virtual clock, Kafka's logs with transactions and fencing, delays, crashes, pauses and
// stalled acknowledgements. One seed is one run, byte for byte.
//
//     struct world *world = world_create(&(struct world_options){.seed = 1});
//     world_coordinator(world, "north");
//     world_collector(world, "a");
//     world_announce(world, "agent", "set", "t1 t2");
//     world_run(world, 5000);
//     CHECK_TEXT(world_reading(world), "a: t1 t2\n");
//     CHECK_TEXT(world_end(world), NULL);
//
// After every step the checkers (check.h) look at everything; the first that finds a fault stops
// the world, and world_end returns its words.
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/instant.h"
#include "base/text.h"
#include "collect/collect.h"
#include "control/control.h"
#include "sim/batch.h"
#include "sim/log.h"
#include "sim/names.h"
#include "sim/queue.h"

enum {
    SIM_ASSIGNMENTS_PARTITIONS = 4,
    SIM_PROCESSES_MAX = 16,
    SIM_UNITS_MAX = 512,
    SIM_MARGIN_MS = 500,   // sink.start.margin.ms
    SIM_REVOKE_MS = 10000, // revoke.timeout.ms
    SIM_DRIFT_MAX = 4000,  // ppm; S4 allows for one clock to be 1 % faster than another
    SIM_PARTS_MAX = 4,     // partitions of a topic of data
    SIM_GROUPS_MAX = 4,    // pools that commit
};

enum sim_topic {
    SIM_CONTROL,
    SIM_ORDERS,
    SIM_MEMBERS,
    SIM_REPORTS,
    SIM_STATE,
    SIM_DEADLETTER,
    SIM_EVENTS,
    SIM_ASSIGNMENTS, // first partition of four
    SIM_TOPIC_COUNT = SIM_ASSIGNMENTS + SIM_ASSIGNMENTS_PARTITIONS,
};

// What becomes of a transaction whose producer is not fenced.
enum sim_outcome {
    SIM_DONE,
    SIM_UNKNOWN_COMMITTED, // it is in the log, the coordinator is told that nobody knows
    SIM_UNKNOWN_LOST,      // it is not, and the same
    SIM_ABORTED,           // it is not, and the shell sends it again unchanged
};

// What becomes of a process between two of its effects.
enum sim_trip { SIM_TRIP_NONE, SIM_TRIP_CRASH, SIM_TRIP_PAUSE };

struct world_options {
    uint64_t seed;
    bool is_random;    // delays, drifting clocks and partial reads are drawn; else 1 ms each
    bool is_timed;     // the story says when
    bool is_quiet;     // a fault is not told on stderr
    int64_t lease_ms;  // 0 = 15000
    int64_t beat_ms;   // 0 = 1000
    int64_t leader_ms; // leader.timeout; 0 = 5000
    int64_t level;     // of the binary that is installed: each start takes it; 0 = RECORD_LEVEL
};

// How far an owner has come in a partition (positions.c).
struct sim_reading {
    int64_t start;     // of the log that it reads
    int64_t from;      // what was handed over with the unit, -1 = nothing
    int64_t taken;     // its sink has everything below it; -1 = it has not begun
    int64_t committed; // Kafka has taken from it, -1 = nothing yet
};

// A unit as the data path of a collector has it, from its start until it has stopped: the fact that
// S1 is about.
struct sim_unit {
    uint32_t name;
    uint64_t run;
    int64_t fence;
    bool is_revoked;           // told to stop while its reader goes on
    bool is_stopping;          // the same, or it drains
    struct instant revoked_at; // its reader's clock
    bool is_open;              // its positions are known: it reads
    bool is_begun;             // it had an owner before
    int only;                  // the partition, -1 = all
    uint32_t topic;            // its number + 1, 0 = Kafka has never had it
    int64_t lost;              // positions that Kafka had lost
    struct sim_reading parts[SIM_PARTS_MAX];
};

enum { SIM_SENT_MAX = 64, SIM_ENDS_MAX = 16, SIM_FAILED_MAX = 64 };

// What an onlooker knows of a collector's life whatever the life itself believes. Instants are of
// the process's own clock.
struct sim_facts {
    struct {
        int64_t seq;
        struct instant at;
    } sent[SIM_SENT_MAX];     // newest beats, by seq
    struct instant lease_end; // S3; of the newest acknowledged beat, before that of the first
    int64_t lease_ms;         // promised by the newest beat
    bool has_beaten, is_over; // over: a lease has passed without an acknowledgement
    bool has_left;            // said `leaving`
    int64_t applied;          // acknowledged by its newest beat
    int64_t beaten;           // number of that beat, 0 = none
    int64_t arrived;          // number of the newest beat in its name
    struct instant late_at;   // when a beat was last seen without an answer for an interval
    uint32_t failed[SIM_FAILED_MAX]; // units that failed by themselves and are tried again
    uint32_t failed_count;
    struct {
        uint64_t number;
        struct instant asked_at;
        int64_t end;      // -1 = not answered yet
    } ends[SIM_ENDS_MAX]; // questions for the end of the assignments, by number
    int64_t read_to;      // greatest position in the assignments
    bool is_other_log;    // the assignments are another log, which it has read nothing of
    bool has_read;
    struct instant read_at; // when the newest end that was read up to was asked for (S8)
};

// One coordinator or collector. An id is a place, each start in it a life.
struct process {
    bool is_coordinator, is_up, is_paused;
    int64_t level; // of its binary
    char name[32]; // in this world
    char id[32], incarnation[33], replaces[33];
    char pool[32]; // of a collector
    int number;
    uint32_t life;
    int exit_code;               // of the last life that ended by itself, else -1
    bool is_impostor, is_lost;   // a second one with its id; nobody starts it again
    struct instant wake;         // world time of its deadline
    struct instant clock_since;  // world time from which on its clock runs at this rate
    int64_t clock_us, drift_ppm; // what it showed then, and how much too fast it is
    int64_t wall_jump_ms;        // how wrong its wall clock is
    int64_t positions[SIM_TOPIC_COUNT];
    bool is_turn_queued;
    struct instant stalled_until; // what it writes lies around until then
    bool is_losing;               // and some of it is lost
    struct instant deaf_until;    // it reads nothing
    struct instant late_until;    // it reads only what is older than late_ms
    int64_t late_ms;
    struct instant acks_stalled_until; // it writes, but hears of it only then
    struct instant sink_stuck_until;   // a unit that is told to stop does so only then
    struct instant last_append;
    uint32_t trip_in; // effects until something happens to it, 0 = nothing will
    enum sim_trip trip;
    int64_t trip_ms;
    uint64_t freeze;          // number of the newest one
    uint32_t effect_next;     // of the present step
    bool has_rest, has_woken; // it was frozen between two effects; and carries out the rest now
    struct instant step_at;   // its clock when the present step began
    struct thing *held;       // things that wait while it is paused
    uint32_t held_count, held_capacity;

    // A coordinator.
    struct control *control;
    struct control_effects effects;
    bool is_committing, is_reading_inputs;
    int64_t marker_end; // behind the state's newest marker that it has read: its own, if it leads
    uint32_t listens_from; // in members: what is before is of the past
    uint64_t txn_epoch;
    struct batch *batch; // dead letters for the next commit
    int64_t input;       // offset under way
    enum input_log input_log;
    struct state_position log_positions[INPUT_LOG_COUNT];

    // A collector.
    struct collect *collect;
    struct collect_effects collect_effects;
    struct sim_facts facts;
    struct beat promise; // what its beats say; borrowed by `collect`
    char said[96];       // the words of world_collector_with
    struct label labels[4];
    uint32_t labels_count;
    struct beat_capacity capacity;
    int partition;
    bool is_watching;
    bool is_restarting;
    bool is_told, are_commits_refused; // whether it knows what becomes of its commits, and what
    struct sim_unit units[SIM_UNITS_MAX];
    uint32_t units_count;
};

// A topic of data, as Kafka has it.
struct sim_data_topic {
    char name[80];
    int32_t partitions; // 0 = there is none
    struct {
        int64_t start, end;
    } parts[SIM_PARTS_MAX];    // where a log that is made again begins, the former one has ended
    bool was_lowered;          // it has lost a partition at some time
    bool is_unclear;           // somebody said that it is missing, and not everybody has heard it
    struct instant written_at; // the newest record; long ago = there was none
    bool is_poisoned;          // whoever reads it fails on it
    bool has_poison;           // it has a record that nobody can take: who reads its first
    int64_t poison;            // partition, or all of it, fails there
};

// What a pool has of a partition.
struct sim_place {
    bool is_known;
    int64_t start;     // of the log that it is in
    int64_t committed; // in the pool's group, -1 = nothing, or it is lost
    int64_t delivered; // sinks have everything below it
};

struct sim_places {
    struct sim_place parts[SIM_PARTS_MAX];
};

struct checks;

// What stood in the state where a stranger has written what nobody can read.
struct spoiled {
    uint32_t offset; // of the stranger's record
    struct instant at;
    struct text key, value; // owned; without a value nothing stood there
};

struct world {
    struct world_options options;
    struct instant now;
    uint64_t random;
    struct log logs[SIM_TOPIC_COUNT];
    struct queue queue;
    struct process processes[SIM_PROCESSES_MAX];
    int process_count;
    uint64_t txn_epoch; // of the producer that may commit
    enum sim_outcome next_outcome;
    bool is_calm;        // no second process with one id comes back
    bool has_pools;      // besides the default one "west" and "side", by will
    bool has_failures;   // somebody has failed on a unit
    int64_t silence_ms;  // interval in which agents are to be heard, where somebody asks for it
    int unknown_percent; // of commits whose outcome is drawn; 0 = none
    int abort_percent;
    struct instant topic_stuck_until[SIM_TOPIC_COUNT]; // its broker is away: appends wait
    struct names names;
    struct arena scratch; // of the record that is being decoded
    struct sim_data_topic topics[SIM_UNITS_MAX];
    uint32_t topics_count;
    struct sim_places *places; // by name of a topic in a pool
    uint32_t places_count, places_capacity;
    struct instant stranger_until[SIM_GROUPS_MAX]; // is in the group of a pool
    struct buffer story, answer;
    struct checks *checks;
    struct spoiled *spoiled; // owned, oldest first
    uint32_t spoiled_count, spoiled_capacity;
    int64_t moves;  // units that began to be read by another collector than before
    int64_t starts; // units that began to be read at all
    uint64_t steps, steps_of_instant;
    uint64_t hash;    // of everything that was appended
    char *fault;      // first fault found
    const char *rule; // that it breaks
};

// ---- Making and running (world.c).

struct world *world_create(const struct world_options *options);

// Destroys the world. Returns the first fault, NULL if there was none; valid until the next call.
const char *world_end(struct world *world);

// Lets time pass.
void world_run(struct world *world, int64_t ms);

// The first fault is kept and told on stderr. `rule` is what is broken, static.
void world_fail(struct world *world, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// ---- Processes (process.c). They start at once; names are unique.

int world_coordinator(struct world *world, const char *id);
int world_collector(struct world *world, const char *id);
int world_collector_in(struct world *world, const char *pool, const char *id);

// A collector with labels and capacities: "csp=aws host=h1 units=5 weight=100".
int world_collector_with(struct world *world, const char *id, const char *said);

// A collector that claims another one's id; `name` is what the functions of this world call it.
int world_impostor(struct world *world, const char *name, const char *id);
struct process *world_find(struct world *world, const char *name);
void world_crash(struct world *world, const char *name);

// A new life; with `replaces` it holds the lock of the one before.
void world_restart(struct world *world, const char *name, bool replaces);
void world_pause(struct world *world, const char *name);
void world_resume(struct world *world, const char *name);
void world_stop(struct world *world, const char *name); // SIGTERM
void world_death(struct world *world, const char *name, int64_t hold_ms);

// ---- Faults (fault.c), each for so long.

// What it writes lies around; it reads nothing; it hears of no acknowledgement.
void world_stall(struct world *world, const char *name, int64_t ms);
void world_deafen(struct world *world, const char *name, int64_t ms);
void world_hold_acks(struct world *world, const char *name, int64_t ms);

// It neither reads nor writes; with `is_losing` some of what it writes meanwhile never arrives.
void world_cut(struct world *world, const char *name, int64_t ms, bool is_losing);

// It reads only what is older than `late_ms`.
void world_delay(struct world *world, const char *name, int64_t ms, int64_t late_ms);

// Its sink takes nothing, so that no unit stops.
void world_stick_sink(struct world *world, const char *name, int64_t ms);

// One of its units fails by itself.
void world_fail_unit(struct world *world, const char *name);

// A stranger has joined the group of a pool: Kafka refuses all commits of its owners (positions.c).
// With 0 it goes.
void world_join_group(struct world *world, const char *pool, int64_t ms);

// Nobody leads, and a log that people write is not what it was (both end whatever is under way of
// transactions): retention takes away more than was read, everything below an offset; or it is
// deleted and made again.
void world_expire_unread(struct world *world, enum sim_topic topic, uint32_t below);
void world_make_anew(struct world *world, enum sim_topic topic);

// The greatest generation in the newest heads of a lineage, 0 = none.
int64_t world_published(struct world *world, struct text lineage);

// Nobody leads, and the state is what it was before (check.h).
struct backup;
void world_go_back(struct world *world, const struct backup *backup);

// Nobody leads, and an operator has deleted the state, or assignments too: a new lineage will
// begin.
void world_lose_state(struct world *world);
void world_new_lineage(struct world *world);

// Whoever starts from now on is a binary that knows this level.
// A stranger writes into the state, under that key, what nobody can read; `is_later`: or may be of
// a later version. An operator puts back what stood there, as far as nobody else has.
void world_spoil(struct world *world, struct text key, bool is_later);
void world_unspoil(struct world *world);

void world_install(struct world *world, int64_t level);

// The broker that leads this topic is away: appends wait, reads and questions go on.
void world_stick_topic(struct world *world, int topic, int64_t ms);

// Killed or frozen for `ms` behind that many effects from now on.
void world_trip(struct world *world, const char *name, enum sim_trip trip, uint32_t effects,
                int64_t ms);

// Killed, and started again by its supervisor `ms` later.
void world_kill(struct world *world, const char *name, int64_t ms, bool replaces);

// Frozen, and awake again by itself.
void world_freeze(struct world *world, const char *name, int64_t ms);

// The clock runs differently from now on; wall clocks jump.
void world_drift(struct world *world, const char *name, int64_t ppm, int64_t wall_jump_ms);

// A collector reads its assignments again from an older record on.
void world_reread(struct world *world, const char *name);

// All that is wrong with processes and topics is over; the frozen ones wake up.
void world_heal(struct world *world);

// ---- What people and agents say (say.c).

// Appends a record as it is to control or orders.
void world_say(struct world *world, enum sim_topic topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void world_say_bytes(struct world *world, enum sim_topic topic, struct text value);

// Announces topics, named with blanks between them, with one partition each.
void world_announce(struct world *world, const char *agent, const char *mode, const char *topics);

// An order, for example "pool.set", "max_topics_per_collector", "2".
void world_order(struct world *world, const char *verb, const char *key, const char *value);

// An order about a pool, without arguments.
void world_order_pool(struct world *world, const char *pool, const char *verb);

// Kafka has this topic with so many partitions from now on; 0 = it has none.
void world_topic(struct world *world, const char *name, int32_t partitions);
void world_reshape(struct sim_data_topic *topic, int32_t partitions);

// So many records are written into a topic; its owner has delivered them all and says so (ends.c).
void world_write(struct world *world, const char *name, int64_t records);
void world_report(struct world *world, const char *owner, const char *name);

// A collector reports all that it reads: delivered to the end, unless its sink takes nothing.
void world_report_all(struct world *world, const char *name);

// Whoever reads the topic fails on it from now on; or does so no more.
void world_poison(struct world *world, const char *name, bool is_poisoned);

// A record is written that nobody can take, until world_poison takes it away.
void world_write_poison(struct world *world, const char *name);

// What was committed of the topic is lost: its owner begins somewhere, and says so.
void world_lose_offsets(struct world *world, const char *name);

// ---- What can be seen (see.c). Texts are valid until the next call.

// "a: t1 t2\nb: t3\n": what is read by processes that live, by id and name.
const char *world_reading(struct world *world);

// Id of the coordinator that leads, "" if none or several do.
const char *world_leader(struct world *world);

// What has been told since the last call, without instants.
const char *world_story(struct world *world);

// State and reason of a unit as the leader sees it: "pending: every collector drains".
const char *world_unit(struct world *world, const char *name);

// The units that are not read by exactly one process, a line each with the reason; NULL if all are.
const char *world_unsettled(struct world *world);

// ---- Between the files of this folder.

uint64_t world_draw(struct world *world, uint64_t below); // 0 to below − 1
int64_t world_delay_us(struct world *world, int64_t up_to_ms);
void world_tell(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_tell_line(struct world *world, struct text line); // without its instant

struct instant process_clock(const struct world *world, const struct process *process);
// The number of a unit; what two pools read is read twice by will, so it has two.
uint32_t world_name(struct world *world, struct text pool, struct text unit);

bool process_is_running(const struct process *process);           // up and not frozen
bool process_trips(struct world *world, struct process *process); // after an effect; true: stop
int64_t process_sees(const struct world *world, const struct process *process, int topic);
void process_drop_units(struct world *world, struct process *process);
void process_wake_at(struct world *world, struct process *process, struct instant local);
void process_push(struct world *world, struct process *process, struct thing thing,
                  int64_t delay_us);
// Looks at the logs soon, or when it can read again.
void process_look_later(struct world *world, struct process *process);
void process_end(struct world *world, struct process *process, int exit_code);
void process_start(struct world *world, struct process *process);

// Something was appended: whoever reads that topic will look at it.
void broker_appended(struct world *world, int topic, uint32_t offset);
void broker_send(struct world *world, struct process *process, int topic, struct text key,
                 struct text value, uint64_t seq);
void broker_take(struct world *world, struct thing *thing);
uint32_t broker_append(struct world *world, int topic, const struct log_record *record);

void coordinator_start(struct world *world, struct process *process);
void coordinator_take(struct world *world, struct process *process, const struct thing *thing);
void coordinator_tick(struct world *world, struct process *process);
void coordinator_stop(struct world *world, struct process *process);
void coordinator_go_on(struct world *world, struct process *process); // with its effects

// Data, and questions about its ends (ends.c). The answer borrows from the lines of the question.
void ends_ask(struct world *world, struct process *process, const struct control_effect *effect);
uint32_t ends_answer(struct world *world, const struct process *process, const struct thing *thing,
                     struct control_end_answer *ret);
struct sim_data_topic *world_topic_find(struct world *world, struct text name); // NULL: unknown
struct sim_data_topic *world_topic_of(struct world *world, uint32_t name);      // of a unit
bool world_is_absent(struct world *world, uint32_t name); // Kafka does not have that unit
// A unit of the process fails by itself; its owner says so.
void process_fail_unit(struct world *world, struct process *process, struct sim_unit *unit);
bool unit_fails(struct world *world, uint32_t name); // whoever reads it

// Transactions of a coordinator (commit.c).
void commit_start(struct world *world, struct process *process);
void commit_claim(struct world *world, struct process *process, const struct state_marker *marker);
void commit_refuse(struct world *world, struct process *process, struct text reason);

void collector_start(struct world *world, struct process *process);
// It finds out which of its units Kafka does not have any more, and says so.
void collector_look(struct world *world, struct process *process);
void collector_take(struct world *world, struct process *process, const struct thing *thing);
void collector_tick(struct world *world, struct process *process);
void collector_stop(struct world *world, struct process *process);
void collector_go_on(struct world *world, struct process *process);
void collector_tell(struct world *world, struct process *process, struct collect_event *event);

// How far everything is read (positions.c). A unit finds its positions and begins; it reads on, as
// far as its sink takes it.
void unit_open(struct world *world, struct process *process, struct sim_unit *unit);
void unit_read(struct world *world, struct process *process, struct sim_unit *unit);

// What becomes of a commit. In a round what others have committed over it is committed again.
enum sim_commit { SIM_COMMIT_NONE, SIM_COMMIT_TAKEN, SIM_COMMIT_REFUSED };
enum sim_commit unit_commit(struct world *world, const struct process *process,
                            struct sim_unit *unit, bool is_round);

// Where the unit stands; returns in how many partitions.
uint32_t unit_positions(const struct sim_unit *unit, struct beat_handed *ret);

// The topic of a unit, NULL if Kafka has never had it, and which of its partitions are the unit's
// and are there: from the first up to and without the end.
struct sim_data_topic *unit_data(struct world *world, struct sim_unit *unit);
int unit_first(const struct sim_unit *unit);
int unit_end(const struct sim_unit *unit, const struct sim_data_topic *topic);

// What the pool of that name of a unit or topic has of a partition.
struct sim_place *place_of(struct world *world, uint32_t name, const struct sim_data_topic *topic,
                           int partition);

// Whether the sinks of a pool have all records of a partition, or of a topic (−1).
bool world_is_delivered(struct world *world, struct text pool, const struct sim_data_topic *topic,
                        int partition);

// All units of a collector read on and commit; it hears what becomes of that.
void collector_commit(struct world *world, struct process *process);
void collector_hear_commit(struct world *world, struct process *process, enum sim_commit commit);

#endif
