# Two revokes under way: each generation is acknowledged when its own revokes and all older ones have ended.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12 b=12 c=12
2 head 1 12 aaaa 3=12
  [0.002] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  start c fence 12
  [0.002] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 3 (S2)
  beat 2 active applied 12 lineage L1
10 bucket 3 20 b=12 c=12
10 head 1 20 aaaa 3=20
  stop a until 1010
  [0.010] p/c1@aaaa > head 20 of epoch 1 is a whole (active units 3) -> applied, active units 3 (S2)
20 bucket 3 22 c=12
20 head 1 22 aaaa 3=22
  stop b until 1020
  [0.020] p/c1@aaaa > head 22 of epoch 1 is a whole (active units 3) -> applied, active units 3 (S2)
# The later one ends first: nothing to say yet.
30 stopped b committed
40 stopped a committed
  [0.040] p/c1@aaaa > 'a' stopped after 30 ms, committed -> acks 22 (S2)
  beat 3 active applied 22 lineage L1
50 head 1 25 aaaa 3=22
  [0.050] p/c1@aaaa > head 25 of epoch 1 is a whole (active units 1) -> applied, active units 1 (S2)
  beat 4 active applied 25 lineage L1
