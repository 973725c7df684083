# Reading the log from its start, a newer lineage replaces the older one: nothing was joined yet.
0 life 3000 1000
0 start
  ask 1
1 bucket 3 90 z=90
1 head 9 90 bbbb 3=90 lineage=L0
  [0.001] p/c1@aaaa > head names incarnation 'bbbb' -> waits (S5)
  watch incumbent
1 bucket 3 5 a=5
2 head 1 5 nobody 3=5
3 end 1 4
3 read 4
  beat 1 joining applied 0 lease 3000 lineage L1
