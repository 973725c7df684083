# CB-51: stop, flush, commit, leave, exit 0; `leaving` only when everything has stopped, and again until confirmed.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12 b=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 2 (S2)
  beat 2 active applied 12 lineage L1
2 ack 1
2 ack 2
500 stop
  [0.500] p/c1@aaaa > asked to stop (active units 2) -> drains for at most 2000 ms
  stop a until 2500
  stop b until 2500
  beat 3 draining applied 12 lineage L1
501 bucket 4 13 c=13
501 head 1 13 aaaa 3=12 4=13
  [0.501] p/c1@aaaa > head 13 of epoch 1 is a whole (active units 2) -> applied, active units 2 (S2)
  beat 4 draining applied 13 lineage L1
600 stopped a committed
700 stopped b committed
  [0.700] p/c1@aaaa > everything has stopped -> leaving (S5)
  beat 5 leaving applied 13 lineage L1
701 ack 4
1700 tick
  ask 2
  beat 6 leaving applied 13 lineage L1
1750 head 1 14 nobody
  [1.750] p/c1@aaaa > head names '' -> goodbye confirmed, exits (S5)
  exit 0: stopped
