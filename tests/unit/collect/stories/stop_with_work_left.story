# EE-6: what is not stopped in time is dropped uncommitted, and the exit code says so.
0 life 9000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 9000
1 bucket 3 12 a=12 b=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 2 (S2)
  beat 2 active applied 12 lineage L1
2 ack 1
2 ack 2
500 stop
  [0.500] p/c1@aaaa > asked to stop (active units 2) -> drains for at most 2000 ms
  stop a until 2500
  stop b until 2500
  beat 3 draining applied 12 lineage L1
1000 end 2 0
  ask 2
1300 stopped a committed
2499 left
  lease left 6502, may write, 1 units, wakes at 1500
2500 tick
  ALARM [2.500] p/c1@aaaa > units not stopped in time (1) -> dropped uncommitted
  stop all now
  [2.500] p/c1@aaaa > everything has stopped, work left uncommitted -> leaving (S5)
  beat 4 leaving applied 12 lineage L1
4000 tick
  ALARM [4.000] p/c1@aaaa > goodbye not confirmed within 1500 ms -> exits all the same
  exit 9: stopped with work left uncommitted
