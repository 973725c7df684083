// SPDX-License-Identifier: Apache-2.0
//
// Hashes: Kafka's partitioner hash, a keyed one for tables whose keys an enemy may choose, and
// CRC-32 for anchors.
#ifndef MUSTER_BASE_HASH_H
#define MUSTER_BASE_HASH_H

#include <stdint.h>

#include "base/text.h"

// murmur2 as Kafka's Java client and librdkafka's `murmur2_random` compute it; partition of a key =
// (hash_murmur2(key) & 0x7fffffff) % partitions. Source: org.apache.kafka.common.utils.Utils.
uint32_t hash_murmur2(struct text text);

// SipHash-1-3 keyed by `seed` (Aumasson, Bernstein). For lookup only: no order may come from it.
uint64_t hash_keyed(struct text text, uint64_t seed);

// CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320), as zlib's crc32.
uint32_t hash_crc32(struct text text);

#endif
