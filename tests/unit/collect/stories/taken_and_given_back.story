# TG-5: remove a, add a, back to back: the second reader begins when the first has stopped; fences rise.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12
2 head 1 12 aaaa 3=12
  [0.002] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  [0.002] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 1 (S2)
  beat 2 active applied 12 lineage L1
3 bucket 3 20 b=20
3 head 1 20 aaaa 3=20
  stop a until 1003
  start b fence 20
  [0.003] p/c1@aaaa > head 20 of epoch 1 is a whole (active units 1) -> applied, active units 2 (S2)
4 bucket 3 21 a=21 b=20
4 head 1 21 aaaa 3=21
  [0.004] p/c1@aaaa > head 21 of epoch 1 is a whole (active units 2) -> applied, active units 2 (S2)
5 stopped a dropped
  [0.005] p/c1@aaaa > 'a' stopped after 2 ms, a rest dropped uncommitted -> acks 21 (S2)
  start a fence 21
  beat 3 active applied 21 lineage L1
# Granted anew without a stop that was seen: the reader stays and its fence is raised (S6).
6 bucket 3 30 a=29 b=20
6 head 1 30 aaaa 3=30
  raise a fence 29
  [0.006] p/c1@aaaa > head 30 of epoch 1 is a whole (active units 2) -> applied, active units 2 (S2)
  beat 4 active applied 30 lineage L1
# Listed twice is one unit (PD-17).
7 bucket 3 31 a=29 b=20 d=31 d=31
7 head 1 31 aaaa 3=31
  start d fence 31
  [0.007] p/c1@aaaa > head 31 of epoch 1 is a whole (active units 2) -> applied, active units 3 (S2)
  beat 5 active applied 31 lineage L1
