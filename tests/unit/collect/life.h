// SPDX-License-Identifier: Apache-2.0
//
// One life of a collector, told as a story: lines at the margin are what happens, `MS VERB ...`;
// indented lines are what the collector wants done because of it. A story file holds both; running
// it leaves the happenings and writes the wants anew, and the two texts must be equal.
//
//     0 life LEASE BEAT [REPLACES]      first line: lease and interval of beats, ms; incarnation
//     aaaa, id c1 0 start | 500 tick                | 0 end 1 7 | 0 noend 1      the answer to
//     question 1: offset 7, or none 0 read 7                          the assignments are read up
//     to offset 7 5 ack 1 | 5 lost 1                the answer to beat 1 9 bucket 3 12 a=7 b=9:0@55
//     bucket 3 of generation 12: units with fences, b from a position handed over 9 nobucket 3 | 9
//     nohead           tombstones 9 head 1 12 aaaa 3=12 5=9 [admitted=4] [lease=900] [level=2]
//     [lineage=L2] [command=3:verb] 20 stopped a committed | dropped | at 0@55 | at
//     0@55*3, of three partitions from 0 on 20 failed a |
//     refused | taken | incumbent bbbb | stop 20 left                           tells the lease
//     left, whether a write may begin, and the next deadline
#ifndef LIFE_H
#define LIFE_H

// Runs tests/unit/collect/stories/NAME.story and compares. With MUSTER_STORY_WRITE set, the file is
// written instead.
void story_check(const char *name);

#endif
