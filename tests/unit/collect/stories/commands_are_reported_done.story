# MR-27: a command is taken once and in order; one that is not known is reported done.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 head 1 12 aaaa command=3:polish command=4:shine
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  [0.001] p/c1@aaaa > command 3 'polish' is not known here -> reported done
  [0.001] p/c1@aaaa > command 4 'shine' is not known here -> reported done
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 0 (S2)
  beat 2 active applied 12 lineage L1 done 4
2 head 1 13 aaaa command=4:shine command=5:polish
  [0.002] p/c1@aaaa > command 5 'polish' is not known here -> reported done
  [0.002] p/c1@aaaa > head 13 of epoch 1 is a whole (active units 0) -> applied, active units 0 (S2)
  beat 3 active applied 13 lineage L1 done 5
