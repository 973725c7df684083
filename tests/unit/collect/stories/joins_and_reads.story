# A newcomer reads its assignments to the end, says that it joins, is named, and reads what it is given (CB-27, S9).
0 life 3000 1000
0 start
  ask 1
5 end 1 7
5 left
  lease left 3000, may not write, 0 units, wakes at 3000
6 read 4
7 bucket 3 12 a=12 b=9:0@55
7 head 1 12 bbbb
  [0.007] p/c1@aaaa > head names incarnation 'bbbb' -> waits (S5)
  watch incumbent
8 read 7
  beat 1 joining applied 0 lease 3000 lineage L1
9 ack 1
20 bucket 5 14 c=14
21 head 1 14 aaaa 3=12 5=14 admitted=14
  [0.021] p/c1@aaaa > head 14 names this life -> active (S5)
  start a fence 14 begun
  start b fence 14 from 0@55 begun
  start c fence 14
  [0.021] p/c1@aaaa > head 14 of epoch 1 is a whole (active units 0) -> applied, active units 3 (S2)
  beat 2 active applied 14 lineage L1
23 ack 2
24 left
  lease left 2997, may write, 3 units, wakes at 1000
1021 tick
  ask 2
  beat 3 active applied 14 lineage L1
1022 end 2 9
1022 read 9
