# S5: two leases beside a live incumbent: id in use.
0 life 3000 1000
0 start
  ask 1
0 head 1 12 bbbb
  [0.000] p/c1@aaaa > head names incarnation 'bbbb' -> waits (S5)
  watch incumbent
0 end 1 1
0 read 1
  beat 1 joining applied 0 lease 3000 lineage L1
1 ack 1
1000 tick
  ask 2
  beat 2 joining applied 0 lineage L1
1000 end 2 1
1001 ack 2
1500 incumbent bbbb
2000 tick
  ask 3
  beat 3 joining applied 0 lineage L1
2000 end 3 1
2001 ack 3
4000 tick
  ask 4
  beat 4 joining applied 0 lineage L1
4000 end 4 1
4001 ack 4
4500 incumbent bbbb
5500 tick
  ask 5
  beat 5 joining applied 0 lineage L1
5500 end 5 1
5501 ack 5
5900 incumbent cccc
6001 incumbent bbbb
  ALARM [6.001] p/c1@aaaa > waited 6001 ms beside live incarnation 'bbbb' -> exits (S5)
  exit 8: id in use: another live collector has it
