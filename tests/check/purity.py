# SPDX-License-Identifier: Apache-2.0
"""What the pure rooms call: nothing but the C library's memory and string functions, and the
assertion hook.

Followed through the archives: a function of base counts with everything that its object file
calls, so a clock in base is found when a pure room reaches it. Also: no room keeps writable data
of its own, and nothing that decides uses floating point.
"""

import os
import re
import subprocess
import unittest

import tree

# The last two write text into memory that the caller gives; without floating point no locale
# changes what they write.
LIBC = {
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "memchr",
    "strlen",
    "strnlen",
    "strcmp",
    "strncmp",
    "strchr",
    "strrchr",
    "snprintf",
    "vsnprintf",
}
# The two places that may end the process or ask for memory; what they call for it is their own
# affair.
HOOKS = {"ensure.c.o", "memory.c.o"}
COMPILER = re.compile(
    r"^(__asan_|__ubsan_|__tsan_|__odr_asan|__sanitizer_|__sancov_|"
    r"__start___sancov|__stop___sancov|"
    r"__stack_chk_fail$|__(popcount|clz|ctz|ffs|parity|u?div|u?mod|mul\w?)[sdt]i[234]$|"
    r"__(mem|str|snprintf|vsnprintf)\w*_chk$|_GLOBAL_OFFSET_TABLE_$)"
)


def archive(room):
    return os.path.join(tree.BUILD, f"libmuster_{room}.a")


def members(room):
    """{object file: (symbols it defines, symbols it wants)} of a room's archive; {} for a room
    without code."""
    if not any(path.endswith(".c") for path in tree.files(f"src/{room}", ".c")):
        return {}
    text = subprocess.run(["nm", archive(room)], check=True, capture_output=True, text=True).stdout
    found, name = {}, None
    for line in text.splitlines():
        if line.endswith(".o:"):
            name = line[:-1]
            found[name] = (set(), set())
        elif line.strip():
            kind, symbol = line.split()[-2:]
            found[name][kind in "Uvw"].add(symbol)
    return found


def foreign_symbols(room, may_use):
    """Symbols reached from the room that are neither of the rooms it may use nor of the C library's
    harmless part."""
    objects = {}
    for one in [room, *may_use[room]]:
        for name, (defined, wanted) in members(one).items():
            objects[one, name] = (defined, wanted)
    where = {symbol: key for key, (defined, _) in objects.items() for symbol in defined}
    unread = [key for key in objects if key[0] == room]
    seen, foreign = set(unread), set()
    while unread:
        key = unread.pop()
        for symbol in objects[key][1]:
            if symbol in where:
                if where[symbol] not in seen:
                    seen.add(where[symbol])
                    unread.append(where[symbol])
            elif key[1] not in HOOKS and symbol not in LIBC and not COMPILER.match(symbol):
                foreign.add(f"{symbol} (wanted by {key[0]}/{key[1]})")
    return foreign


def writable_data(room):
    if not members(room):
        return []
    text = subprocess.run(
        ["objdump", "-t", archive(room)], check=True, capture_output=True, text=True
    ).stdout
    # Address, flags, section, size, name; 'O' is an object.
    rows = re.findall(
        r"^[0-9a-f]+ (.{7}) (\S+)\t[0-9a-f]+\s+(?:\.hidden )?(\S+)$", text, re.MULTILINE
    )
    return [
        name
        for flags, section, name in rows
        if "O" in flags
        and re.match(r"\.(data|bss|tdata|tbss|COM)(\.(?!rel\.ro)|$)", section)
        and not COMPILER.match(name)
        and not name.startswith(".L")
    ]


class PurityTest(unittest.TestCase):
    def setUp(self):
        self.may_use, self.pure = tree.rooms()

    def test_pure_rooms_call_only_memory_and_string_functions(self):
        for room in self.pure:
            with self.subTest(room=room):
                self.assertEqual(set(), foreign_symbols(room, self.may_use))

    def test_no_room_has_writable_globals(self):
        for room in self.may_use:
            with self.subTest(room=room):
                self.assertEqual([], writable_data(room))

    def test_no_floating_point_in_pure_rooms(self):
        floating = re.compile(
            r"\b(float|double|_Float\w+|long double)\b|\b\d+\.\d|<(math|float|fenv|complex)\.h>"
        )
        found = []
        for room in self.pure:
            for path in tree.files(f"src/{room}", ".c", ".h"):
                for number, line in enumerate(
                    tree.without_comments(tree.read(path)).splitlines(), 1
                ):
                    if floating.search(line):
                        found.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual([], found)

    def test_no_address_becomes_a_number_in_pure_rooms(self):
        """Order never comes from memory layout."""
        found = []
        for room in self.pure:
            for path in tree.files(f"src/{room}", ".c", ".h"):
                text = tree.without_comments(tree.read(path))
                # Straight back to a pointer it only takes a const away.
                text = re.sub(r"\((struct )?\w+ \*\)\(uintptr_t\)", "", text)
                if re.search(r"\bu?intptr_t\b", text):
                    found.append(path)
        self.assertEqual([], found)

    def test_a_clock_and_a_global_would_be_seen(self):
        self.assertIn("clock_gettime (wanted by x/clock.c.o)", self._toy("clock_gettime"))
        self.assertEqual(set(), self._toy("memcpy"))

    def _toy(self, wanted):
        """The verdict on a room x whose base calls `wanted`."""
        toys = {"x": {"x.c.o": ({"x"}, {"now"}), "clock.c.o": ({"now"}, {wanted})}, "base": {}}
        original = globals()["members"]
        globals()["members"] = toys.__getitem__
        try:
            return foreign_symbols("x", {"x": ["base"]})
        finally:
            globals()["members"] = original


if __name__ == "__main__":
    unittest.main()
