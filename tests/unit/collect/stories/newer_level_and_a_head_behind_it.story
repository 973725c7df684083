# A record that claims a higher level is nothing where a newer head or a tombstone follows it: also
# for a new life, which meets it again.
0 life 3000 1000
0 start
  ask 1
0 head 1 12 nobody level=2
0 end 1 3
1 head 1 13 nobody
2 read 3
  beat 1 joining applied 0 lease 3000 lineage L1
3 head 1 13 nobody level=2
4 nohead
1010 tick
  ask 2
  beat 2 joining applied 0 lineage L1
1011 end 2 5
1012 read 5
