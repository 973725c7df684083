# S3: the lease runs from the send of the newest acknowledged beat; when it has gone, a late answer revives nothing.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
100 bucket 3 12 a=12
100 head 1 12 aaaa 3=12
  [0.100] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  [0.100] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 1 (S2)
  beat 2 active applied 12 lineage L1
200 ack 1
900 ack 2
1100 tick
  ask 2
  beat 3 active applied 12 lineage L1
1101 end 2 0
1101 left
  lease left 1999, may write, 1 units, wakes at 2100
2100 tick
  ask 3
  beat 4 active applied 12 lineage L1
2101 end 3 0
2599 left
  lease left 501, may write, 1 units, wakes at 3100
2600 left
  lease left 500, may not write, 1 units, wakes at 3100
3099 left
  lease left 1, may not write, 1 units, wakes at 3100
3100 ack 3
  ALARM [3.100] p/c1@aaaa > no beat acknowledged that was sent less than 3000 ms ago -> life is over (S3)
  stop all now
  restart
