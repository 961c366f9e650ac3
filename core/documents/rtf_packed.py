"""Unpacks the compressed RTF in Outlook's mails (MS-OXRTFCP)."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<4I")
_PACKED, _UNPACKED = 0x75465A4C, 0x414C454D
_RING = 4096
# What the format's dictionary begins with: words that most RTF documents hold.
_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
MAX_BYTES = 10_000_000


def unpacked(data: bytes) -> bytes:
    """The RTF; of damaged data, and of more than :data:`MAX_BYTES`, what comes before the end.

    Raises:
        ValueError: this is no compressed RTF.
    """
    if len(data) < _HEADER.size:
        raise ValueError("too short for compressed RTF")
    _, raw_size, kind, _ = _HEADER.unpack_from(data)
    if kind == _UNPACKED:
        return data[_HEADER.size : _HEADER.size + raw_size]
    if kind != _PACKED:
        raise ValueError("no compressed RTF")
    return _unpack(data, min(raw_size, MAX_BYTES))


def _unpack(data: bytes, size: int) -> bytes:
    """Copies of what came at most 4096 bytes before, and single bytes; eight of them follow each byte of flags."""
    text = bytearray(_START)
    end, at = len(_START) + size, _HEADER.size
    while at < len(data) and len(text) < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                text += data[at : at + 1]
                at += 1
                continue
            reference = int.from_bytes(data[at : at + 2], "big")
            at += 2
            # The ring's place, as the distance from here backwards; a full turn is the mark of the end.
            distance = (len(text) - (reference >> 4)) % _RING
            if distance == 0 or at > len(data):
                return bytes(text[len(_START) : end])
            for _ in range((reference & 15) + 2):
                text.append(text[-distance] if distance <= len(text) else 0x20)
    return bytes(text[len(_START) : end])
