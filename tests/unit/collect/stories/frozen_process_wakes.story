# A process that slept through its lease ends before it takes what is in its inbox (S3).
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 1 (S2)
  beat 2 active applied 12 lineage L1
2 ack 1
2 ack 2
20000 bucket 3 20
  ALARM [20.000] p/c1@aaaa > no beat acknowledged that was sent less than 3000 ms ago -> life is over (S3)
  stop all now
  restart
20000 head 1 20 aaaa 3=20
