# S8, CB-39: without an end that was asked for less than a lease ago and reached, there are no beats; the lease then ends it.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
0 ack 1
1000 tick
  ask 2
  beat 2 joining applied 0
1001 ack 2
# The answer names an end that the reader never reaches.
1002 end 2 50
2000 tick
  beat 3 joining applied 0
2001 ack 3
3000 tick
  ALARM [3.000] p/c1@aaaa > assignments not read to an end asked for within 3000 ms -> silent (S8)
4000 tick
  ask 3
4999 tick
5000 tick
  ALARM [5.000] p/c1@aaaa > no beat acknowledged that was sent less than 3000 ms ago -> life is over (S3)
  stop all now
  restart
