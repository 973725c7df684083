// SPDX-License-Identifier: Apache-2.0
/*
 * Handover: revoke, ack, grant through heads and buckets, under leaders that change at any step.
 *
 * 2 collectors, 2 units, 2 leaders. Nobody dies and no lease runs out here (lease.pml, lives.pml).
 *
 *   leader ──one batch──▶ log of collector 0, log of collector 1, state      (all or nothing)
 *   collector: reads record by record -> head complete -> stop, flush -> ack -> leader grants
 *
 * Rules modelled: S2, S7, the head of section 4, the restore of section 5. Asserted: S1.
 * Unit 0 lies in a bucket that is never empty (it has other units, which never move); unit 1 is
 * alone in its bucket, so that one becomes a tombstone and 0 in the head.
 */

#ifndef BATCHES
#define BATCHES 7               /* the last generation a leader may publish */
#endif
#ifndef TERMS
#define TERMS 3                 /* the first leader, the other one, the first one again */
#endif

#ifdef BREAK_NO_PRODUCER_FENCE
#define LOG_RECORDS (6 * BATCHES)   /* two leaders may write BATCHES each */
#else
#define LOG_RECORDS (3 * BATCHES)
#endif

#define BUCKET_0 0
#define BUCKET_1 1
#define HEAD     2

#define KEEP   0                /* what a batch does with a unit */
#define REVOKE 1
#define GRANT  2                /* GRANT + collector */

bit s1_broken = 0;
bit found = 0;

/* What the state topic holds, and what a leader remembers of it. */
typedef picture {
    byte generation;
    byte owner[2];              /* of each unit, while revoking the loser */
    byte revoked[2];            /* generation of the revoke; 0 = owned */
    byte bucket[4];             /* [collector * 2 + unit]: its generation; 0 = empty */
};

picture state;                  /* the newest that is committed */
#ifdef BREAK_RESTORE_TO_END_ASKED_FOR
picture state_before;           /* what a stuck end lets a reader see */
#endif
byte producer_epoch = 1;        /* the one Kafka takes commits from */

/* kind, generation (tombstone: 0), has the unit | bucket generations, epoch */
chan assignments[2] = [LOG_RECORDS] of { byte, byte, byte, byte, byte };

byte acked[2];                  /* highest generation in a beat of each collector */
bit reading[4];                 /* [collector * 2 + unit] */

inline copy_picture(to, from)
{
    to.generation = from.generation;
    to.owner[0] = from.owner[0];       to.owner[1] = from.owner[1];
    to.revoked[0] = from.revoked[0];   to.revoked[1] = from.revoked[1];
    to.bucket[0] = from.bucket[0];     to.bucket[1] = from.bucket[1];
    to.bucket[2] = from.bucket[2];     to.bucket[3] = from.bucket[3];
}

inline clear_picture(p)
{
    p.generation = 0;
    p.owner[0] = 0;   p.owner[1] = 0;
    p.revoked[0] = 0; p.revoked[1] = 0;
    p.bucket[0] = 0;  p.bucket[1] = 0;  p.bucket[2] = 0;  p.bucket[3] = 0;
}

/* The records of collector c in the batch: the buckets touched, the head last. */
inline publish_collector(c)
{
    touched = 0;
    if
    :: change[0] == REVOKE && mind.owner[0] == c || change[0] == GRANT + c ->
        mind.bucket[c * 2] = mind.generation;
        assignments[c]!BUCKET_0, mind.generation, (change[0] != REVOKE), 0, 0;
        touched = 1
    :: else
    fi;
    if
    :: change[1] == REVOKE && mind.owner[1] == c ->
        mind.bucket[c * 2 + 1] = 0;
        assignments[c]!BUCKET_1, 0, 0, 0, 0;
        touched = 1
    :: change[1] == GRANT + c ->
        mind.bucket[c * 2 + 1] = mind.generation;
        assignments[c]!BUCKET_1, mind.generation, 1, 0, 0;
        touched = 1
    :: else
    fi;
    if
    :: touched ->
        assignments[c]!HEAD, mind.generation, mind.bucket[c * 2], mind.bucket[c * 2 + 1], term
    :: else
    fi;
    touched = 0
}

/* One transaction. The records of a revoke name the loser, those of a grant the winner. */
inline commit_batch()
{
    mind.generation++;
    publish_collector(0);
    publish_collector(1);
    if
    :: change[0] == REVOKE -> mind.revoked[0] = mind.generation
    :: change[0] >= GRANT -> mind.owner[0] = change[0] - GRANT; mind.revoked[0] = 0
    :: else
    fi;
    if
    :: change[1] == REVOKE -> mind.revoked[1] = mind.generation
    :: change[1] >= GRANT -> mind.owner[1] = change[1] - GRANT; mind.revoked[1] = 0
    :: else
    fi;
#ifdef BREAK_RESTORE_TO_END_ASKED_FOR
    copy_picture(state_before, state);
#endif
    copy_picture(state, mind);
}

#ifdef BREAK_GRANT_BEFORE_ACK
#define released(u) (mind.revoked[u] > 0)
#else
#define released(u) (mind.revoked[u] > 0 && acked[mind.owner[u]] >= mind.revoked[u])
#endif

inline choose_change(u)
{
    if
    :: change[u] = KEEP
    :: mind.revoked[u] == 0 -> change[u] = REVOKE
    :: released(u) -> change[u] = GRANT
    :: released(u) -> change[u] = GRANT + 1
    fi
}

proctype leader(byte term)
{
    picture mind;
    byte change[2];
    bit touched;

    if
    :: term == 1 -> atomic { copy_picture(mind, state); goto end_leading }
    :: else -> term = 0
    fi;

end_standby:
    /* It may take over at any time, rightly or wrongly: init_transactions fences the other. */
    atomic {
        producer_epoch < TERMS ->
        producer_epoch++;
        term = producer_epoch
    }
    /* Restore until the own marker has been read back. */
    atomic {
        if
        :: copy_picture(mind, state)
#ifdef BREAK_RESTORE_TO_END_ASKED_FOR
        :: state_before.generation > 0 -> copy_picture(mind, state_before)
#endif
        fi
    }

end_leading:
    do
    :: atomic {
#ifndef BREAK_NO_PRODUCER_FENCE
        producer_epoch == term &&
#endif
        mind.generation < BATCHES ->
        choose_change(0);
        choose_change(1);
        if
        :: change[0] != KEEP || change[1] != KEEP ->
            d_step {
#ifdef REACH_BOTH_IN_ONE_BATCH
                if
                :: change[0] == GRANT + 1 && change[1] == GRANT + 1 -> found = 1; assert(!found)
                :: else
                fi;
#endif
#ifdef REACH_MOVED_UNDER_TWO_LEADERS
                if
                :: term == 2 && mind.generation == mind.revoked[0] && change[0] == GRANT + 1 &&
                   mind.owner[0] == 0 -> found = 1; assert(!found)
                :: else
                fi;
#endif
                commit_batch();
                change[0] = KEEP;
                change[1] = KEEP
            }
        :: else
        fi }
    :: d_step { producer_epoch != term -> term = 0; clear_picture(mind) }; goto end_standby
    od
}

proctype collector(byte me)
{
    byte kind, generation, a, b, epoch;
    byte held[2];               /* generation of the bucket held; 0 = none */
    bit with_unit_0;            /* what the bucket of unit 0 says */
    byte seen_epoch, seen;      /* of heads */
    byte applied;
    bit stopping[2];
    bit want[2];

end_read:
    /* Compaction may take a record that a later one of its key supersedes, and any tombstone. */
    atomic {
        assignments[me]?kind, generation, a, b, epoch ->
        if
        :: kind == BUCKET_0 && assignments[me]??[BUCKET_0, _, _, _, _] -> kind = 9
        :: kind == BUCKET_1 &&
           (generation == 0 || assignments[me]??[BUCKET_1, _, _, _, _]) -> kind = 9
        :: kind == HEAD && assignments[me]??[HEAD, _, _, _, _] -> kind = 9
        :: true
        fi;
        if
        :: kind == BUCKET_0 -> held[0] = generation; with_unit_0 = a
        :: kind == BUCKET_1 -> held[1] = generation
        :: kind == HEAD && epoch >= seen_epoch && generation > seen ->
            seen_epoch = epoch; seen = generation;
            if
            :: b == 0 -> held[1] = 0
            :: else
            fi;
            if
            :: held[0] == a && held[1] == b -> applied = generation
            :: else
            fi
        :: else
        fi;
#ifdef BREAK_ACK_WITHOUT_HEAD
        /* Every record is applied as it comes, and acks its own generation. */
        if
        :: kind == BUCKET_0 && generation > applied -> applied = generation
        :: kind == BUCKET_1 && generation > applied -> applied = generation
        :: else
        fi;
        if
        :: kind != 9 ->
#else
        if
        :: kind == HEAD && applied == generation ->
#endif
            want[0] = with_unit_0;
            want[1] = (held[1] > 0);
            stopping[0] = reading[me * 2] && !want[0];
            stopping[1] = reading[me * 2 + 1] && !want[1];
            d_step {
                if
                :: want[0] && reading[(1 - me) * 2] || want[1] && reading[(1 - me) * 2 + 1] ->
                    s1_broken = 1; assert(!s1_broken)
                :: else
                fi;
#ifdef REACH_THERE_AND_BACK
                if
                :: me == 0 && want[0] && !reading[0] && generation >= 5 -> found = 1; assert(!found)
                :: else
                fi;
#endif
                reading[me * 2] = reading[me * 2] || want[0];
                reading[me * 2 + 1] = reading[me * 2 + 1] || want[1];
                want[0] = 0; want[1] = 0
            }
        :: else
        fi;
        kind = 0; generation = 0; a = 0; b = 0; epoch = 0;
        if
        :: acked[me] == applied -> goto end_read
        :: else
        fi
    }
#ifdef BREAK_ACK_BEFORE_FLUSH
    acked[me] = applied;
#endif
    /* What is dropped is read and written until here: the flush is done or given up. */
    d_step {
        reading[me * 2] = reading[me * 2] && !stopping[0];
        reading[me * 2 + 1] = reading[me * 2 + 1] && !stopping[1];
        stopping[0] = 0; stopping[1] = 0
    }
    acked[me] = applied;
    goto end_read
}

init {
    atomic {
        state.generation = 1;
        state.bucket[0] = 1; state.bucket[2] = 1;
        /* Unit 0 begins at collector 0: the other way round is the same with the names changed. */
        if :: state.owner[1] = 0 :: state.owner[1] = 1 fi;
        state.bucket[state.owner[1] * 2 + 1] = 1;
        assignments[0]!BUCKET_0, 1, (state.owner[0] == 0), 0, 0;
        assignments[1]!BUCKET_0, 1, (state.owner[0] == 1), 0, 0;
        assignments[state.owner[1]]!BUCKET_1, 1, 1, 0, 0;
        assignments[0]!HEAD, 1, 1, state.bucket[1], 1;
        assignments[1]!HEAD, 1, 1, state.bucket[3], 1;
        run leader(1);
        run leader(2);
        run collector(0);
        run collector(1)
    }
}
