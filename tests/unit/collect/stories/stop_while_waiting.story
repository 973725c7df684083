# Asked to stop while it was never named: one `leaving` that Kafka took is enough.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
5 stop
  [0.005] p/c1@aaaa > asked to stop (active units 0) -> drains for at most 2000 ms
  [0.005] p/c1@aaaa > everything has stopped -> leaving (S5)
  beat 2 leaving applied 0
6 ack 1
7 ack 2
  exit 0: stopped
