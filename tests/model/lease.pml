// SPDX-License-Identifier: Apache-2.0
/*
 * Lease: who may believe that it owns, and when a leader may call another dead.
 *
 * 2 collectors, 2 units, leaders that change at any step. Time goes in ticks; whatever happens
 * between two ticks happens at one instant, in any order; nothing but the leases binds how many
 * ticks a beat, its acknowledgement, a read or a decision takes.
 *
 *   collector: send ──▶ append to members ──▶ acknowledged        each as late as it likes
 *                             │
 *   leader: own beat: send ──▶ append ──▶ read back, after all that lies before it
 *
 * A collector sends beats whenever it likes (S8 only takes beats away). Units move by death alone
 * here: revoke and ack are in handover.pml and lives.pml. Rules modelled: S3, S4. Asserted: S1.
 *
 * Collector 0 is the one that may lose units, with all its beats and clock. Collector 1 is the one
 * that may gain them, and is allowed more than a real one: its lease never runs out, no head ends
 * it, the leader admits it whenever it likes and never calls it dead. Since each lives once, a unit
 * goes from one to the other at most once; the other direction is this one with the names changed.
 */

#ifndef LEASE
#define LEASE 1
#endif
#define DRIFT 1                 /* by so much a collector's clock may make the lease longer */
#define LIMIT (LEASE + DRIFT)   /* a collector's lease is valid up to this age, and with it */
#define LONG_AGO (LIMIT + 1)    /* ages are not told apart from here on */
#ifdef BREAK_NO_MARGIN
#define WAIT LEASE
#else
#define WAIT LIMIT
#endif

#ifndef MEMBERS
#define MEMBERS 3               /* beats in the log that the leader has not read */
#endif

#define NOBODY 2

#define UNBORN  0
#define UNACKED 1               /* its lease runs from the send of its first beat */
#define LEASED  2               /* its lease runs from the send of the last one acknowledged */
#define OVER    3

#define UNKNOWN 0               /* what the state says of a collector */
#define ADMITTED 1
#define DEAD     2

bit s1_broken = 0;
bit found = 0;

/* Collector 0. */
byte life;
byte age;                       /* of what the lease runs from */
bit named;                      /* a head has named it */

/* Its beats on their way, the older one first. */
#define NONE     0
#define SENT     1
#define APPENDED 2              /* in the log, not acknowledged */
byte beat[2];
byte beat_age[2];

byte view[2];                   /* units each collector reads: a bit per unit */

#define BEAT 0                  /* of collector 0 */
#define OWN  1                  /* of the leader */
chan members = [MEMBERS] of { bit };
chan assignments[2] = [4] of { byte, bit };     /* units, named */

/* Committed. */
byte standing[2];
byte owner[2] = NOBODY;

/* The leader of the moment. */
bit heard;
byte silent;                    /* age of the last beat consumed, or of this leader */
byte own = NONE;
bit own_proves;                 /* the own beat was sent more than the wait after that */

#define is_valid (life == UNACKED || life == LEASED)
#define units_of(c) ((owner[0] == c -> 1 : 0) + (owner[1] == c -> 2 : 0))
#ifdef BREAK_LATE_FIRST_ACK_BEGINS_LEASE
#define owned_by_0 (life == LEASED -> view[0] : 0)
#else
#define owned_by_0 (is_valid -> view[0] : 0)
#endif

inline check()
{
    if
    :: (owned_by_0 & view[1]) != 0 -> s1_broken = 1; assert(!s1_broken)
    :: else
    fi
}

inline end_life()
{
    life = OVER;
    age = 0; named = 0; view[0] = 0;
    do
    :: nempty(assignments[0]) -> assignments[0]?_, _
    :: empty(assignments[0]) -> break
    od;
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

#ifdef BREAK_LATE_FIRST_ACK_BEGINS_LEASE
#define can_run_out (life == LEASED)    /* before the first ack there is nothing to run out */
#define begins (life == LEASED || beat_age[0] <= LIMIT)     /* an older one begins nothing */
#else
#define begins 1
#define can_run_out is_valid
#endif

active proctype clock()
{
end_ticking:
    do
    :: d_step {
        if
        :: is_valid ->
            grow(age);
            if
            :: can_run_out && age > LIMIT -> end_life()
            :: else
            fi
        :: else
        fi;
        grow_beat(0);
        grow_beat(1);
        grow(silent)
    }
    od
}

proctype collector_0()
{
    byte units;
    bit names_me;

end_living:
    do
    :: d_step { life == UNBORN -> life = UNACKED; beat[0] = SENT }

    :: d_step { is_valid && beat[0] == NONE -> beat[0] = SENT }
    :: d_step { is_valid && beat[0] != NONE && beat[1] == NONE -> beat[1] = SENT }

    :: d_step { beat[0] == SENT && nfull(members) -> members!BEAT; beat[0] = APPENDED }
    :: d_step {
        beat[0] == APPENDED && beat[1] == SENT && nfull(members) ->
        members!BEAT; beat[1] = APPENDED
    }
    /* Acknowledged: one that is over is not revived by it. */
    :: d_step {
        beat[0] == APPENDED ->
        if
        :: is_valid && begins ->
            life = LEASED;
#ifdef BREAK_LEASE_FROM_ACK
            age = 0;
#else
            age = beat_age[0];
#endif
            if
            :: age > LIMIT -> end_life()
            :: else
            fi
        :: else
        fi;
        beat[0] = beat[1]; beat_age[0] = beat_age[1];
        beat[1] = NONE; beat_age[1] = 0;
        check();
#ifdef REACH_LEASE_KEPT_BY_A_LATE_ACK
        found = (life == LEASED && view[0] > 0 && age == LIMIT && beat[0] == NONE);
        assert(!found)
#endif
    }
    /* A head and its buckets. */
    :: d_step {
        is_valid && nempty(assignments[0]) ->
        assignments[0]?units, names_me;
        if
        :: names_me -> named = 1; view[0] = units; check()
        :: !names_me && named -> end_life()
        :: else
        fi;
        units = 0; names_me = 0
    }
    /* It crashes; what is in the air stays there. */
    :: d_step { is_valid -> end_life() }
    od
}

proctype collector_1()
{
end_living:
    do
    :: d_step {
        nempty(assignments[1]) ->
        assignments[1]?view[1], _;
        check();
#ifdef REACH_MOVED_BY_DEATH
        found = (view[1] == 3 && standing[0] == DEAD);
        assert(!found)
#endif
#ifdef REACH_BOTH_OWN_ONE
        found = (view[1] == 1 && view[0] == 2 && life == LEASED);
        assert(!found)
#endif
    }
    od
}

inline publish(c)
{
    if
    :: c == 1 || life != OVER -> assignments[c]!units_of(c), (standing[c] == ADMITTED)
    :: else
    fi
}

inline take_back(u)
{
    if
    :: owner[u] == 0 -> owner[u] = NOBODY
    :: else
    fi
}

inline declare_dead()
{
    standing[0] = DEAD;
    take_back(0);
    take_back(1);
#ifdef REACH_DEATH_UNNOTICED
    found = (life == OVER && beat[0] == SENT && beat[1] == SENT);
    assert(!found);
#endif
    publish(0)
}

#ifdef BREAK_NEW_LEADER_DOES_NOT_WAIT
#define AT_TAKEOVER LONG_AGO
#else
#define AT_TAKEOVER 0
#endif

inline become_leader()
{
    heard = 0; silent = AT_TAKEOVER; own = NONE; own_proves = 0
}

proctype leader()
{
    byte n, u, c;
    bit what;

end_leading:
    do
    :: d_step { own == NONE -> own = SENT; own_proves = (silent > WAIT) }
    :: d_step { own == SENT && nfull(members) -> members!OWN; own = APPENDED }
    :: d_step {
        nempty(members) ->
        members?what;
        if
        :: what == BEAT -> heard = 1; silent = 0; own_proves = 0
        :: what == OWN ->
            own = NONE;
            if
            :: own_proves && standing[0] == ADMITTED -> declare_dead()
            :: else
            fi;
            own_proves = 0
        fi;
        what = 0
    }
#ifdef BREAK_DEATH_BY_STALE_END
    /* It asked Kafka for the end of members and has read to there: the end was a stuck one. */
    :: d_step { silent > WAIT && standing[0] == ADMITTED -> declare_dead() }
#endif

    /* A collector that was heard is admitted; a unit that nobody has is granted. */
    :: d_step { heard && standing[0] == UNKNOWN -> standing[0] = ADMITTED; publish(0) }
    :: d_step { standing[1] == UNKNOWN -> standing[1] = ADMITTED; publish(1) }
    :: atomic {
        if :: c = 0 :: c = 1 fi;
        if :: u = 0 :: u = 1 fi;
        if
        :: owner[u] == NOBODY && standing[c] == ADMITTED -> owner[u] = c; publish(c)
        :: else
        fi;
        c = 0; u = 0
    }

    /* Another leader: it starts members at the end, or at an older offset that it was told is. */
    :: d_step {
        n = len(members);
        do
        :: n > 0 ->
            n--;
            members?what;
            if
            :: what == BEAT -> members!BEAT
            :: else
            fi
        :: n == 0 -> break
        od;
        what = 0;
        become_leader()
    }
    :: d_step {
        do
        :: nempty(members) -> members?_
        :: empty(members) -> break
        od;
        become_leader()
    }
    od
}

init {
    atomic {
        run leader();
        run collector_0();
        run collector_1()
    }
}
