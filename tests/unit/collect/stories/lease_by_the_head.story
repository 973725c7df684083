# A pool's wish for the lease that is read before the first beat is what this life promises; later ones are for the next.
0 life 3000 1000
0 start
  ask 1
0 head 1 12 nobody lease=5000
0 end 1 1
0 read 1
  beat 1 joining applied 0 lease 5000 lineage L1
10 head 1 13 aaaa lease=9000
  [0.010] p/c1@aaaa > head 13 names this life -> active (S5)
  [0.010] p/c1@aaaa > head 13 of epoch 1 is a whole (active units 0) -> applied, active units 0 (S2)
  beat 2 active applied 13 lineage L1
11 left
  lease left 4989, may write, 0 units, wakes at 1000
