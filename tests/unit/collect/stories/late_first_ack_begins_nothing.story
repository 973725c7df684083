# S3: the lease of a life that was never acknowledged runs from the send of its first beat.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
50 read 0
  beat 1 joining applied 0 lease 3000
3049 tick
  ask 2
  ALARM [3.049] p/c1@aaaa > assignments not read to an end asked for within 3000 ms -> silent (S8)
3050 ack 1
  ALARM [3.050] p/c1@aaaa > no beat acknowledged that was sent less than 3000 ms ago -> life is over (S3)
  stop all now
  restart
