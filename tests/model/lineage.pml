// SPDX-License-Identifier: Apache-2.0
/*
 * Lineage: the state is lost while collectors run, and who begins anew knows nothing of them.
 *
 * Collector X, which a first lineage may name; that one's leader; the leaders of a second lineage;
 * and whoever they give X's unit to, as soon as they admit anybody. Time goes in ticks, as in
 * lease.pml.
 *
 *   first leader:   begins ──▶ own beat in members ──▶ names X    lost at any step, or it never was
 *   X:              its beats say by which lineage it reads; none, while it has seen no head
 *   second leaders: begin  ──▶ own beats come back ──▶ admit        they know what beats say
 *
 * Lost are the state and, or not, what X has not read of its assignments; without a first lineage
 * the cell is a new one. A head of the second lineage gives X nothing here: what becomes of those
 * that are admitted is in the other models. With TOO_LONG a leader reads members from its end, and
 * takes for granted that there was another lineage.
 *
 * With PROMPT everything takes less than a tick, but that X may be unable to read; S8 silences it
 * then, and it is born again as often as it likes. There the waiting has to come to its end.
 *
 * Rules modelled: S1 where a lineage begins, S3, S4, S7; with PROMPT S8. Asserted: S1; with PROMPT
 * that somebody is admitted in time, and at once in a new cell.
 */

#ifndef LEASE_X
#define LEASE_X 1               /* what X promises; the coordinators' own setting is 1 */
#endif
#define DRIFT 1                 /* by so much a collector's clock may make the lease longer */
#define LIMIT (LEASE_X + DRIFT)
#define LONG_AGO (LIMIT + 1)    /* ages are not told apart from here on */
#ifdef BREAK_NO_MARGIN
#define WAIT promised
#else
#define WAIT (promised + DRIFT)
#endif
/*
 * The longest way, and no tick more: X is silent for as long as its lease allows, nobody has told
 * it (LIMIT); from then on it cannot read, and beats until S8 silences it (LEASE_X); then it is
 * waited for (LIMIT).
 */
#define IN_TIME (LIMIT + LEASE_X + LIMIT + 1)

#ifndef MEMBERS
#define MEMBERS 3               /* records that the second leader has not read */
#endif

bit s1_broken = 0;
bit waits_on = 0;
bit found = 0;

/* The first leader. */
#define ABSENT  0
#define LEADING 1
#define LOST    2               /* and its state with it */
byte first;

/* A beat on its way; the older one of X first. */
#define NONE     0
#define SENT     1
#define APPENDED 2              /* in the log, not acknowledged, or not read back */
byte first_own = NONE;

/* X. */
#define UNBORN 0
#define ALIVE  1
#define OVER   2
byte life;
byte age;                       /* of what the lease runs from */
byte by;                        /* lineage of the newest head: 0 = it has seen none */
bit reads;                      /* the unit, by the first lineage */
byte beat[2];
byte beat_by[2];
byte beat_age[2];
bit in_members;                 /* X was heard of */
bit named;                      /* the first leader has named it */

/* In the assignments, not read by X. */
#define NOBODY_BY_1 0
#define X_BY_1      1
#define NOBODY_BY_2 2
chan heads = [3] of { byte };

/* Beats of X say 0, 1 or 2. */
#define FIRST 3
#define OWN   4
chan members = [MEMBERS] of { byte };

/* The second leader of the moment. */
bit leads;
#if defined(TOO_LONG) || defined(BREAK_EVERY_CELL_HAS_A_PAST)
bit has_past = 1;
#else
bit has_past;                   /* it has heard of the first lineage */
#endif
byte promised = 1;              /* longest lease that it has heard of */
byte quiet;                     /* age of the last beat that said another lineage, or of its lead */
byte own = NONE;
byte own_quiet;                 /* quiet, when the own beat was sent */
bit admits;                     /* the unit is read by somebody else */

bit told;                       /* a head of the second lineage is there; only with PROMPT */
#ifdef PROMPT
bit read_stuck;
byte read_age;
bit telling;                    /* it has not read that head */
bit beaten, probed;             /* in this tick */
byte waited;
#define may_beat (!beaten && read_age < LEASE_X)
#define may_read (!read_stuck)
#define may_probe (!probed)
#define is_done (first_own != SENT && beat[0] == NONE && own == NONE && \
    (read_stuck || empty(heads)) && (admits || empty(members) && (probed || !leads)))
#else
#define may_beat 1
#define may_read 1
#define may_probe 1
#define is_done 1
#endif

inline check()
{
    s1_broken = (reads && admits);
    assert(!s1_broken)
}

inline end_life()
{
    life = OVER; age = 0; by = 0; reads = 0;
    do
    :: nempty(heads) -> heads?_
    :: empty(heads) -> break
    od;
#ifdef PROMPT
    telling = 0;
#endif
    skip
}

inline grow(x)
{
    if
    :: x < LONG_AGO -> x++
    :: else
    fi
}

inline grow_beat(b)
{
    if
    :: beat[b] != NONE -> grow(beat_age[b])
    :: else
    fi
}

active proctype clock()
{
end_ticking:
    do
    :: d_step {
        is_done ->
        if
        :: life == ALIVE ->
            grow(age);
            if
            :: age > LIMIT -> end_life()
            :: else
            fi
        :: else
        fi;
        grow_beat(0);
        grow_beat(1);
        if
        :: leads -> grow(quiet)
        :: else
        fi;
#ifdef PROMPT
        if
        :: read_stuck -> grow(read_age)
        :: else -> read_age = 0
        fi;
        if
        :: leads && !admits ->
            waited++;
            waits_on = (waited > IN_TIME || first == ABSENT);
            assert(!waits_on)
        :: else
        fi;
        beaten = 0; probed = 0
#endif
    }
    od
}

proctype first_leader()
{
end_leading:
    do
    :: d_step { first == ABSENT && !leads -> first = LEADING; first_own = SENT }
    :: d_step { first_own == SENT && nfull(members) -> members!FIRST; first_own = APPENDED }
    /* The id had a life before: a head that does not name this one. */
    :: d_step {
        first == LEADING && !named && life == ALIVE && empty(heads) -> heads!NOBODY_BY_1
    }
    /* X was heard, and the own beat has come back. */
    :: d_step {
        first == LEADING && !named && life == ALIVE && in_members && nfull(heads) &&
#ifndef BREAK_ADMITS_BEFORE_THE_OWN_BEAT
        first_own == APPENDED &&
#endif
        1 ->
        named = 1;
        heads!X_BY_1
    }
    /* Lost: what X has fetched already it will read all the same. */
    :: d_step { first == LEADING -> first = LOST }
    :: d_step {
        first == LEADING ->
        first = LOST;
        do
        :: nempty(heads) -> heads?_
        :: empty(heads) -> break
        od;
        skip
    }
    od
}

inline send_beat(b)
{
#ifdef PROMPT
    beaten = 1;
#endif
    beat[b] = SENT;
    beat_by[b] = by
}

proctype collector()
{
    byte head;

end_living:
    do
    /* It has read its assignments to an end before it beats: its id may have had a life before. */
    :: d_step { life == UNBORN && !told -> life = ALIVE; send_beat(0) }
    :: d_step { life == UNBORN && !told && first != ABSENT -> life = ALIVE; by = 1; send_beat(0) }
#ifdef PROMPT
    :: d_step { life == UNBORN && told -> life = ALIVE; by = 2; send_beat(0) }
    :: d_step { life == OVER && beat[0] == NONE && !read_stuck -> life = UNBORN; named = 0 }
    :: d_step { read_stuck = !read_stuck }
#endif
    :: d_step { life == ALIVE && may_beat && beat[0] == NONE -> send_beat(0) }
    :: d_step { life == ALIVE && may_beat && beat[0] != NONE && beat[1] == NONE -> send_beat(1) }
    :: d_step {
        beat[0] == SENT && nfull(members) ->
        members!beat_by[0]; beat[0] = APPENDED; in_members = 1
    }
    :: d_step {
        beat[0] == APPENDED && beat[1] == SENT && nfull(members) ->
        members!beat_by[1]; beat[1] = APPENDED
    }
    /* Acknowledged: one that is over is not revived by it. */
    :: d_step {
        beat[0] == APPENDED ->
        if
        :: life == ALIVE -> age = (beat_age[0] < age -> beat_age[0] : age)
        :: else
        fi;
        beat[0] = beat[1]; beat_by[0] = beat_by[1]; beat_age[0] = beat_age[1];
        beat[1] = NONE; beat_by[1] = 0; beat_age[1] = 0
    }
    :: d_step {
        life == ALIVE && may_read && nempty(heads) ->
        heads?head;
#ifdef PROMPT
        telling = telling && head != NOBODY_BY_2;
#endif
#ifdef REACH_ENDED_BY_THE_NEW_HEAD
        found = (head == NOBODY_BY_2 && reads); assert(!found);
#endif
#ifdef REACH_NAMED_WHEN_ALL_IS_LOST
        found = (head == X_BY_1 && leads && quiet == LIMIT); assert(!found);
#endif
        if
#ifndef BREAK_GOES_ON_BY_THE_FORMER
        :: head == NOBODY_BY_2 && by == 1 || head != NOBODY_BY_2 && by == 2 -> end_life()
#else
        :: head == NOBODY_BY_2 && by == 1
#endif
        :: head == NOBODY_BY_2 && by != 1 -> by = 2
        :: head == NOBODY_BY_1 && by != 2 -> by = 1
        :: head == X_BY_1 && by != 2 -> by = 1; reads = 1; check()
        fi;
        head = 0
    }
    :: d_step { life == ALIVE -> end_life() }
    od
}

inline begin_leading()
{
    leads = 1; quiet = 0; own = NONE; own_quiet = 0
}

#if defined(BREAK_BEATS_BY_ANOTHER_NOT_COUNTED)
#define is_counted(what) (what == 0)
#elif defined(BREAK_BEATS_BY_NONE_NOT_COUNTED)
#define is_counted(what) (what == 1)
#else
#define is_counted(what) (what == 1 || what == 0)
#endif

inline hear()
{
    if
    :: what == 1 || what == FIRST -> has_past = 1
    :: else
    fi;
    if
#ifndef BREAK_PROMISE_NOT_HEEDED
    :: what < FIRST -> promised = LEASE_X
#endif
    :: else
    fi;
    if
    :: what < FIRST && is_counted(what) ->
        quiet = 0; own_quiet = 0;
#if defined(PROMPT) && !defined(BREAK_NOBODY_IS_TOLD)
        if
        :: leads && has_past && !telling && len(heads) < 3 ->
            heads!NOBODY_BY_2;
            told = 1; telling = 1
        :: else
        fi;
#endif
        skip
    :: else
    fi
}

inline admit()
{
    admits = 1;
    check()
}

proctype second_leader()
{
    byte what, n;

end_leading:
    do
    /* The state is empty. */
    :: d_step { !leads && first != LEADING -> begin_leading() }
#ifndef PROMPT
    /* Another one after it, which has read what this one has, or does it now. */
    :: d_step {
        leads && !admits ->
        n = len(members);
        do
        :: n > 0 ->
            n--;
            members?what;
            if
            :: what != OWN -> members!what
            :: else
            fi
        :: n == 0 -> break
        od;
        what = 0;
        begin_leading()
    }
#endif
#ifdef TOO_LONG
    /* Nobody has listened until now: this one reads members from its end. */
    :: d_step {
        !leads && first != LEADING ->
        do
        :: nempty(members) -> members?_
        :: empty(members) -> break
        od;
        promised = 1;
        begin_leading()
    }
#endif
#ifdef BREAK_ADMITS_BEFORE_THE_OWN_BEAT
    :: d_step { leads && !admits && !has_past -> admit() }
#endif
#ifdef BREAK_WAITS_BY_STALE_END
    /* It asked Kafka for the end of members and has read to there: the end was a stuck one. */
    :: d_step { leads && !admits && quiet > WAIT -> admit() }
#endif
    :: d_step {
        leads && !admits && own == NONE && may_probe ->
#ifdef PROMPT
        probed = 1;
#endif
        own = SENT;
        own_quiet = quiet
    }
    :: d_step { own == SENT && nfull(members) -> members!OWN; own = APPENDED }
    :: d_step {
        !admits && nempty(members) ->
        members?what;
        if
        :: what == OWN ->
            own = NONE;
#ifdef REACH_WAITS_FOR_ONE_UNHEARD
            found = (leads && reads && has_past && own_quiet == WAIT && age == LIMIT);
            assert(!found);
#endif
#ifdef REACH_NEW_CELL_ADMITS_AT_ONCE
            found = (first == ABSENT && in_members && quiet == 0);
            assert(!found);
#endif
            if
#ifdef BREAK_NEW_LINEAGE_DOES_NOT_WAIT
            :: 1 -> admit()
#endif
            :: !has_past || own_quiet > WAIT -> admit()
            :: else
            fi;
            own_quiet = 0
        :: else -> hear()
        fi;
        what = 0
    }
#ifndef PROMPT
    /* Who goes on by another lineage, or has seen none, is told, sooner or later. */
    :: d_step { leads && !admits && has_past && empty(heads) -> heads!NOBODY_BY_2 }
#endif
    od
}

init {
    atomic {
        run first_leader();
        run second_leader();
        run collector()
    }
}
