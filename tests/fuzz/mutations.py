"""Spoiling files in the ways in which disks, networks and people do, as hypothesis strategies."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from hypothesis import strategies as st

Mutation = Callable[[bytes], bytes]

# What parsers trip over: ends of ranges, signs of structure, and the starts of other formats.
_TOKENS = (
    b"\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"-1", b"99999999999", b"%s%n", b"\r\n\r\n",
    b"<", b"]]>", b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>", b"&x;", b"{", b"[[[[", b'"', b"\\u0000",
    b"endobj", b"stream", b"/Length 99999999", b"/Kids [1 0 R]", b"PK\x03\x04", b"%PDF-1.7", b"\xef\xbb\xbf",
    b"\xed\xa0\x80", b"Content-Type: multipart/mixed; boundary=a\r\n", b"--a", b"From ", b"{\\rtf1", b"\x1f\x8b",
)  # fmt: skip

_place = st.floats(0, 1)
_length = st.integers(1, 64)


def _at(data: bytes, place: float) -> int:
    return int(place * len(data))


def _flip(place: float, bit: int) -> Mutation:
    def mutate(data: bytes) -> bytes:
        if not data:
            return data
        at = min(_at(data, place), len(data) - 1)
        return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]

    return mutate


def _insert(place: float, what: bytes) -> Mutation:
    return lambda data: data[: _at(data, place)] + what + data[_at(data, place) :]


def _overwrite(place: float, what: bytes) -> Mutation:
    return lambda data: data[: _at(data, place)] + what + data[_at(data, place) + len(what) :]


def _cut_out(place: float, length: int) -> Mutation:
    return lambda data: data[: _at(data, place)] + data[_at(data, place) + length * 16 :]


def _repeat(place: float, length: int, times: int) -> Mutation:
    def mutate(data: bytes) -> bytes:
        at = _at(data, place)
        return data[:at] + data[at : at + length * 8] * times + data[at:]

    return mutate


def _truncate(place: float) -> Mutation:
    return lambda data: data[: _at(data, place)]


def _inside_zip(which: float, inner: Mutation) -> Mutation:
    """The same inside a member of a ZIP: its checksum then fits again, so that the parser of the member is reached."""

    def mutate(data: bytes) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
        except Exception:  # spoiled already
            return inner(data)
        if not members:
            return data
        chosen = min(int(which * len(members)), len(members) - 1)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, (name, content) in enumerate(members):
                archive.writestr(name, inner(content) if number == chosen else content)
        return out.getvalue()

    return mutate


_plain: st.SearchStrategy[Mutation] = st.one_of(
    st.builds(_flip, _place, st.integers(0, 7)),
    st.builds(_insert, _place, st.sampled_from(_TOKENS)),
    st.builds(_overwrite, _place, st.one_of(st.sampled_from(_TOKENS), st.binary(min_size=1, max_size=16))),
    st.builds(_cut_out, _place, _length),
    st.builds(_repeat, _place, _length, st.integers(2, 40)),
    st.builds(_truncate, _place),
)


def mutations(zipped: bool) -> st.SearchStrategy[list[Mutation]]:
    """One to six ways to spoil a file, to be applied one after the other."""
    kinds = st.one_of(st.builds(_inside_zip, _place, _plain), _plain) if zipped else _plain
    return st.lists(kinds, min_size=1, max_size=6)
