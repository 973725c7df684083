# S6: what finds no room in the beats is work left, confirmed or not.
0 life 9000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 9000
1 bucket 3 12 a=12 b=12
1 head 1 12 aaaa 3=12
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  start a fence 12
  start b fence 12
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 2 (S2)
  beat 2 active applied 12 lineage L1
2 ack 1
2 ack 2
3 refused
  ALARM [0.003] p/c1@aaaa > commits are refused -> positions go with the acks (S6)
500 stop
  [0.500] p/c1@aaaa > asked to stop (active units 2) -> drains for at most 2000 ms
  stop a until 2500
  stop b until 2500
  beat 3 draining applied 12 lineage L1
501 stopped a at 0@77*1000
502 stopped b at 2@9
  [0.502] p/c1@aaaa > everything has stopped, work left uncommitted -> leaving (S5)
  beat 4 leaving applied 12 lineage L1 a:0@77*1000
510 head 1 13 nobody
  [0.510] p/c1@aaaa > head names '' -> goodbye confirmed, exits (S5)
  exit 9: stopped with work left uncommitted
