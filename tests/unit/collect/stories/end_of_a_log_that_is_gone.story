# S8: an end that a log had before it was made anew is never reached; a life that has not begun asks again.
0 life 3000 1000
0 start
  ask 1
0 end 1 50
1000 tick
3000 tick
  ask 2
3001 end 2 2
3002 read 2
  beat 1 joining applied 0 lease 3000
