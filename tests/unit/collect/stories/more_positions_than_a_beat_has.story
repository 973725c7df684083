# S6: a beat has room for 1000 positions. What an acknowledged one has told makes room for others, and what finds none is not said to be handed over.
0 life 9000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 9000
1 bucket 3 12 a=12 b=12 c=12 d=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  start c fence 12
  start d fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 4 (S2)
  beat 2 active applied 12 lineage L1
2 refused
  ALARM [0.002] p/c1@aaaa > commits are refused -> positions go with the acks (S6)
3 bucket 3 20 c=12 d=12
3 head 1 20 aaaa 3=20
  stop a until 1003
  stop b until 1003
  [0.003] p/c1@aaaa > head 20 of epoch 1 is a whole (active units 4) -> applied, active units 4 (S2)
4 stopped a at 0@77*600
  [0.004] p/c1@aaaa > 'a' stopped after 1 ms, position handed over -> others stop yet, acked is 12 (S2)
5 stopped b at 0@78*600
  [0.005] p/c1@aaaa > 'b' stopped after 2 ms, a rest dropped uncommitted -> acks 20 (S2)
  beat 3 active applied 20 lineage L1 a:0@77*600
6 ack 3
7 bucket 3 21
7 head 1 21 aaaa
  stop c until 1007
  stop d until 1007
  [0.007] p/c1@aaaa > head 21 of epoch 1 is a whole (active units 2) -> applied, active units 2 (S2)
8 stopped c at 0@79*500
  [0.008] p/c1@aaaa > 'c' stopped after 1 ms, position handed over -> others stop yet, acked is 20 (S2)
9 stopped d at 0@80*500
  [0.009] p/c1@aaaa > 'd' stopped after 2 ms, position handed over -> acks 21 (S2)
  beat 4 active applied 21 lineage L1 c:0@79*500 d:0@80*500
