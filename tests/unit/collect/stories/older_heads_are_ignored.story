# S7, MR-22: heads of an older epoch or generation are ignored; another lineage ends this life.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12
1 head 2 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 2 is a whole (active units 0) -> applied, active units 1 (S2)
  beat 2 active applied 12 lineage L1
2 bucket 3 13
2 head 1 13 aaaa
  ALARM [0.002] p/c1@aaaa > head 13 of epoch 1 after 12 of 2 -> ignored (S7)
3 head 2 11 aaaa
  ALARM [0.003] p/c1@aaaa > head 11 of epoch 2 after 12 of 2 -> ignored (S7)
4 head 1 14 bbbb
  ALARM [0.004] p/c1@aaaa > head 14 of epoch 1 after 12 of 2 -> ignored (S7)
5 head 3 14 aaaa lineage=L2
  ALARM [0.005] p/c1@aaaa > lineage 'L2' instead of 'L1' -> life is over (S7)
  stop all now
  restart
