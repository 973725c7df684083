# S5, CB-38: a head that names nobody after this life ends it at once, without flush; it says so.
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
2 head 1 13 nobody 3=12
  ALARM [0.002] p/c1@aaaa > head names '' instead of this life -> ends at once (S5)
  stop all now
  [0.002] p/c1@aaaa > everything has stopped, work left uncommitted -> leaving (S5)
  beat 3 leaving applied 12 lineage L1
10 ack 2
20 ack 3
  exit 8: named no longer: evicted, or the id is in use
