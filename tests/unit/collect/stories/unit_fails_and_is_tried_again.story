# TG-10: one unit that fails is taken off and tried again, later each time; the others go on.
0 life 90000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 90000
1 bucket 3 12 a=12 b=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 2 (S2)
  beat 2 active applied 12 lineage L1
100 failed a
  ALARM [0.100] p/c1@aaaa > 'a' failed (1 in a row) -> starts again in 1000 ms
101 left
  lease left 89899, may write, 1 units, wakes at 1000
1100 tick
  start a fence 12
  ask 2
  beat 3 active applied 12 lineage L1
1200 failed a
  ALARM [1.200] p/c1@aaaa > 'a' failed (2 in a row) -> starts again in 2000 ms
3200 tick
  start a fence 12
  beat 4 active applied 12 lineage L1
3300 failed a
  ALARM [3.300] p/c1@aaaa > 'a' failed (3 in a row) -> starts again in 4000 ms
3400 bucket 3 13 b=12
3400 head 1 13 aaaa 3=13
  [3.400] p/c1@aaaa > head 13 of epoch 1 is a whole (active units 1) -> applied, active units 1 (S2)
  beat 5 active applied 13 lineage L1
