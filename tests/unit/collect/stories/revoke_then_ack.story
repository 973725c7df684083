# S2: the loser stops and commits before it acknowledges; units that stay are not touched (TG-1, CB-30, PD-16).
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12 b=12
2 head 1 12 aaaa 3=12
  [0.002] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  [0.002] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 2 (S2)
  beat 2 active applied 12 lineage L1
3 bucket 3 20 b=12
3 bucket 4 20 c=20
4 head 1 20 aaaa 3=20 4=20
  stop a until 1004
  start c fence 20
  [0.004] p/c1@aaaa > head 20 of epoch 1 is a whole (active units 2) -> applied, active units 3 (S2)
# c is read though a has not stopped yet, and generation 20 is not acknowledged.
5 tick
600 stopped a committed
  [0.600] p/c1@aaaa > 'a' stopped after 596 ms, committed -> acks 20 (S2)
  beat 3 active applied 20 lineage L1
# The same head again, and an unchanged one of a later generation, start and stop nothing.
601 head 1 20 aaaa 3=20 4=20
602 head 1 21 aaaa 3=20 4=20
  [0.602] p/c1@aaaa > head 21 of epoch 1 is a whole (active units 2) -> applied, active units 2 (S2)
  beat 4 active applied 21 lineage L1
