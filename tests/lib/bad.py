# SPDX-License-Identifier: Apache-2.0
"""Records for `control` that must be refused: (what, the bytes or None for null, words of the
reason).

Kept apart from the test, so that the list can be read on its own.
"""

import base64
import json

# An announcement from schemas/README.md, as Avro single-object: 10 bytes of mark, then the record.
AVRO = base64.b64decode(
    "wwEi2GFqRDrlxA5kZWZhdWx0BGExCGRpc2sGc2V0AgR0MQIABAACCHpvbmUIZXUtMQAA"
    "AgZjc3AGYXdzAMCpBwg0NzExAA=="
)
MARK = AVRO[:10]
# A beat: ours, but no announcement.
BEAT = base64.b64decode(
    "wwGNyk6oWke80hJjb2xsZWN0b3IOZGVmYXVsdARjMUA2YzNiMWIxZjVlMGQ0YzBhOWE2ZjNl"
    "MmQxYzBiOWE4OFQMYWN0aXZl"
    "sOoBANgMAAg5ZjBlAtAPAAIIem9uZQhldS0xAARtMaRCCjAuMS4wAAAAAAAA"
)


def varint(number):
    """Avro's zigzag long."""
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def avro_text(text):
    return varint(len(text)) + text.encode()


def avro(agent="a1", topics=b"\x00", labels=b"\x00", tail=b""):
    """An announcement with these encoded topics and labels, and bytes behind it."""
    head = avro_text("") + avro_text(agent) + avro_text("") + avro_text("set")
    return MARK + head + topics + labels + varint(0) + avro_text("") + varint(0) + tail


def avro_topics(names):
    """Whole topics with one partition each, as one block."""
    topics = b"".join(avro_text(name) + b"\x00\x02\x00\x02\x00" for name in names)
    return varint(len(names)) + topics + b"\x00"


def said(topic=None, **more):
    """JSON of an announcement with one topic that has these fields."""
    record = {"agent": "bad", "mode": "add", **more}
    if topic is not None:
        record["topics"] = [topic]
    return json.dumps(record).encode()


def named(name):
    return said({"name": name})


def weighing(text):
    """A topic whose weight is written like this."""
    return b'{"agent":"bad","topics":[{"name":"t","weight":' + text + b"}]}"


def short_names(count):
    """Names of four letters, so that many fit into a record."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return ["".join(letters[i // 62**n % 62] for n in (3, 2, 1, 0)) for i in range(count)]


def encodings():
    return [
        ("not JSON", b"hello", "neither JSON"),
        ("an empty value", b"", "is empty"),
        ("a null value", None, "has no value"),
        ("blanks", b"  \n ", "is empty"),
        ("a list", b'[{"agent":"bad"}]', "neither JSON"),
        ("a byte order mark", b"\xef\xbb\xbf" + named("t"), "byte order mark"),
        ("cut JSON", named("t")[:-3], ""),
        ("JSON and more", named("t") + b" {}", ""),
        ("two records in one", named("t") + named("u"), ""),
        ("a comment", b'{"agent":"bad" /* me */}', ""),
        ("a comma too many", b'{"agent":"bad",}', ""),
        ("single quotes", b"{'agent':'bad'}", ""),
        ("truncated Avro", AVRO[:-9], ""),
        ("only Avro's mark", MARK, ""),
        ("half a mark", MARK[:5], ""),
        ("an unknown fingerprint", MARK[:2] + b"\xab" * 8 + AVRO[10:], ""),
        ("a wrong magic", b"\xc3\x02" + AVRO[2:], ""),
        ("a registry's framing", b"\x00\x00\x00\x00\x07" + AVRO[10:], "schema registry"),
        ("another record of ours", BEAT, "is of kind 'beat'"),
        ("bytes behind Avro", AVRO + b"\x00", ""),
    ]


def fields(prefix):
    return [
        ("an empty name", named(""), "is empty"),
        ("a name of 250 bytes", named("n" * 250), "longer than 249"),
        ("a control character", named("a\u0001b"), "has a character"),
        ("a line end", named("a\nb"), "has a character"),
        ("a slash", named("a/b"), "has a character"),
        ("a dot", named("."), "is '.' or '..'"),
        ("two dots", named(".."), "is '.' or '..'"),
        ("an umlaut", named("gr\u00fcn"), "has a character"),
        ("Kafka's own", named("__consumer_offsets"), "is reserved"),
        ("any with two underscores", named("__x"), "is reserved"),
        ("the cell's state", named(f"{prefix}.state"), "is reserved"),
        ("the cell's control", named(f"{prefix}.control"), "is reserved"),
        ("one name twice", said(topics=[{"name": "t"}, {"name": "t"}]), "is named twice"),
        ("a negative ttl", said({"name": "t"}, ttl_ms=-1), "ttl_ms"),
        ("weight NaN", weighing(b"NaN"), ""),
        ("weight as text", weighing(b'"NaN"'), "weight"),
        ("weight null", weighing(b"null"), "weight"),
        ("weight 0", weighing(b"0"), "weight is not between"),
        ("weight -1", weighing(b"-1"), "weight is not between"),
        ("weight 1.5", weighing(b"1.5"), "weight"),
        ("weight 1e3", weighing(b"1e3"), "weight"),
        ("weight 2^63", weighing(b"9223372036854775808"), "weight"),
        ("weight without end", weighing(b"1e999"), "weight"),
        ("partitions -1", said({"name": "t", "partitions": -1}), "partitions"),
        ("an unknown mode", said({"name": "t"}, mode="replace"), "mode"),
        ("an unknown pool", said({"name": "t"}, pool="nobodys"), "there is no pool"),
        ("no topics", b'{"agent":"bad"}', "'topics' is missing"),
        ("no agent", b'{"topics":[{"name":"t"}]}', "agent"),
        ("an empty agent", said({"name": "t"}, agent=""), "agent"),
        ("an agent with a slash", said({"name": "t"}, agent="a/b"), "agent"),
        ("a field in another case", b'{"agent":"bad","Topics":[]}', "Topics"),
        ("a field twice", b'{"agent":"bad","agent":"good"}', "agent"),
        ("a field null", b'{"agent":"bad","topics":null}', "topics"),
        ("topics as text", b'{"agent":"bad","topics":"t"}', "topics"),
        ("a label twice", b'{"agent":"bad","labels":{"a":"1","a":"2"}}', "labels"),
    ]


def traps():
    """What cJSON and avro-c would take, or die of."""
    deep = b"[" * 200000 + b"]" * 200000
    return [
        ("a zero in a string", b'{"agent":"bad\\u0000good"}', ""),
        ("a zero byte", b'{"agent":"bad\x00"}', ""),
        ("bytes behind a zero", b'{"agent":"bad"}\x00junk', ""),
        ("no UTF-8", b'{"agent":"\xff\xfe"}', ""),
        ("half a surrogate", b'{"agent":"\\ud800"}', ""),
        ("a number with a leading zero", weighing(b"01"), ""),
        ("a number with a plus", weighing(b"+1"), ""),
        ("deep nesting", b'{"agent":"bad","x":' + deep + b"}", ""),
        ("a string of negative length", MARK + varint(-5) + AVRO[11:], ""),
        ("a string longer than all", MARK + varint(1 << 40) + b"x", ""),
        ("a number of eleven bytes", MARK + b"\xff" * 11, ""),
        ("2^62 topics", avro(topics=varint(1 << 62)), ""),
        ("10 million labels of nothing", avro(labels=varint(10**7)), ""),
        ("a block of negative size", avro(topics=varint(-1) + varint(-8)), ""),
        ("a block that ends elsewhere", avro(topics=varint(-1) + varint(99) + b"\x02t"), ""),
        ("a boolean of 7", avro(topics=varint(1) + b"\x02t\x00\x02\x07\x02\x00\x00"), ""),
        ("a label twice in Avro", avro(labels=varint(2) + b"\x02a\x021\x02a\x022\x00"), "labels"),
    ]


def sizes():
    mib = 1024 * 1024
    filled = said(topics=[], labels={"x": ""})
    exactly = filled.replace(b'"x": ""', b'"x": "' + b"y" * (mib - len(filled)) + b'"')
    assert len(exactly) == mib
    many = {"agent": "bad", "topics": [{"name": name} for name in short_names(100000)]}
    return [
        ("exactly 1 MiB", exactly, "label"),
        ("1 MiB and a byte", exactly + b" ", ""),
        ("100,000 topics", json.dumps(many, separators=(",", ":")).encode(), ""),
        ("100,000 topics in 1 MiB", avro("bad", avro_topics(short_names(100000))), "topics.max"),
        ("10,001 topics", avro("bad", avro_topics(short_names(10001))), "agent.topics.max"),
    ]


def announcements(prefix):
    return encodings() + fields(prefix) + traps() + sizes()


ORDERS = [
    ("an unknown verb", b'{"verb":"pool.paint","id":"o1"}', "pool.paint"),
    ("no verb", b'{"args":{}}', "verb"),
    ("not JSON", b"drain c1", "neither JSON"),
    ("an unknown policy", b'{"verb":"pool.set","args":{"speed":"9"}}', ""),
    ("a cap that is none", b'{"verb":"pool.set","args":{"max_topics_per_collector":"0x"}}', ""),
    ("a pool that is not there", b'{"verb":"pool.set","pool":"nobodys","args":{}}', ""),
    ("an announcement", named("t"), ""),
    ("a null value", None, "has no value"),
]
