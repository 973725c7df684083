# S5: the incumbent is not heard, so the newcomer waits on, and takes over what it had: fences by the admission.
0 life 3000 1000 bbbb
0 start
  ask 1
0 bucket 3 12 a=7
0 head 1 12 bbbb 3=12
  [0.000] p/c1@aaaa > head names incarnation 'bbbb' -> waits (S5)
  watch incumbent
0 end 1 1
0 read 1
  beat 1 joining applied 0 lease 3000 replaces bbbb lineage L1
1 ack 1
1000 tick
  ask 2
  beat 2 joining applied 0 replaces bbbb lineage L1
1000 end 2 1
1001 ack 2
2000 head 1 13 nobody 3=12
  ask 3
  beat 3 joining applied 0 replaces bbbb lineage L1
2001 head 1 14 aaaa 3=12 admitted=14
  [2.001] p/c1@aaaa > head 14 names this life -> active (S5)
  start a fence 14 begun
  [2.001] p/c1@aaaa > head 14 of epoch 1 is a whole (active units 0) -> applied, active units 1 (S2)
  beat 4 active applied 14 replaces bbbb lineage L1
