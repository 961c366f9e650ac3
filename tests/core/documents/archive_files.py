"""Archives made to order: ordinary ones, encrypted ones, and such as unpack to gigabytes."""

from __future__ import annotations

import io
import os
import struct
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

from rankscope.core.documents.passwords import set_passwords
from rankscope.core.documents.reading import read_document


def unpacker(chunker, tmp_path):
    """Reads an archive in tmp_path, made of the bytes given, and unpacks it into tmp_path/spool."""

    def reads(name, data=None, allowance=None):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        return read_document(tmp_path / name, chunker, tmp_path / "spool", allowance)

    return reads


@contextmanager
def nothing_written_outside(tmp_path):
    """Whatever an archive holds, ordinary files appear in the spool, and nowhere else."""
    parent = sorted(tmp_path.parent.iterdir())
    yield
    set_passwords(())
    assert sorted(tmp_path.parent.iterdir()) == parent
    assert all(path.name == "spool" or path.is_file() for path in tmp_path.iterdir())
    for where, folders, files in os.walk(tmp_path / "spool"):
        assert not any(Path(where, name).is_symlink() for name in (*folders, *files))


def contents(document):
    """What was taken out: the bytes, or the reason of the problem."""
    assert document.failure is None
    return {
        member.name: member.problem.reason if member.problem else Path(member.path).read_bytes()
        for member in document.members
    }


def made_zip(files, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def made_tar(files, mode="w"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def encrypted_zip(files, password, method=zipfile.ZIP_DEFLATED):
    """A ZIP archive with the old encryption, which Python reads and does not write."""
    stream = io.BytesIO(made_zip(files, method))
    data = bytearray(stream.getvalue())
    archive = zipfile.ZipFile(stream)
    made, directory, entries = bytearray(), bytearray(), archive.infolist()
    for info in entries:
        header = info.header_offset
        name, extra = struct.unpack_from("<HH", data, header + 26)
        start = header + 30 + name + extra
        packed = encrypted(bytes(11) + bytes([info.CRC >> 24]) + data[start : start + info.compress_size], password)
        offset = len(made)
        local = bytearray(data[header:start])
        struct.pack_into("<H", local, 6, 1)
        struct.pack_into("<I", local, 18, len(packed))
        made += local + packed
        entry = struct.pack(
            "<4s4B4H3I5H2I",
            *(b"PK\x01\x02", 20, 3, 20, 0, 1, info.compress_type, 0, 33),
            *(info.CRC, len(packed), info.file_size, len(info.filename), 0, 0, 0, 0, 0, offset),
        )
        directory += entry + info.filename.encode()
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(made), 0)
    return bytes(made + directory + end)


def encrypted(data, password):
    table = crc_table()
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte):
        keys[0] = (keys[0] >> 8) ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = (keys[2] >> 8) ^ table[(keys[2] ^ (keys[1] >> 24)) & 0xFF]

    for byte in password:
        update(byte)
    made = bytearray()
    for byte in data:
        mixed = keys[2] | 2
        made.append(byte ^ ((mixed * (mixed ^ 1)) >> 8 & 0xFF))
        update(byte)
    return bytes(made)


def crc_table():
    table = []
    for number in range(256):
        entry = number
        for _ in range(8):
            entry = entry >> 1 ^ (0xEDB88320 if entry & 1 else 0)
        table.append(entry)
    return table


def deflated_zeros(n_bytes):
    """Took no time to make: the same flushed block again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (n_bytes >> 20) + packer.flush()


def zip_of(*files, size=None, checksum=0):
    """A ZIP archive of files that are deflated already. ``size`` and ``checksum`` are what it says of each."""
    made, directory = bytearray(), bytearray()
    for name, packed in files:
        said = min(size if size is not None else len(packed), 0xFFFFFFFF)
        fields = (20, 0, 8, 0, 33, checksum, len(packed), said, len(name), 0)
        directory += struct.pack("<4s2B5H3I5H2I", b"PK\x01\x02", 20, 3, *fields, 0, 0, 0, 0, len(made)) + name.encode()
        made += struct.pack("<4s5H3I2H", b"PK\x03\x04", *fields) + name.encode() + packed
    count = len(files)
    return bytes(made + directory) + struct.pack(
        "<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(made), 0
    )
