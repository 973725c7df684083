# S8: what was read of a log counts for nothing once it is another one, whether the reader has noticed or not.
0 life 4000 1000
0 start
  ask 1
0 end 1 50
0 read 50
  beat 1 joining applied 0 lease 4000
1 ack 1
# Nobody has told of it, but an end before what was read is no end of the same log.
1000 tick
  ask 2
  beat 2 joining applied 0
1001 ack 2
1002 end 2 4
2000 tick
  ask 3
  beat 3 joining applied 0
2001 ack 3
2002 end 3 5
# Now the reader begins at the start; the question that is under way counts no more.
3000 tick
  ask 4
  beat 4 joining applied 0
3001 ack 4
3002 anew
3003 end 4 5
4000 tick
  ask 5
  ALARM [4.000] p/c1@aaaa > assignments not read to an end asked for within 4000 ms -> silent (S8)
4001 end 5 5
4002 read 3
5000 tick
5001 read 5
  ask 6
  [5.001] p/c1@aaaa > assignments read and revokes done -> beats again (S8)
  beat 5 joining applied 0
5002 ack 5
