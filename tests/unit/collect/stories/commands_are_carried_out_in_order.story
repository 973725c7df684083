# MR-27: two commands of one head are carried out in order and once, each said to be done only then;
# a head that comes meanwhile lists them again.
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 head 1 12 aaaa command=4:report command=3:rotate
  [0.001] p/c1@aaaa > head 12 names this life -> active (S5)
  [0.001] p/c1@aaaa > command 3 'rotate' -> begun
  rotate, command 3
  [0.001] p/c1@aaaa > head 12 of epoch 1 is a whole (active units 0) -> applied, active units 0 (S2)
  beat 2 active applied 12 lineage L1
2 head 1 13 aaaa command=3:rotate command=4:report command=5:rotate
  [0.002] p/c1@aaaa > head 13 of epoch 1 is a whole (active units 0) -> applied, active units 0 (S2)
  beat 3 active applied 13 lineage L1
3 done 4
4 done 3
  [0.004] p/c1@aaaa > command 3 is carried out -> reported done
  [0.004] p/c1@aaaa > command 4 'report' -> begun
  report, command 4
  beat 4 active applied 13 lineage L1 done 3
5 done 4
  [0.005] p/c1@aaaa > command 4 is carried out -> reported done
  [0.005] p/c1@aaaa > command 5 'rotate' -> begun
  rotate, command 5
  beat 5 active applied 13 lineage L1 done 4
6 head 1 14 aaaa command=4:report command=5:rotate
  [0.006] p/c1@aaaa > head 14 of epoch 1 is a whole (active units 0) -> applied, active units 0 (S2)
  beat 6 active applied 14 lineage L1 done 4
7 done 5
  [0.007] p/c1@aaaa > command 5 is carried out -> reported done
  beat 7 active applied 14 lineage L1 done 5
8 done 5
9 anew
10 head 1 14 aaaa command=4:report command=5:rotate
# What waits behind the last one when the life stops for good is left.
11 head 1 15 aaaa command=6:report command=7:rotate
  [0.011] p/c1@aaaa > command 6 'report' -> begun
  report, command 6
  [0.011] p/c1@aaaa > head 15 of epoch 1 is a whole (active units 0) -> applied, active units 0 (S2)
  beat 8 active applied 15 lineage L1 done 5
12 stop
  [0.012] p/c1@aaaa > asked to stop (active units 0) -> drains for at most 2000 ms
  [0.012] p/c1@aaaa > everything has stopped -> leaving (S5)
  beat 9 leaving applied 15 lineage L1 done 5
13 done 6
  [0.013] p/c1@aaaa > command 6 is carried out -> reported done
  beat 10 leaving applied 15 lineage L1 done 6
