# Asked to stop before the first beat: nobody knows of this life.
0 life 3000 1000
0 start
  ask 1
5 stop
  [0.005] p/c1@aaaa > asked to stop (active units 0) -> drains for at most 2000 ms
  exit 0: stopped
