# A head whose buckets are not all held at exactly its generations is not applied; a later one that fits is (PD-19).
0 life 3000 1000
0 start
  ask 1
0 end 1 0
0 read 0
  beat 1 joining applied 0 lease 3000
1 bucket 3 12 a=12
2 head 1 13 aaaa 3=12 5=13
  [0.002] p/c1@aaaa > head 13 names this life -> active (S5)
  [0.002] p/c1@aaaa > head 13 names bucket 5 at 13, held at 0 -> waits for a later head
  beat 2 active applied 0 lineage L1
3 bucket 5 12 b=12
4 head 1 14 aaaa 3=12 5=13
  [0.004] p/c1@aaaa > head 14 names bucket 5 at 13, held at 12 -> waits for a later head
5 bucket 5 15 b=15
# The bucket alone changes nothing.
6 head 1 15 aaaa 3=12 5=15
  start a fence 12
  start b fence 15
  [0.006] p/c1@aaaa > head 15 of epoch 1 is a whole (active units 0) -> applied, active units 2 (S2)
  beat 3 active applied 15 lineage L1
# A bucket that the head calls empty is dropped though its tombstone was never seen.
7 head 1 16 aaaa 3=12
  stop b until 1007
  [0.007] p/c1@aaaa > head 16 of epoch 1 is a whole (active units 2) -> applied, active units 2 (S2)
8 stopped b committed
  [0.008] p/c1@aaaa > 'b' stopped after 1 ms, committed -> acks 16 (S2)
  beat 4 active applied 16 lineage L1
