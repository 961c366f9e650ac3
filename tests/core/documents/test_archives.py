"""Archives: every file in them is read or has a reason, under a name that does no harm."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile

import pytest
from archive_files import contents, encrypted_zip, made_tar, made_zip, nothing_written_outside, unpacker

from rankscope.core.documents.passwords import set_passwords


@pytest.fixture
def read(make_chunker, tmp_path):
    with nothing_written_outside(tmp_path):
        yield unpacker(make_chunker(), tmp_path)


FILES = [("a.txt", b"A word"), ("sub/b.md", b"# Another word"), ("picture.raw", b"?"), ("sub/", b""), (".c.txt", b"?")]
SEEN = {"a.txt": b"A word", "sub/b.md": b"# Another word"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip(read, method):
    document = read("a.zip", made_zip(FILES, method))
    assert contents(document) == SEEN
    assert (document.extraction.text, document.extraction.format, document.passages) == ("", "zip", ())
    assert document.extraction.warnings == ("1 file inside is of a kind that Rankscope does not read.",)
    assert len(document.content_hash) == 64


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar.bz2", "w:bz2"), ("a.txz", "w:xz")],
)
def test_a_tar(read, name, mode):
    document = read(name, made_tar([file for file in FILES if file[0] != "sub/"], mode))
    assert contents(document) == SEEN
    assert (document.extraction.text, document.extraction.format) == ("", "tar")


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_a_single_packed_file(read, suffix, pack):
    assert contents(read(f"notes.txt{suffix}", pack(b"A word"))) == {"notes.txt": b"A word"}
    assert contents(read("notes.txt", pack(b"A word"))) == {"notes.txt": b"A word"}


def test_old_tars_without_a_mark(read):
    data = bytearray(made_tar(FILES[:1]))
    data[257:265] = bytes(8)
    data[148:156] = b"        "
    data[148:156] = b"%06o\0 " % sum(data[:512])
    assert contents(read("a.tar", bytes(data))) == {"a.txt": b"A word"}


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.zip", made_zip([]), "empty"),
        ("a.zip", made_zip([("a.raw", b"?")]), "empty"),
        ("a.zip", b"PK\x03\x04" + bytes(1000), "damaged"),
        ("a.zip", b"no archive", "wrong type"),
        ("a.zip", b"Rar!\x1a\x07\x00" + bytes(100), "wrong type"),
        ("a.tar", made_tar([]), "empty"),
        ("a.tar", b"no archive", "wrong type"),
        ("a.tar.gz", gzip.compress(made_tar([]), mtime=0), "empty"),
        ("a.tar.gz", gzip.compress(made_tar(FILES), mtime=0)[:40], "damaged"),
        ("a.tar.gz", b"\x1f\x8b\x08" + bytes(40), "damaged"),
        ("a.txt.bz2", b"BZh91AY&SY" + bytes(40), "damaged"),
        ("a.txt.xz", b"\xfd7zXZ\x00" + bytes(40), "damaged"),
        ("a.txt.gz", b"no archive", "wrong type"),
    ],
)
def test_what_holds_nothing_has_a_reason(read, name, data, reason):
    document = read(name, data)
    if document.failure is None:  # a single packed file: its container is there, it is not
        assert set(contents(document).values()) == {reason}
    else:
        assert document.failure.reason == reason
        assert name in document.failure.message and document.failure.remedy


# -- passwords ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_encrypted_files_are_opened_with_the_password_that_fits(read, method):
    data = encrypted_zip([("a.txt", b"A word"), ("b.txt", b"Another word " * 9000)], b"secret", method)
    document = read("a.zip", data)
    assert contents(document) == {"a.txt": "encrypted", "b.txt": "encrypted"}
    assert document.members[0].problem.message == "a.txt in a.zip is protected with a password."
    set_passwords(("wrong", "", "also wrong"))
    assert set(contents(read("a.zip")).values()) == {"encrypted"}
    set_passwords(("wrong", "secret"))
    assert contents(read("a.zip")) == {"a.txt": b"A word", "b.txt": b"Another word " * 9000}


@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "cp1252"])
def test_passwords_beyond_ascii(read, encoding):
    set_passwords(("Schlüssel",))
    data = encrypted_zip([("a.txt", b"A word")], "Schlüssel".encode(encoding))
    assert contents(read("a.zip", data)) == {"a.txt": b"A word"}


def test_many_wrong_passwords_give_no_wrong_text(read):
    """Each passes the format's own check once in 256 times."""
    set_passwords(tuple(f"wrong {number}" for number in range(600)))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = encrypted_zip([("a.txt", b"A word or two in a text")], b"right", method)
        assert contents(read("a.zip", data)) == {"a.txt": "encrypted"}


@pytest.mark.parametrize(("method", "reason"), [(99, "encrypted"), (9, "unsupported"), (97, "unsupported")])
def test_ways_of_packing_that_are_not_read(read, method, reason):
    data = bytearray(made_zip([("a.txt", b"A word"), ("b.txt", b"A word")]))
    struct.pack_into("<H", data, 8, method)
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, method)
    document = read("a.zip", bytes(data))
    assert contents(document) == {"a.txt": reason, "b.txt": b"A word"}
    assert document.members[0].problem.remedy.startswith("Unpack the archive")


# -- names -------------------------------------------------------------------------------------------------------------


def zip_named(raw, extra=b""):
    """A ZIP archive whose one file's name is these bytes, of an encoding that it does not tell."""
    info = zipfile.ZipInfo("x" * len(raw))
    info.extra = extra
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(info, b"A word")
    return stream.getvalue().replace(b"x" * len(raw), raw)


@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "cp1252"])
def test_names_of_old_zips(read, encoding):
    data = zip_named("Größenübersicht für März.txt".encode(encoding))
    assert contents(read("a.zip", data)) == {"Größenübersicht für März.txt": b"A word"}


def test_names_that_are_also_there_in_unicode(read):
    name = "Отчёт 東京.txt"
    extra = struct.pack("<HHBI", 0x7075, 5 + len(name.encode()), 1, 0) + name.encode()
    assert contents(read("a.zip", zip_named(b"??.txt", extra))) == {name: b"A word"}


def test_names_in_unicode(read):
    assert contents(read("a.zip", made_zip([("Отчёт/東京.txt", b"A word")]))) == {"Отчёт/東京.txt": b"A word"}
    assert contents(read("a.tar", made_tar([("Отчёт/東京.txt", b"A word")]))) == {"Отчёт/東京.txt": b"A word"}


def test_names_of_old_tars(read):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", encoding="latin-1", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("Übersicht für März.txt"))
    assert [member.name for member in read("a.tar", stream.getvalue()).members] == ["Übersicht für März.txt"]


HOSTILE = ["../up.txt", "/root.txt", "..\\back.txt", "a\nb.txt", "x" * 10_000 + ".txt", "C:/drive.txt", "a/../../b.txt"]


@pytest.mark.parametrize(("name", "make"), [("a.zip", made_zip), ("a.tar", made_tar), ("a.tgz", made_tar)])
def test_names_that_would_do_harm(read, name, make):
    document = read(name, make([(wanted, b"A word") for wanted in HOSTILE]))
    assert set(contents(document).values()) == {b"A word"} and len(document.members) == len(HOSTILE)
    for member in document.members:
        assert ".." not in member.name.split("/") and not member.name.startswith("/") and member.name.isprintable()
        assert len(member.name) <= 200 and member.name.endswith(".txt")


def test_a_name_that_ends_at_a_nul(read):
    assert contents(read("a.zip", zip_named(b"a.txt\0.exe"))) == {"a.txt": b"A word"}


def test_equal_names(read):
    files = [("a.txt", b"first"), ("a.txt", b"second"), ("A.txt", b"third")]
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = made_zip(files)
    wanted = {"a.txt": b"first", "a (2).txt": b"second", "A.txt": b"third"}
    assert contents(read("a.zip", data)) == wanted
    assert contents(read("a.tar", made_tar(files))) == wanted


def test_links_and_devices_are_not_followed(read, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"{kind.decode()}.txt")
            info.type, info.linkname = kind, str(secret)
            archive.addfile(info)
        folder = tarfile.TarInfo("folder.txt")
        folder.type, folder.linkname = tarfile.SYMTYPE, str(tmp_path)
        archive.addfile(folder)
        through = tarfile.TarInfo("folder.txt/written.txt")
        through.size = 6
        archive.addfile(through, io.BytesIO(b"A word"))
    assert contents(read("a.tar", stream.getvalue())) == {"folder.txt/written.txt": b"A word"}
    link = zipfile.ZipInfo("link.txt")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    assert contents(read("a.zip", made_zip([(link, str(secret)), ("a.txt", b"A word")]))) == {"a.txt": b"A word"}
