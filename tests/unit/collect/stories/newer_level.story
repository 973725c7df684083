# A head of a level that this binary cannot read ends it, once it is known to be the newest one.
0 life 3000 1000
0 start
  ask 1
0 end 1 2
0 head 1 11 nobody
0 head 1 12 nobody level=2
1 read 2
  ALARM [0.001] p/c1@aaaa > head of level 2, this binary reads 1 -> exits
  stop all now
  exit 1: the cell writes a newer record level than this binary reads: upgrade it
