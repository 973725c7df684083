# S5, CB-38: a head that names another after this life ends it at once, without flush.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 1 (S2)
  beat 2 active applied 12 lineage L1
2 bucket 3 13 a=13
2 head 1 13 bbbb 3=13
  ALARM [0.002] p/c1@aaaa > head names 'bbbb' instead of this life -> ends at once (S5)
  stop all now
  exit 8: named no longer: evicted, or the id is in use
