# S5: evicted while it stops in order: what is left is dropped at once, and the exit code is that of a stop.
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
2 ack 2
500 stop
  [0.500] p/c1@aaaa > asked to stop (active units 1) -> drains for at most 2000 ms
  stop a until 2500
  beat 3 draining applied 12 lineage L1
600 head 1 13 nobody 3=12
  ALARM [0.600] p/c1@aaaa > head names '' instead of this life -> ends at once (S5)
  stop all now
  [0.600] p/c1@aaaa > everything has stopped, work left uncommitted -> leaving (S5)
  beat 4 leaving applied 12 lineage L1
610 ack 4
700 head 1 14 bbbb 3=14
  [0.700] p/c1@aaaa > head names 'bbbb' -> goodbye confirmed, exits (S5)
  exit 9: stopped with work left uncommitted
