# S6: commits are taken again while others stop yet: a position that no beat has told goes with the acknowledgement all the same, and goes once Kafka has that.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12 b=12 c=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  start c fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 3 (S2)
  beat 2 active applied 12 lineage L1
2 refused
  ALARM [0.002] p/c1@aaaa > commits are refused -> positions go with the acks (S6)
3 bucket 3 20 c=12
3 head 1 20 aaaa 3=20
  stop a until 1003
  stop b until 1003
  [0.003] p/c1@aaaa > head 20 of epoch 1 is a whole (active units 3) -> applied, active units 3 (S2)
4 stopped a at 0@77
  [0.004] p/c1@aaaa > 'a' stopped after 1 ms, position handed over -> others stop yet, acked is 12 (S2)
5 taken
  [0.005] p/c1@aaaa > commits are taken again
6 stopped b committed
  [0.006] p/c1@aaaa > 'b' stopped after 3 ms, committed -> acks 20 (S2)
  beat 3 active applied 20 lineage L1 a:0@77
7 ack 3
1007 tick
  ask 2
  beat 4 active applied 20 lineage L1
1008 ack 4
2008 tick
  ask 3
  beat 5 active applied 20 lineage L1
