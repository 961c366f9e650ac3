"""Writes compound files (OLE), the container of Outlook's mails and old Office documents: no library does.

Only what tests need: no more than 109 sectors of tables, so at most seven megabytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import pairwise

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    children: list[_Entry] = field(default_factory=list)
    number: int = 0
    right: int = _FREE
    child: int = _FREE
    start: int = _END


def compound_file(content):
    """A compound file; ``content`` maps names to bytes (streams) or to further mappings (storages)."""
    root = _Entry("Root Entry", _ROOT, children=_entries(content))
    entries = _numbered(root)
    large, small = _Sectors(512), _Sectors(64)
    for entry in entries:
        if entry.kind == _STREAM and entry.data:
            entry.start = (small if len(entry.data) < 4096 else large).append(entry.data)
    root.data = b"".join(small.held)
    root.start = large.append(root.data)
    small_table = large.append(small.table())
    directory = large.append(b"".join(map(_directory_entry, entries)))
    n_fat = 1
    while n_fat * 128 < len(large.held) + n_fat:
        n_fat += 1
    first = len(large.held)
    large.next += [_FAT] * n_fat
    header = struct.pack(
        "<8s16s5H6s9I",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6)),
        *(0, n_fat, directory, 0, 4096, small_table, len(small.table()) // 512, _END, 0),
    )
    places = struct.pack("<109I", *range(first, first + n_fat), *[_FREE] * (109 - n_fat))
    return header + places + b"".join(large.held) + large.table()


class _Sectors:
    """Streams cut into sectors, and for each sector the next one of its stream."""

    def __init__(self, size):
        self.size = size
        self.held = []
        self.next = []

    def append(self, data):
        """Adds a stream; returns its first sector."""
        first = len(self.held)
        for start in range(0, len(data), self.size):
            self.held.append(data[start : start + self.size].ljust(self.size, b"\0"))
            self.next.append(len(self.held))
        if len(self.held) == first:
            return _END
        self.next[-1] = _END
        return first

    def table(self):
        padded = self.next + [_FREE] * (-len(self.next) % 128)
        return struct.pack(f"<{len(padded)}I", *padded)


def _entries(content):
    made = []
    for name, value in content.items():
        if isinstance(value, bytes):
            made.append(_Entry(name, _STREAM, value))
        else:
            made.append(_Entry(name, _STORAGE, children=_entries(value)))
    return made


def _numbered(root):
    """All entries in order; siblings hang in one line from each other's right."""
    entries, waiting = [], [root]
    while waiting:
        entry = waiting.pop(0)
        entry.number = len(entries)
        entries.append(entry)
        waiting += entry.children
    for entry in entries:
        if entry.children:
            ordered = sorted(entry.children, key=lambda child: (len(child.name), child.name.upper()))
            entry.child = ordered[0].number
            for before, after in pairwise(ordered):
                before.right = after.number
    return entries


def _directory_entry(entry):
    name = entry.name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sH2B3I36xIQ",
        *(name, len(name), entry.kind, 1, _FREE, entry.right, entry.child),
        *(0 if entry.kind == _STORAGE else entry.start, len(entry.data)),
    )
