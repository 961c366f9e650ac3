"""Archives that are damaged, or made to fill the disk: what can be read is read, within limits of space and time."""

from __future__ import annotations

import gzip
import io
import random
import struct
import tarfile
import time
import zipfile
import zlib

import pytest
from archive_files import (
    contents,
    deflated_zeros,
    encrypted_zip,
    made_tar,
    made_zip,
    nothing_written_outside,
    unpacker,
    zip_of,
)

from rankscope.core.documents import unpacking, zip_file
from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.unpacking import Allowance, take_out


@pytest.fixture
def read(make_chunker, tmp_path):
    with nothing_written_outside(tmp_path):
        yield unpacker(make_chunker(), tmp_path)


NOISE = random.Random(0).randbytes(3000)


def test_a_zip_that_is_cut_off(read):
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = made_zip([("a.txt", b"A word"), ("b.txt", b"Another word"), ("c.txt", NOISE)], method)
        document = read("a.zip", data[: data.index(b"c.txt") + 1000])
        assert contents(document) == {"a.txt": b"A word", "b.txt": b"Another word", "c.txt": "damaged"}
        assert "directory of a.zip is missing" in document.extraction.warnings[0]


def test_a_zip_that_was_written_without_going_back_and_is_cut_off(read):
    class OneWay(io.BytesIO):
        def seekable(self):
            return False

        def tell(self):
            raise io.UnsupportedOperation

    stream = OneWay()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"A word")
        archive.writestr("b.txt", NOISE)
        archive.writestr("c.txt", NOISE)
    data = stream.getvalue()
    document = read("a.zip", data[: data.index(b"c.txt") + 1000])
    assert contents(document) == {"a.txt": b"A word", "b.txt": NOISE, "c.txt": "damaged"}


def test_a_cut_off_zip_with_passwords(read):
    data = encrypted_zip([("a.txt", b"A word")], b"secret")
    assert contents(read("a.zip", data[: data.index(b"PK\x01\x02")])) == {"a.txt": "encrypted"}


def test_a_zip_with_a_damaged_file(read):
    data = bytearray(made_zip([("a.txt", b"A word"), ("b.txt", NOISE), ("c.txt", b"A word")], zipfile.ZIP_STORED))
    data[data.index(NOISE) + 1000] ^= 1
    assert contents(read("a.zip", bytes(data))) == {"a.txt": b"A word", "b.txt": "damaged", "c.txt": b"A word"}


def test_a_tar_that_is_cut_off(read):
    data = made_tar([("a.txt", b"A word"), ("b.txt", NOISE), ("c.txt", b"A word")])
    for name, cut in (("a.tar", data[:2500]), ("a.tar.gz", gzip.compress(data)[:-2000])):
        document = read(name, cut)
        assert contents(document) == {"a.txt": b"A word", "b.txt": "damaged"}
        assert document.extraction.warnings[0].startswith(f"{name} is damaged")
    document = read("a.tar", data[:1200])  # within a header
    assert contents(document) == {"a.txt": b"A word"} and "is damaged" in document.extraction.warnings[0]


def test_a_tar_with_a_damaged_header(read):
    data = bytearray(made_tar([("a.txt", b"A word"), ("b.txt", b"A word"), ("c.txt", b"A word")]))
    data[1024 + 5] ^= 1
    document = read("a.tar", bytes(data))
    assert contents(document) == {"a.txt": b"A word"} and "is damaged" in document.extraction.warnings[0]


def test_random_damage_never_does_more(read):
    chance = random.Random(1)
    archives = (
        ("a.zip", made_zip([("a.txt", NOISE), ("b.txt", b"A word" * 100)])),
        ("a.tar", made_tar([("a.txt", NOISE), ("b.txt", b"A word" * 100)])),
        ("a.tgz", made_tar([("a.txt", NOISE), ("b.txt", b"A word" * 100)], "w:gz")),
    )
    for name, good in archives:
        for _ in range(60):
            data = bytearray(good)
            for _ in range(chance.randint(1, 8)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            document = read(name, bytes(data))
            assert document.failure is not None or document.members
            assert "breaks the rules" not in (document.failure.message if document.failure else "")


# -- size --------------------------------------------------------------------------------------------------------------


def unpacked_bytes(tmp_path):
    return sum(path.stat().st_size for path in (tmp_path / "spool").rglob("*") if path.is_file())


def test_a_file_of_ten_gigabytes_in_a_zip(read, tmp_path):
    started = time.monotonic()
    document = read(
        "a.zip", zip_of(("big.txt", deflated_zeros(10 << 30)), ("b.txt", zlib.compress(b"A word")[2:-4]), size=6)
    )
    # The size in the archive is a lie; zipfile then stops there and the checksum is another.
    assert contents(document)["big.txt"] == "damaged"
    document = read("a.zip", zip_of(("big.txt", deflated_zeros(10 << 30)), size=1 << 40))
    assert contents(document) == {"big.txt": "too large"}
    assert time.monotonic() - started < 10 and unpacked_bytes(tmp_path) == 0


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_a_bomb(read, method, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_MEMBER_BYTES", 20_000_000)
    document = read("a.zip", made_zip([("big.txt", bytes(50_000_000)), ("b.txt", b"A word")], method))
    assert contents(document) == {"big.txt": "too large", "b.txt": b"A word"}


@pytest.mark.parametrize("name", ["zeros.txt.gz", "zeros.tar.gz", "files.tar.gz"])
def test_gigabytes_of_zeros_in_a_gz(read, tmp_path, name):
    block = gzip.compress(bytes(1 << 24))
    header = b""
    if name == "files.tar.gz":
        info = tarfile.TarInfo("zeros.txt")
        info.size = 4 << 30
        header = gzip.compress(info.tobuf())
    started = time.monotonic()
    # Zeros that pretend to be a TAR end with the time; the others with the size, however busy the machine is.
    document = read(name, header + block * 256, Allowance(seconds=3 if name == "zeros.tar.gz" else 60))
    assert time.monotonic() - started < 60 and unpacked_bytes(tmp_path) == 0
    if name == "zeros.tar.gz":
        assert document.failure.reason == "empty"
    else:
        assert set(contents(document).values()) == {"too large"}


def test_all_files_together_have_a_limit(read, tmp_path):
    zeros, checksum = deflated_zeros(9 << 20), zlib.crc32(bytes(9 << 20))
    data = zip_of(*((f"{number}.txt", zeros) for number in range(100)), size=9 << 20, checksum=checksum)
    document = read("a.zip", data, Allowance(n_bytes=30_000_000))
    assert len(document.members) == 3 and unpacked_bytes(tmp_path) == 27 << 20
    assert "unpacks to more than" in document.extraction.warnings[0]
    assert read("a.zip", data, Allowance(n_bytes=0)).failure.reason == "too large"


def test_a_million_empty_files(read, tmp_path):
    names = made_tar([(f"{number}.txt", b"") for number in range(1000)])[: 1000 * 512]
    started = time.monotonic()
    document = read("a.tar.gz", gzip.compress(names, 1) * 1000, Allowance(files=800))
    assert time.monotonic() - started < 5
    assert len(document.members) == 800
    assert "more files than are read" in document.extraction.warnings[0]


def test_a_million_files_of_another_kind_end_with_the_time(read):
    names = made_tar([(f"{number}.raw", b"") for number in range(1000)])[: 1000 * 512]
    started = time.monotonic()
    document = read("a.tar.gz", gzip.compress(names, 1) * 1000, Allowance(seconds=0.5))
    assert document.failure.reason == "too large" and time.monotonic() - started < 3


def test_a_directory_too_large_to_be_listed(read, monkeypatch):
    monkeypatch.setattr(zip_file, "MAX_DIRECTORY_BYTES", 100_000)
    assert len(read("a.zip", made_zip([(f"{number:03}.txt", b"") for number in range(999)])).members) == 999
    document = read("a.zip", made_zip([(f"{number:04}.txt", b"") for number in range(3000)]))
    assert document.failure.reason == "too large" and "holds more files than can be listed" in document.failure.message


def test_headers_without_end(read):
    """A long name that is said to have gigabytes."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 3 << 30
    data = gzip.compress(made_tar([("a.txt", b"A word")])[:1024] + info.tobuf()) + gzip.compress(b"x" * (1 << 24)) * 200
    started = time.monotonic()
    document = read("a.tar.gz", data)
    assert contents(document) == {"a.txt": b"A word"} and "is damaged" in document.extraction.warnings[0]
    assert time.monotonic() - started < 3


def test_zip64(read):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("a.txt", "w", force_zip64=True) as member:
        member.write(b"A word")
    assert contents(read("a.zip", stream.getvalue())) == {"a.txt": b"A word"}


def test_more_files_than_the_old_format_counts(read):
    one = zip_of(("a.txt", deflated_zeros(0)), ("b.raw", b""))
    local, entries = one[: one.index(b"PK\x01\x02")], one[one.index(b"PK\x01\x02") : one.index(b"PK\x05\x06")]
    last = entries.index(b"PK\x01\x02", 4)
    directory = entries[:last] + entries[last:] * 66_000
    size, start, count = len(directory), len(local), 66_001
    end = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    end += struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
    end += struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    document = read("a.zip", local + directory + end)
    assert contents(document) == {"a.txt": b""}
    assert document.extraction.warnings == ("66,000 files inside are of kinds that Rankscope does not read.",)


def test_a_file_in_an_archive_in_an_archive_is_taken_out_again(tmp_path):
    inner = made_tar([("b.txt", b"wrong"), ("sub/b.txt", b"A word")], "w:gz")
    (tmp_path / "a.zip").write_bytes(made_zip([("inner.tar.gz/sub", b"?"), ("other.txt", b"?"), ("in.tgz", inner)]))
    (tmp_path / "spool").mkdir()
    assert take_out(tmp_path / "a.zip", "in.tgz/sub/b.txt", tmp_path / "spool").read_bytes() == b"A word"
    with pytest.raises(Unreadable, match="no longer in"):
        take_out(tmp_path / "a.zip", "in.tgz/sub/c.txt", tmp_path / "spool")


def test_too_deep(read):
    zero = Allowance(depth=0)
    document = read("a.zip", made_zip([("a.txt", b"A word")]), zero)
    assert document.failure.reason == "too deep" and "a.zip lies too deep" in document.failure.message
    assert read("b.zip", made_zip([("a.raw", b"?")]), zero).failure.reason == "empty"
