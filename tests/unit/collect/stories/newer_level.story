# A head of a level that this binary cannot read ends it.
0 life 3000 1000
0 start
  ask 1
0 head 1 12 nobody level=2
  ALARM [0.000] p/c1@aaaa > head of level 2, this binary reads 1 -> exits
  stop all now
  exit 1: the cell writes a newer record level than this binary reads: upgrade it
