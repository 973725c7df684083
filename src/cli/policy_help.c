// SPDX-License-Identifier: Apache-2.0

#include "cli/policy_help.h"

#include <stddef.h>

const struct policy_help policy_help[] = {
    {"balance", "count|weight|load",
     "what is evened out: topics, their weights, measured loads; count"},
    {"load", "bytes|records|lag", "what is measured: bytes/s, records/s, records behind; bytes"},
    {"mode", "even|pack", "even out, or use the fewest collectors; even"},
    {"tolerance", "RATIO", "how uneven weights and loads may stay; 1%"},
    {"min_gain", "RATIO",
     "how much a move must better the balance of weights or loads; 0, of loads 5%"},
    {"max_topics_per_collector", "N", "hard cap (AGENTCOUNT, MaxAgentHost); no cap"},
    {"isolated", "true|false", "one topic per collector; false"},
    {"group_by", "LABEL", "topics go only to collectors with the same value of the label"},
    {"groups", "VALUE,...", "the values there are; others go to the group `other`"},
    {"other", "VALUE", "group of what has no value or one that is not among `groups`"},
    {"label_suffix", "CHARACTERS", "a value behind these at the end of a name counts as the label"},
    {"preset", "csp", "group_by, groups, other and label_suffix for the eight cloud providers"},
    {"affinity", "LABEL", "prefer collectors with the same value, spill over when they are full"},
    {"spread_by", "LABEL", "label of the collectors that says where they are: host, zone"},
    {"spread_max", "N", "most topics of a group in one such place"},
    {"move_budget", "N", "moves a minute for the sake of balance; no limit"},
    {"bounce_delay", "DURATION", "topics wait so long for a collector that is dead or has left; 0"},
    {"stabilization", "DURATION",
     "rest between moves for load; fewer wanted only after so long; 0"},
    {"collectors_min", "N", "fewest collectors that are wanted; 0"},
    {"collectors_max", "N", "most collectors that are wanted; no limit"},
    {"match", "RULES", "takes announcements without a pool: name=PATTERN label.KEY=PATTERN ..."},
    {"start", "earliest|latest", "where new topics are read from; earliest"},
    {"on_gap", "earliest|latest|hold", "where to go on when a position is lost; earliest"},
    {"agent_interval", "DURATION", "how often an agent is to give a sign of life; 0, not counted"},
    {"agent_misses", "N", "after so many missed ones its topics sleep; 3"},
    {"quarantine_after", "N", "so many owners in a row may fail on a topic; 3"},
    {NULL, NULL, NULL},
};
