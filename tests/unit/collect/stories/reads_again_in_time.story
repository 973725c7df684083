# S8: the silence ends as soon as the end is reached; questions without an answer are asked again.
0 life 9000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 9000
1 ack 1
1000 tick
  ask 2
  beat 2 joining applied 0
1001 ack 2
4000 tick
  ask 3
  beat 3 joining applied 0
4001 ack 3
8000 tick
  ask 4
  beat 4 joining applied 0
8001 ack 4
9500 tick
  ALARM [9.500] p/c1@aaaa > assignments not read to an end asked for within 9000 ms -> silent (S8)
9600 tick
9650 noend 4
  ask 5
9700 end 3 5
10700 tick
10701 end 5 5
10702 read 5
  ask 6
  [10.702] p/c1@aaaa > assignments read and revokes done -> beats again (S8)
  beat 5 joining applied 0
10703 ack 5
