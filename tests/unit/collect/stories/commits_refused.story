# S6: while a stranger blocks the group, positions of revoked units go with the acks, until commits are taken again and Kafka has what was told.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12 b=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 2 (S2)
  beat 2 active applied 12 lineage L1
2 refused
  ALARM [0.002] p/c1@aaaa > commits are refused -> positions go with the acks (S6)
3 bucket 3 20 b=12
3 head 1 20 aaaa 3=20
  stop a until 1003
  [0.003] p/c1@aaaa > head 20 of epoch 1 is a whole (active units 2) -> applied, active units 2 (S2)
4 stopped a at 0@77
  [0.004] p/c1@aaaa > 'a' stopped after 1 ms, position handed over -> acks 20 (S2)
  beat 3 active applied 20 lineage L1 a:0@77
5 bucket 3 21
5 head 1 21 aaaa
  stop b until 1005
  [0.005] p/c1@aaaa > head 21 of epoch 1 is a whole (active units 1) -> applied, active units 1 (S2)
6 stopped b at 2@9
  [0.006] p/c1@aaaa > 'b' stopped after 1 ms, position handed over -> acks 21 (S2)
  beat 4 active applied 21 lineage L1 a:0@77 b:2@9
7 bucket 3 22 a=22
7 head 1 22 aaaa 3=22
  start a fence 22
  [0.007] p/c1@aaaa > head 22 of epoch 1 is a whole (active units 0) -> applied, active units 1 (S2)
  beat 5 active applied 22 lineage L1 b:2@9
7 ack 5
8 taken
  [0.008] p/c1@aaaa > commits are taken again
1008 tick
  ask 2
  beat 6 active applied 22 lineage L1
