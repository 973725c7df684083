# S8: a revoke older than revoke.timeout.ms silences the collector, so that its units are freed without it.
0 life 9000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 9000
1 bucket 3 12 a=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 1 (S2)
  beat 2 active applied 12 lineage L1
2 ack 1
2 ack 2
100 bucket 3 20
100 head 1 20 aaaa 3=20
  stop a until 1100
  [0.100] p/c1@aaaa > head 20 of epoch 1 is a whole (active units 1) -> applied, active units 1 (S2)
1001 tick
  ask 2
  beat 3 active applied 12 lineage L1
1002 ack 3
1003 end 2 0
2001 tick
  ask 3
  beat 4 active applied 12 lineage L1
2002 ack 4
2003 end 3 0
3001 tick
  ask 4
  beat 5 active applied 12 lineage L1
3002 ack 5
4001 tick
  ALARM [4.001] p/c1@aaaa > revoke of 'a' older than 3000 ms -> silent (S8)
4500 stopped a dropped
  [4.500] p/c1@aaaa > 'a' stopped after 4400 ms, a rest dropped uncommitted -> acks 20 (S2)
  [4.500] p/c1@aaaa > assignments read and revokes done -> beats again (S8)
  beat 6 active applied 20 lineage L1
