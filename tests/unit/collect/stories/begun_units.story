# What had an owner before is said to be so: by the bucket, or because its grant is older than this life.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 14 a=14 b=14+ c=12 d=14+:0@55
2 head 1 14 aaaa 3=14 admitted=14
  [0.002] p/c1@aaaa > head 14 names this life -> active (S5)
  start a fence 14
  start b fence 14 begun
  start c fence 14 begun
  start d fence 14 from 0@55 begun
  [0.002] p/c1@aaaa > head 14 of epoch 1 is a whole (active units 0) -> applied, active units 4 (S2)
  beat 2 active applied 14 lineage L1
3 bucket 3 15 a=14 b=14+ c=12 d=14+:0@55 e=15
3 head 1 15 aaaa 3=15 admitted=14
  start e fence 15
  [0.003] p/c1@aaaa > head 15 of epoch 1 is a whole (active units 4) -> applied, active units 5 (S2)
  beat 3 active applied 15 lineage L1
4 failed a
  ALARM [0.004] p/c1@aaaa > 'a' failed (1 in a row) -> starts again in 1000 ms
1004 tick
  start a fence 14
  ask 2
  beat 4 active applied 15 lineage L1
