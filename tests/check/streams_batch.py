# SPDX-License-Identifier: Apache-2.0
"""The records that the fault tests produce are what Kafka's protocol says; a broker refuses a wrong
checksum, but would take a wrong number of records."""

import struct
import unittest

import streams


class BatchTest(unittest.TestCase):
    def test_checksum_is_crc32c(self):
        self.assertEqual(0xE3069283, streams.crc32c(b"123456789"))

    def test_numbers_are_zigzag(self):
        for number, data in ((0, b"\0"), (-1, b"\1"), (1, b"\2"), (300, b"\xd8\x04")):
            self.assertEqual(data, streams._varint(number))

    def test_batch_says_its_size_and_its_records(self):
        data = streams.batch(["t/0#0", "t/0#1"], 99)
        base, size, epoch, magic, crc = struct.unpack_from(">qiibI", data)
        self.assertEqual((0, len(data) - 12, -1, 2), (base, size, epoch, magic))
        self.assertEqual(streams.crc32c(data[21:]), crc)
        last, first_ms, newest_ms = struct.unpack_from(">iqq", data, 23)
        (count,) = struct.unpack_from(">i", data, 57)
        self.assertEqual((1, 99, 99, 2), (last, first_ms, newest_ms, count))
        # size 11, no attributes, time 0, number 0, no key, value of 5, no headers
        self.assertEqual(b"\x16\0\0\0\x01\x0at/0#0\0", data[61:73])
        self.assertEqual(b"\x16\0\0\x02\x01\x0at/0#1\0", data[73:])

    def test_values_wait_until_they_are_acknowledged(self):
        producer = streams.Streams(type("Cluster", (), {"brokers": {}}))
        part = ("t", 0)
        producer.add(part)
        producer.waiting[part] = ["a", "b", "c"]
        producer._take({part: ["a", "b"]}, {part: 6})  # not the leader
        self.assertEqual(["a", "b", "c"], producer.waiting[part])
        for _ in range(2):  # two threads had written them
            producer._take({part: ["a", "b"]}, {part: 0})
            self.assertEqual((["c"], ["a", "b"]), (producer.waiting[part], producer.accepted["t"]))


if __name__ == "__main__":
    unittest.main()
