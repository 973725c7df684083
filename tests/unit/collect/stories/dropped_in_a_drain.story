# A unit that could not commit while draining is work left; a lease that ends meanwhile ends it all.
0 life 1900 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 1900
1 bucket 3 12 a=12 b=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 2 (S2)
  beat 2 active applied 12 lineage L1
500 stop
  [0.500] p/c1@aaaa > asked to stop (active units 2) -> drains for at most 2000 ms
  stop a until 2500
  stop b until 2500
  beat 3 draining applied 12 lineage L1
600 stopped a dropped
1900 tick
  ALARM [1.900] p/c1@aaaa > no beat acknowledged that was sent less than 1900 ms ago -> life is over (S3)
  stop all now
  exit 9: stopped with work left uncommitted
