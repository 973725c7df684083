# S7: whoever was asked to stop ends when the state was made anew, and does not join anew.
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
500 stop
  [0.500] p/c1@aaaa > asked to stop (active units 1) -> drains for at most 2000 ms
  stop a until 2500
  beat 3 draining applied 12 lineage L1
600 stopped a committed
  [0.600] p/c1@aaaa > everything has stopped -> leaving (S5)
  beat 4 leaving applied 12 lineage L1
700 head 1 2 nobody 3=2 lineage=L2
  ALARM [0.700] p/c1@aaaa > lineage 'L2' instead of 'L1' -> life is over (S7)
  stop all now
  exit 0: stopped
