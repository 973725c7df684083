// SPDX-License-Identifier: Apache-2.0
/*
 * Stuck: a collector that cannot read its assignments, or cannot let go, loses its units.
 *
 * 2 collectors, 1 unit, beats and acknowledgements that come back at once: only then is anything
 * promised about how long a revoke may take. Reading and flushing get stuck and come loose at any
 * tick, as often as they like. Collector 0 has the unit; it is granted to 1 when 0 let go or died.
 *
 * Rules modelled: S8, S4 on top of it. Asserted: S1, and that a revoke is over in time.
 */

#define LEASE 3
#define DRIFT 1
#define LIMIT (LEASE + DRIFT)
#define REVOKE_TIMEOUT 2
/*
 * The longest way, and no tick more: it stops beating because it reads nothing (LEASE), reads again
 * just before its lease is over (LIMIT), does not let go (REVOKE_TIMEOUT) and is silent until the
 * leader calls it dead (LIMIT).
 */
#define IN_TIME (LEASE + LIMIT + REVOKE_TIMEOUT + LIMIT - 1)

bit s1_broken = 0;
bit s8_broken = 0;
bit found = 0;

bit read_stuck, flush_stuck;
byte age;                       /* of the last beat acknowledged */
byte read_age;                  /* since it asked for the end to which it has read */
byte revoke_age;                /* since it read the revoke */
bit knows;                      /* it has read the revoke */
bit holds = 1;
bit over;
bit acked;

bit revoked;                    /* published */
byte waited;                    /* since then */
byte silent;
bit granted;

#ifdef BREAK_BEATS_WITHOUT_READING
#define has_read 1
#else
#define has_read (read_age < LEASE)
#endif
#ifdef BREAK_BEATS_WHILE_HOLDING
#define lets_go 1
#else
#define lets_go (!knows || !holds || revoke_age <= REVOKE_TIMEOUT)
#endif

inline grow(x)
{
    if
    :: x <= IN_TIME -> x++
    :: else
    fi
}

inline turn_collector()
{
    if
    :: age > LIMIT -> over = 1; holds = 0
    :: else
    fi;
    if
    :: !read_stuck && !over -> read_age = 0; knows = revoked
    :: else
    fi;
    if
    :: knows && !flush_stuck -> holds = 0
    :: else
    fi;
    if
    :: !over && has_read && lets_go -> age = 0; silent = 0; acked = (knows && !holds)
    :: else
    fi
}

inline turn_leader()
{
    if
    :: revoked && acked -> granted = 1
    :: revoked && silent > LIMIT ->
        granted = 1;
#ifdef REACH_FREED_FROM_A_BLIND_ONE
        found = !knows;
#endif
#ifdef REACH_FREED_FROM_A_CLINGING_ONE
        found = knows;
#endif
        assert(!found)
    :: else
    fi;
    s1_broken = (granted && holds && !over);
    assert(!s1_broken);
    s8_broken = (waited > IN_TIME && !granted);
    assert(!s8_broken)
}

active proctype world()
{
end_of_turn:
    do
    :: d_step { !granted -> read_stuck = !read_stuck }
    :: d_step { !granted -> flush_stuck = !flush_stuck }
    :: d_step { !revoked -> revoked = 1 }
    :: d_step {
        !granted ->
        grow(age);
        grow(read_age);
        grow(silent);
        if
        :: revoked -> grow(waited)
        :: else
        fi;
        if
        :: knows -> grow(revoke_age)
        :: else
        fi;
        turn_collector();
        turn_leader()
    }
    od
}
