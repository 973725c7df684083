# S5: a head that is deleted names nobody.
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
2 nohead
  ALARM [0.002] p/c1@aaaa > head names '' instead of this life -> ends at once (S5)
  stop all now
  exit 8: named no longer: evicted, or the id is in use
