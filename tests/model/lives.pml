// SPDX-License-Identifier: Apache-2.0
/*
 * Lives: the same id twice, leaving, eviction, death, and the fence at the sink.
 *
 * 2 collectors, 3 incarnations (0 and 1 have the same id, 2 the other), 2 units, leaders that
 * change at any step. A batch is read whole here (handover.pml takes it apart); a death is
 * declared only of an incarnation that is over (lease.pml shows that S4 sees to that).
 *
 *   unborn ──start──▶ waiting ──head names it──▶ named ──▶ over | left
 *
 * Rules modelled: S2, S5, S6, S7. Asserted: S1, and S6 at a sink that refuses a lower fence: no
 * write of an older tenure is taken after one of a newer. A tenure of a unit begins with a grant
 * or with the admission of another incarnation; two incarnations never share one.
 */

#ifndef BATCHES
#define BATCHES 6
#endif

#define NOBODY 3
#define id_of(i) ((i) / 2)      /* 0, 1 -> 0; 2 -> 1 */

#define UNBORN  0
#define WAITING 1
#define NAMED   2
#define OVER    3               /* its lease has run out, it crashed, or a head ended it */
#define LEFT    4               /* stopped for good, then said so */

bit s1_broken = 0;
bit s6_broken = 0;
bit found = 0;

/* What is committed: the leader's picture. */
byte generation = 1;
byte named[2];                  /* by the head of each collector: incarnation or NOBODY */
byte incumbent[2];              /* admitted and not known to have ended, or NOBODY */
byte admitted[2];               /* generation that first named the one named */
byte owner[2];                  /* of each unit: collector */
byte revoked[2];                /* of each unit: generation of its revoke; 0 = owned */
byte fence[2];                  /* of each unit: generation of its grant */

/*
 * What the beats say. A leader hears it sooner or later, or never; since all of it only grows, one
 * that heard long ago and acts now does what one does that hears now. So a leader has no memory
 * but what is committed, and a change of leader is no step of its own: it happens everywhere.
 */
byte acked[3];
#ifdef BREAK_LEAVING_BEFORE_STOPPING
bit said_leaving[3];
#endif

byte life[3];
bit reading[6];                 /* [incarnation * 2 + unit] */

/* generation, named, fence of unit 0 and 1 in the buckets (0 = not there), admitted */
chan assignments[3] = [BATCHES] of { byte, byte, byte, byte, byte };

/* The sink, for unit 0. */
byte taken_fence, taken_tenure, taken_from = NOBODY;

#define in_bucket(c, u) ((owner[u] == c && revoked[u] == 0) -> fence[u] : 0)
#define is_alive(i) (life[i] == WAITING || life[i] == NAMED)

inline publish(c)
{
    if
    :: c == 0 ->
        if
        :: is_alive(0) ->
            assignments[0]!generation, named[0], in_bucket(0, 0), in_bucket(0, 1), admitted[0]
        :: else
        fi;
        if
        :: is_alive(1) ->
            assignments[1]!generation, named[0], in_bucket(0, 0), in_bucket(0, 1), admitted[0]
        :: else
        fi
    :: c == 1 ->
        if
        :: is_alive(2) ->
            assignments[2]!generation, named[1], in_bucket(1, 0), in_bucket(1, 1), admitted[1]
        :: else
        fi
    fi
}

#ifdef BREAK_WAITING_ACK_COUNTS
#define ack_of(c) (c == 1 -> acked[2] : \
    (acked[0] > acked[1] -> acked[0] : acked[1]))
#else
#define ack_of(c) (acked[named[c]])
#endif

/* Free to be granted: its revoke is acked by the one named, or nobody can be reading it. */
#define is_free(u) (incumbent[owner[u]] == NOBODY || \
    (revoked[u] > 0 && named[owner[u]] != NOBODY && ack_of(owner[u]) >= revoked[u]))

/* S4, by a leader of whatever age, or the proof of death; or the incarnation said so. */
#ifdef BREAK_LEAVING_BEFORE_STOPPING
#define has_ended(i) (life[i] == OVER || said_leaving[i])
#else
#define has_ended(i) (life[i] == OVER || life[i] == LEFT)
#endif
#define may_be_admitted(i) (life[i] == WAITING || life[i] == OVER)

inline admit(i)
{
    named[id_of(i)] = i;
    incumbent[id_of(i)] = i;
    admitted[id_of(i)] = generation
}

proctype leader()
{
    byte c, u, i, d;

end_leading:
    do
    /* The incumbent ended: the head names nobody, or at once the one that waits. */
    :: atomic {
        generation < BATCHES ->
        if :: c = 0 :: c = 1 fi;
        if
        :: incumbent[c] != NOBODY && has_ended(incumbent[c]) ->
            generation++;
            if
            :: named[c] = NOBODY; incumbent[c] = NOBODY
            :: c == 0 && incumbent[0] == 0 && may_be_admitted(1) -> admit(1)
            :: c == 0 && incumbent[0] == 1 && may_be_admitted(0) -> admit(0)
            fi;
            publish(c)
        :: else
        fi;
        c = 0
    }
    /* Nobody there: one that was heard is admitted and has the same units. */
    :: atomic {
        generation < BATCHES ->
        if :: i = 0 :: i = 1 :: i = 2 fi;
        if
        :: incumbent[id_of(i)] == NOBODY && may_be_admitted(i) ->
            generation++;
            admit(i);
            publish(id_of(i))
        :: else
        fi;
        i = 0
    }
    /* An operator evicts: the incumbent stays one until it has ended. */
    :: atomic {
        generation < BATCHES ->
        if :: c = 0 :: c = 1 fi;
        if
        :: named[c] != NOBODY ->
            generation++;
            named[c] = NOBODY;
#ifdef BREAK_EVICTED_IS_FORGOTTEN
            incumbent[c] = NOBODY;
#endif
            publish(c)
        :: else
        fi;
        c = 0
    }
    /* Revoke. */
    :: atomic {
        generation < BATCHES ->
        if :: u = 0 :: u = 1 fi;
        if
        :: revoked[u] == 0 ->
            generation++;
            revoked[u] = generation;
            publish(owner[u])
        :: else
        fi;
        u = 0
    }
    /* Grant, and take it out of the buckets of one that is gone, in one batch. */
    :: atomic {
        generation < BATCHES ->
        if :: u = 0 :: u = 1 fi;
        if :: d = 0 :: d = 1 fi;
        if
        :: is_free(u) && named[d] != NOBODY && (revoked[u] > 0 || d != owner[u]) ->
            generation++;
            c = owner[u];
            owner[u] = d;
            revoked[u] = 0;
            fence[u] = generation;
            publish(d);
            if
            :: c != d -> publish(c)
            :: else
            fi
        :: else
        fi;
        u = 0; d = 0; c = 0
    }
    od
}

#define other_reads(i, u) \
    (i != 0 && reading[u] || i != 1 && reading[2 + u] || i != 2 && reading[4 + u])

/* Takes over the units of a whole, complete version. */
inline apply()
{
    if
    :: f0 > 0 && !reading[me * 2] && other_reads(me, 0) -> s1_broken = 1
    :: f1 > 0 && !reading[me * 2 + 1] && other_reads(me, 1) -> s1_broken = 1
    :: else
    fi;
    assert(!s1_broken);
    reading[me * 2] = (f0 > 0);
    reading[me * 2 + 1] = (f1 > 0);
    acked[me] = g;
#ifdef REACH_ADMITTED_WITH_THE_SAME_UNITS
    found = (me == 1 && f0 == 1 && f1 == 1 && first > 1);
#endif
#ifdef REACH_MOVED_BY_REVOKE
    found = (me == 2 && f0 > 0 && life[0] == NAMED);
#endif
#ifdef REACH_MOVED_BY_DEATH
    found = (me == 2 && f0 > 0 && life[0] == OVER && life[1] == UNBORN);
#endif
#ifdef REACH_REVOKED_AND_ADMITTED
    found = (me == 2 && f0 > 0 && f1 > 0 && life[0] == OVER && life[1] == NAMED);
#endif
    assert(!found);
#ifdef SINK
    own_tenure = (f0 > first -> f0 : first);
#ifdef BREAK_FENCE_NOT_RAISED
    own_fence = f0;
#else
    own_fence = own_tenure;
#endif
    if
    :: !reading[me * 2] -> own_tenure = 0; own_fence = 0
    :: else
    fi;
#endif
    skip
}

inline stop_reading()
{
#ifdef SINK
    own_tenure = 0; own_fence = 0;
#endif
    reading[me * 2] = 0; reading[me * 2 + 1] = 0
}

inline forget_log()
{
    do
    :: nempty(assignments[me]) -> assignments[me]?g, who, f0, f1, first
    :: empty(assignments[me]) -> break
    od;
    g = 0; who = 0; f0 = 0; f1 = 0; first = 0
}

proctype incarnation(byte me)
{
    byte g, who, f0, f1, first;
#ifdef SINK
    byte own_fence, own_tenure;             /* of unit 0 */
    byte air_fence, air_tenure;             /* of a write of unit 0 that is on its way */
#endif

    if
    :: me != 1
    :: me == 1 ->
end_unborn:
        /* It reads the newest version first: all the older ones name others, or nobody. */
        d_step {
            life[1] = WAITING;
            assignments[1]!generation, named[0], in_bucket(0, 0), in_bucket(0, 1), admitted[0]
        }
    fi;

end_living:
    do
    :: atomic {
        is_alive(me) && nempty(assignments[me]) ->
        assignments[me]?g, who, f0, f1, first;
        if
        :: nempty(assignments[me])              /* compacted away, or simply not yet heeded */
        :: d_step {
            if
            :: who == me -> life[me] = NAMED; apply()
            :: who != me && life[me] == NAMED -> life[me] = OVER; stop_reading(); forget_log()
            :: who != me && life[me] == WAITING ->
#ifdef BREAK_NEWCOMER_READS_AT_ONCE
                apply();
#endif
#ifdef BREAK_WAITING_ACK_COUNTS
                acked[me] = g;
#endif
#ifdef REACH_WAITS_BESIDE_THE_INCUMBENT
                found = (who == 0 && life[0] == NAMED && reading[0] && reading[1]);
                assert(!found);
#endif
                skip
            fi
        }
        fi;
        g = 0; who = 0; f0 = 0; f1 = 0; first = 0
    }
    /* The lease runs out, or it crashes. */
    :: d_step { is_alive(me) -> life[me] = OVER; stop_reading(); forget_log() }

    /* It leaves: stopped first, said after. */
#ifdef BREAK_LEAVING_BEFORE_STOPPING
    :: d_step { is_alive(me) -> said_leaving[me] = 1 }
#else
    :: d_step { is_alive(me) -> life[me] = LEFT; stop_reading(); forget_log() }
#endif

#ifdef SINK
    /* A write begins; a frozen machine may land it at any later time. */
    :: d_step {
        reading[me * 2] && air_tenure == 0 ->
        air_fence = own_fence; air_tenure = own_tenure
    }
    :: d_step {
        air_tenure > 0 ->
        if
        :: air_fence >= taken_fence ->
            if
            :: air_tenure < taken_tenure -> s6_broken = 1
            :: air_tenure == taken_tenure && taken_from != me -> s6_broken = 1
            :: else
            fi;
            assert(!s6_broken);
            taken_fence = air_fence;
            taken_tenure = air_tenure;
            taken_from = me
        :: else
#ifdef REACH_LATE_WRITE_REFUSED
            found = 1; assert(!found)
#endif
        fi;
        air_fence = 0; air_tenure = 0
    }
#endif
    od
}

init {
    atomic {
        named[0] = 0; named[1] = 2;
        incumbent[0] = 0; incumbent[1] = 2;
        admitted[0] = 1; admitted[1] = 1;
        owner[0] = 0;
        if :: owner[1] = 0 :: owner[1] = 1 fi;
        fence[0] = 1; fence[1] = 1;
        life[0] = WAITING; life[2] = WAITING;
        publish(0);
        publish(1);
        run leader();
        run incarnation(0);
        run incarnation(1);
        run incarnation(2)
    }
}
