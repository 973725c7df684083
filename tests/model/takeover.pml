// SPDX-License-Identifier: Apache-2.0
/*
 * Takeover: goodbye in the last transaction, proof of death, and what of either comes late.
 *
 * 2 coordinators; 2 lives of collector X, of which the first is the incumbent; collector Y, which
 * never ends; 1 unit, X's at first.
 *
 *   coordinator: standby ──claims──▶ leading ◀──▶ committing ──▶ gone, its goodbye committed
 *                                       └── fenced, crashed, outcome unknown ──▶ gone
 *   members:     the beat of a life, however late; the death of one, when its process is gone. One
 *                log, which each coordinator reads at its own pace, whether it leads or not
 *
 * A standby claims at any time, with the goodbye in the state or without: how long it waits is no
 * safety rule. A transaction under way may land until somebody claims, whatever became of the one
 * that began it. A hold is a release that comes late.
 *
 * Rules modelled: S4's proof of death, S5, S6, section 5. Asserted: S1; S5, that only a life that
 * is over is ended or replaced; S6 at a sink that refuses a lower fence (SINK); that who begins to
 * lead knows what is committed and nothing else; that who leaves in order has its goodbye in the
 * state; that a leader names no life whose end it has read.
 */

#ifndef BATCHES
#define BATCHES 3               /* the last generation a leader may publish */
#endif
#ifndef MEMBERS
#define MEMBERS 3               /* records of members in all */
#endif

#define LIVES 2                 /* of X; Y is the reader LIVES */
#define Y LIVES                 /* as a reader */
#define NOBODY 3
#define DEATH 4                 /* a record of members: life, or DEATH + life */

#define UNBORN 0
#define ALIVE  1
#define OVER   2                /* its lease ran out; its process may be there, frozen */
#define GONE   3                /* its process is gone */

#define STANDBY    0
#define LEADING    1
#define COMMITTING 2

bit s1_broken = 0;
bit s5_broken = 0;
bit s6_broken = 0;
bit picture_broken = 0;
bit goodbye_broken = 0;
bit ended_named = 0;
bit found = 0;
bit finished = 0;               /* nobody leads, and nothing is under way */

typedef picture {
    byte generation;
    byte epoch;
    byte named;                 /* life of X, or NOBODY */
    byte admitted;              /* generation that first named it */
    bit  moved;                 /* the unit is Y's */
    byte fence;                 /* generation of its grant */
    bit  resigned;
};

picture state;                  /* committed */
picture draft[2];               /* of a transaction under way */
bit open[2];
byte producer_epoch = 1;        /* the one Kafka takes commits from */
byte epochs = 1;

byte members[MEMBERS];
byte written;
byte at[2];                     /* where each coordinator reads */

byte life[LIVES];
bit replaces_0;                 /* the beats of life 1 say that life 0 is dead */
bit air[LIVES];                 /* a beat on its way */
bit died[LIVES];                /* its death is published */
bit reading[LIVES + 1];
byte tenures;                   /* how often somebody began to read */

byte taken_fence, taken_tenure; /* the sink */

/* What the readers of heads have seen: X's log, and Y's. They read at once here (lives.pml). */
bit named[LIVES];
byte seen_epoch[2];

#ifdef SINK
byte own_fence[LIVES + 1], own_tenure[LIVES + 1];
byte air_fence[LIVES + 1], air_tenure[LIVES + 1];   /* of a write that is on its way */
#endif

inline copy_picture(to, from)
{
    to.generation = from.generation;
    to.epoch = from.epoch;
    to.named = from.named;
    to.admitted = from.admitted;
    to.moved = from.moved;
    to.fence = from.fence;
    to.resigned = from.resigned
}

inline clear_picture(p)
{
    p.generation = 0; p.epoch = 0; p.named = 0; p.admitted = 0;
    p.moved = 0; p.fence = 0; p.resigned = 0
}

#define is_same_picture(p, q) (p.generation == q.generation && p.epoch == q.epoch && \
    p.named == q.named && p.admitted == q.admitted && p.moved == q.moved && p.fence == q.fence)

inline begin_reading(r)
{
    if
    :: !reading[r] ->
        s1_broken = (reading[0] || reading[1] || reading[Y]);
        assert(!s1_broken);
        reading[r] = 1;
#ifdef SINK
        tenures++;
        own_tenure[r] = tenures
#endif
    :: else
    fi
}

inline stop_reading(r)
{
#ifdef SINK
    own_fence[r] = 0; own_tenure[r] = 0;
#endif
    reading[r] = 0
}

/* The newest head of X is read by one of its lives; one of an older leader is ignored (S7). */
inline take_head(r)
{
    if
    :: life[r] == ALIVE && state.named == r ->
        named[r] = 1;
        if
        :: !state.moved ->
            begin_reading(r);
#ifdef SINK
            #ifdef BREAK_ADMITTED_WITHOUT_A_FENCE
            own_fence[r] = state.fence;
#else
            own_fence[r] = (state.fence > state.admitted -> state.fence : state.admitted);
#endif
#endif
            skip
        :: else -> stop_reading(r)
        fi
    :: life[r] == ALIVE && state.named != r && named[r] ->
        life[r] = OVER; named[r] = 0; stop_reading(r)
    :: else
    fi
}

/* The transaction lands: everybody sees all of it. */
inline land(c)
{
#ifndef BREAK_LEADS_WITHOUT_FENCING     /* there it breaks first; S1 is asked for */
    s5_broken = (state.named != NOBODY && state.named != draft[c].named &&
        life[state.named] == ALIVE);
    assert(!s5_broken);
#endif
    copy_picture(state, draft[c]);
    if
    :: state.epoch >= seen_epoch[0] -> seen_epoch[0] = state.epoch; take_head(0); take_head(1)
    :: else
    fi;
    if
    :: state.moved && state.epoch >= seen_epoch[1] ->
        seen_epoch[1] = state.epoch;
        begin_reading(Y);
#ifdef SINK
        own_fence[Y] = state.fence;
#endif
        skip
    :: else
    fi;
    clear_picture(draft[c]);
    open[c] = 0;
    finished = (c == 1 && phase == STANDBY)
}

/* ---- What a coordinator does; all of it inside of one. */

/* The end of a life is remembered; the assertion does so by itself. */
inline remember(j)
{
#ifdef BREAK_ONE_END_REMEMBERED
    ended[0] = 0; ended[1] = 0;
#endif
    ended[j] = 1;
    knows[j] = 1
}

inline end_life()
{
    remember(mind.named);
    mind.named = NOBODY;
    dirty = 1
}

inline admit(j)
{
    ended_named = knows[j];
    assert(!ended_named);
    mind.named = j;
    mind.admitted = mind.generation + 1;
    waiting[j] = 0;
    dirty = 1
}

/* What both have read is told apart no more. */
inline forget_read()
{
    if
    :: at[0] > 0 && at[1] > 0 -> members[0] = 0
    :: else
    fi;
    if
    :: at[0] > 1 && at[1] > 1 -> members[1] = 0
    :: else
    fi;
    if
    :: at[0] > 2 && at[1] > 2 -> members[2] = 0
    :: else
    fi;
    if
    :: at[0] > 3 && at[1] > 3 -> members[3] = 0
    :: else
    fi
}

/* A standby follows the state; it reads the rest at once when it claims. */
inline stand_by()
{
    clear_picture(mind);
    mind.named = state.named;
    mind.resigned = state.resigned
}

/* Memory is thrown away, and restored from the state. */
inline forget()
{
    phase = STANDBY; term = 0;
    waiting[0] = 0; waiting[1] = 0; knows[0] = 0; knows[1] = 0;
    ended[0] = 0; ended[1] = 0; proved = NOBODY;
    dirty = 0; with_goodbye = 0;
    clear_picture(mind);
    at[me] = MEMBERS; forget_read();
    finished = (me == 1 && !open[1])
}

/* It reads the state to where it ends. */
inline tail()
{
    if
    :: mind.named != NOBODY && state.named != mind.named -> remember(mind.named)
    :: else
    fi;
    if
    :: state.named != NOBODY && state.named != mind.named -> waiting[state.named] = 0
    :: else
    fi;
    copy_picture(mind, state)
}

/* The own marker has been read back: it leads, and knows what is committed and nothing else. */
inline claim()
{
    picture_broken = !is_same_picture(mind, state);
    assert(!picture_broken);
    phase = LEADING;
    term = epochs;
    mind.epoch = epochs;
    mind.resigned = 0;
    dirty = 1
}

/* init_transactions: what was under way is aborted, and whoever began it refused. */
inline fence_former()
{
    epochs++;
    producer_epoch = epochs;
#ifndef BREAK_LEADS_WITHOUT_FENCING
    open[0] = 0; open[1] = 0;
    clear_picture(draft[0]);
    clear_picture(draft[1])
#endif
}

#ifdef BREAK_LEADS_WITHOUT_FENCING
#define is_writer 1
#else
#define is_writer (term == producer_epoch)
#endif

#define can_decide (mind.generation < BATCHES)

/* Who led and claims again is a standby that has read nothing: only the other one does. */
#define is_standby (me == 1 && phase == STANDBY && epochs == 1)

proctype coordinator(byte me)
{
    picture mind;
    byte phase, term;
    bit waiting[LIVES];
    bit ended[LIVES];
    byte proved = NOBODY;
    bit dirty, with_goodbye;
    bit knows[LIVES];           /* what the assertion remembers: ends that this leader has read */
    byte i;

    d_step {
        if
        :: me == 0 -> copy_picture(mind, state); phase = LEADING; term = 1
        :: else -> stand_by()
        fi
    }

end_coordinating:
    do
    /* ---- members. */
    :: d_step {
        (phase == LEADING || is_standby) && at[me] < written ->
        i = members[at[me]];
        at[me]++;
        forget_read();
        if
        :: i >= DEATH ->
            i = i - DEATH;
            waiting[i] = 0;
            remember(i);
            if
            :: phase == STANDBY -> proved = i
#ifdef BREAK_DEATH_OF_ANOTHER
            :: phase == LEADING && can_decide && mind.named != NOBODY -> end_life()
#else
            :: phase == LEADING && mind.named == i -> end_life()
#endif
            :: else
            fi
        :: i < DEATH && i != mind.named &&
#ifndef BREAK_LATE_BEAT_ADMITTED
           !ended[i] &&
#endif
           1 ->
            waiting[i] = 1;
            if
            :: phase == LEADING && mind.named == 0 && i == 1 && replaces_0 ->
#ifdef REACH_REPLACED_BY_THE_LOCK
                found = !died[mind.named]; assert(!found);
#endif
                end_life()
            :: else
            fi
        :: else
#ifdef REACH_LATE_BEAT_IGNORED
            found = (ended[i] && i != mind.named && life[i] == GONE && phase == LEADING);
            assert(!found)
#endif
        fi;
        i = 0
    }
    /* ---- Decisions of a leader. */
    /* S4: its own beat has come back, so all that lay before it has been read (lease.pml). */
    :: d_step {
        phase == LEADING && can_decide && mind.named != NOBODY &&
        life[mind.named] >= OVER && at[me] == written ->
        end_life()
    }
    /* A death that was published while nobody led, or another did. */
    :: d_step {
        phase == LEADING && can_decide && mind.named != NOBODY && proved == mind.named ->
#ifdef REACH_DEATH_HEARD_BY_THE_NEXT
        found = (term > 1); assert(!found);
#endif
        end_life()
    }
    :: d_step { phase == LEADING && can_decide && mind.named == NOBODY && waiting[0] -> admit(0) }
    :: d_step { phase == LEADING && can_decide && mind.named == NOBODY && waiting[1] -> admit(1) }
    /* The hold is over. */
    :: d_step {
        phase == LEADING && can_decide && mind.named == NOBODY && !mind.moved ->
        mind.moved = 1; mind.fence = mind.generation + 1; dirty = 1
    }
    /* ---- Transactions. */
    :: d_step {
        phase == LEADING && dirty && mind.generation < BATCHES && is_writer ->
        mind.generation++;
        copy_picture(draft[me], mind);
        open[me] = 1;
        phase = COMMITTING; dirty = 0; with_goodbye = mind.resigned
    }
    :: d_step { open[me] -> land(me) }
    :: d_step {
        phase == COMMITTING && !open[me] && is_writer ->
        phase = LEADING;
        if
#ifdef BREAK_GOODBYE_BESIDE_THE_COMMIT
        :: mind.resigned ->
#else
        :: with_goodbye ->
#endif
            goodbye_broken = (producer_epoch == term && !state.resigned);
            assert(!goodbye_broken);
            forget()
        :: else
        fi
    }
    /* SIGTERM; while a transaction is under way it will be the next one that says so. */
    :: d_step {
        me == 0 && phase != STANDBY && !mind.resigned -> mind.resigned = 1; dirty = 1
    }
    /* Fenced, crashed, or the outcome is not known: what is under way may land all the same. */
    :: d_step { phase != STANDBY -> forget() }

    /* ---- Standing by. */
#ifdef BREAK_GOODBYE_BELIEVED_UNCOMMITTED
    /* It sees a goodbye in a transaction that is not committed, and takes all of it for true. */
    :: d_step {
        is_standby && open[1 - me] && draft[1 - me].resigned ->
        copy_picture(mind, draft[1 - me]);
        fence_former();
        claim()
    }
#endif
    :: d_step {
        is_standby ->
#ifdef REACH_CLAIMED_AFTER_GOODBYE
        found = (state.resigned && state.named == 1); assert(!found);
#endif
#ifdef REACH_GOODBYE_LOST
        found = (open[1 - me] && draft[1 - me].resigned && !state.resigned); assert(!found);
#endif
        fence_former();
        tail();
        claim()
    }
    od
}

proctype collectors()
{
    byte r;

end_living:
    do
    /* A newcomer, by whose lock its predecessor is proved dead, or without one. */
    :: d_step { !finished && life[1] == UNBORN -> life[1] = ALIVE; air[1] = 1; take_head(1) }
    :: d_step {
        !finished && life[1] == UNBORN && life[0] == GONE -> 
        life[1] = ALIVE; air[1] = 1; replaces_0 = 1; take_head(1)
    }
    :: atomic {
        !finished ->
        if :: r = 0 :: r = 1 fi;
        if
        /* Its lease runs out; its process ends; somebody has waited for it. */
        :: d_step { life[r] == ALIVE -> life[r] = OVER; named[r] = 0; stop_reading(r) }
        :: d_step { life[r] == ALIVE || life[r] == OVER ->
            life[r] = GONE; named[r] = 0; stop_reading(r) }
        :: d_step { life[r] == GONE && !died[r] && written < MEMBERS ->
            died[r] = 1; members[written] = DEATH + r; written++ }
        /* The beat of each is appended at any time after its birth. */
        :: d_step { air[r] && written < MEMBERS ->
            air[r] = 0; members[written] = r; written++ }
        :: else
        fi;
        r = 0
    }
#ifdef SINK
    /* A write begins, and lands, which a frozen machine may do at any later time. */
    :: atomic {
        if :: r = 0 :: r = 1 :: r = Y fi;
        if
        :: d_step { reading[r] && air_tenure[r] == 0 ->
            air_fence[r] = own_fence[r]; air_tenure[r] = own_tenure[r] }
        :: d_step {
            air_tenure[r] > 0 ->
            if
            :: air_fence[r] >= taken_fence ->
                s6_broken = (air_tenure[r] < taken_tenure);
                assert(!s6_broken);
                taken_fence = air_fence[r];
                taken_tenure = air_tenure[r]
            :: else
#ifdef REACH_LATE_WRITE_REFUSED
                -> found = 1; assert(!found)
#endif
            fi;
            air_fence[r] = 0; air_tenure[r] = 0
        }
        :: else
        fi;
        r = 0
    }
#endif
    od
}

init {
    d_step {
        state.generation = 1; state.epoch = 1; state.named = 0; state.admitted = 1; state.fence = 1;
        life[0] = ALIVE; air[0] = 1;
        take_head(0)
    }
    atomic {
        run coordinator(0);
        run coordinator(1);
        run collectors()
    }
}
