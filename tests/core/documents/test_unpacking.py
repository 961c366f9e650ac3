"""Taking files out of containers: what is taken, under which names, how much of it, and what is said about the rest."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from rankscope.core.documents import unpacking
from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.member_names import MemberNames, decoded_name, file_name
from rankscope.core.documents.model import Failure
from rankscope.core.documents.unpacking import Allowance, Packed, holds_documents, take_out, unpack

BOX = Path("box.zip")


def packed(name, data=b"A word"):
    return Packed(name, lambda: io.BytesIO(data))


def names(folder, *wanted):
    return [member.name for member in unpack(BOX, map(packed, wanted), folder, Allowance()).members]


def files_below(folder):
    return [Path(where, file) for where, _, files in os.walk(folder) for file in files]


def test_members_are_written_under_numbers(tmp_path):
    unpacked = unpack(BOX, [packed("a.txt", b"first"), packed("sub/b.txt", b"second")], tmp_path / "new", Allowance())
    assert [(member.name, member.size) for member in unpacked.members] == [("a.txt", 5), ("sub/b.txt", 6)]
    assert [Path(member.path).read_bytes() for member in unpacked.members] == [b"first", b"second"]
    assert all(Path(member.path).is_relative_to(tmp_path / "new") for member in unpacked.members)
    assert unpacked.warnings == () and unpacked.stopped is None


def test_hidden_files_are_passed_over_and_unknown_kinds_are_counted(tmp_path):
    listed = [packed(name) for name in (".hidden.txt", "a/.git/x.txt", "~$a.docx", "__MACOSX/a.txt", "./shown.txt")]
    unpacked = unpack(BOX, [*listed, packed("a.mp3")], tmp_path, Allowance())
    assert [member.name for member in unpacked.members] == ["shown.txt"]
    assert unpacked.warnings == ("1 file inside is of a kind that Rankscope does not read.",)
    unpacked = unpack(BOX, [packed("a.mp3"), packed("b.exe"), packed(".c.exe")], tmp_path, Allowance())
    assert unpacked.warnings == ("2 files inside are of kinds that Rankscope does not read.",)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.txt", "etc/passwd.txt"),
        ("/etc/passwd.txt", "etc/passwd.txt"),
        ("..\\..\\windows\\win.ini", "windows/win.ini"),
        ("C:\\a.txt", "C_/a.txt"),
        ("a\x00b\nc.txt", "a_b_c.txt"),
        ("\u202etxt.exe.txt", "_txt.exe.txt"),
        ("a//b/./c.txt", "a/b/c.txt"),
        ("x" * 10_000 + ".txt", "x" * 180 + "….txt"),
        ("Grüße aus München.txt", "Grüße aus München.txt"),
        ("\udce4.txt", "\ufffd.txt"),
        ("/".join(["d"] * 1000) + "/a.txt", "d/" * 19 + "a.txt"),
        ("..", "unnamed"),
    ],
)
def test_names_become_harmless(tmp_path, name, shown):
    (member,) = unpack(BOX, [packed(name)], tmp_path / "spool", Allowance()).members
    assert member.name == shown
    assert [path.is_relative_to(tmp_path / "spool") for path in files_below(tmp_path)] == [True]
    assert Path(member.path).read_bytes() == b"A word"


def test_no_two_members_have_the_same_name(tmp_path):
    assert names(tmp_path, "a.txt", "a.txt", "a.txt", "b", "b", "a (2).txt") == [
        *("a.txt", "a (2).txt", "a (3).txt", "b", "b (2)", "a (2) (2).txt")
    ]


def test_a_thousand_equal_names_take_no_time():
    given = MemberNames()
    started = time.perf_counter()
    assert len({given.given("a.txt") for _ in range(20_000)}) == 20_000
    assert time.perf_counter() - started < 2


def test_no_member_lies_below_another(tmp_path):
    """Else a file in the archive "a.zip" inside this one could have the same path as a file in a folder "a.zip"."""
    assert names(tmp_path, "a.zip", "a.zip/b.txt") == ["a.zip", "a.zip_b.txt"]
    assert names(tmp_path, "a.zip/b.txt", "a.zip") == ["a.zip/b.txt", "a (2).zip"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a/b/Отчёт.pdf", "Отчёт.pdf"),
        ("CON.txt", "CON_.txt"),
        ("x" * 180 + "….docx", "x" * 150 + ".docx"),
        ("ж" * 180 + ".pdf", "ж" * 75 + ".pdf"),
        ("dots. . .txt", "dots.txt"),
        ("README", "README"),
        ("a.", "a"),
    ],
)
def test_names_on_disk(name, file):
    assert file_name(name) == file


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße.txt", "utf-8"),
        ("Größenübersicht für Händler.txt", "cp437"),
        ("Résumé été.txt", "cp437"),
        ("Größenübersicht für Händler.txt", "cp1252"),
        ("plain.txt", "ascii"),
    ],
)
def test_names_in_unnamed_encodings(text, encoding):
    assert decoded_name(text.encode(encoding)) == text


def test_what_cannot_be_opened_costs_only_itself(tmp_path):
    def broken(error):
        def fails():
            raise error

        return fails

    class HalfBroken(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise EOFError
            return super().read(3)

    locked = Failure("encrypted", "It is locked.", "Unlock it.")
    listed = [
        packed("first.txt"),
        Packed("locked.txt", io.BytesIO, locked),
        Packed("bad.txt", broken(KeyError("internal"))),
        Packed("half.txt", lambda: HalfBroken(b"A word")),
        Packed("large.txt", broken(MemoryError())),
        Packed("said.txt", broken(unreadable("damaged", "It is said.", "Do this."))),
        packed("last.txt"),
    ]
    members = unpack(BOX, listed, tmp_path, Allowance()).members
    assert [(member.name, member.problem.reason if member.problem else "") for member in members] == [
        *(("first.txt", ""), ("locked.txt", "encrypted"), ("bad.txt", "damaged"), ("half.txt", "damaged")),
        *(("large.txt", "too large"), ("said.txt", "damaged"), ("last.txt", "")),
    ]
    assert members[2].problem.message.startswith("bad.txt cannot be taken out of box.zip")
    assert "internal" not in members[2].problem.message
    assert {path.name for path in files_below(tmp_path)} == {"first.txt", "last.txt"}


def test_a_full_disk_is_no_fault_of_the_archive(tmp_path):
    class Full(io.BytesIO):
        def read(self, size=-1):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        unpack(BOX, [Packed("a.txt", lambda: Full(b""))], tmp_path, Allowance())


class Endless(io.RawIOBase):
    """Zeros without end."""

    def __init__(self, pause=0.0):
        self._pause = pause

    def readable(self):
        return True

    def readinto(self, buffer):
        time.sleep(self._pause)
        buffer[:] = bytes(len(buffer))
        return len(buffer)


def test_a_member_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_MEMBER_BYTES", 3_000_000)
    listed = [Packed("endless.txt", Endless), packed("small.txt")]
    endless, small = unpack(BOX, listed, tmp_path, Allowance()).members
    assert (endless.problem.reason, small.problem) == ("too large", None)
    assert "3 MB" in endless.problem.message
    assert [path.name for path in files_below(tmp_path)] == ["small.txt"]


def test_all_members_together_have_a_limit(tmp_path):
    listed = [packed(f"{number}.txt", bytes(400_000)) for number in range(10)]
    unpacked = unpack(BOX, listed, tmp_path, Allowance(n_bytes=1_000_000))
    assert len(unpacked.members) == 2 and unpacked.stopped.reason == "too large"
    assert unpacked.warnings == (unpacked.stopped.message,)
    assert sum(path.stat().st_size for path in files_below(tmp_path)) == 800_000


def test_the_number_of_members_has_a_limit(tmp_path):
    unpacked = unpack(BOX, (packed(f"{number}.txt") for number in range(10**9)), tmp_path, Allowance(files=5))
    assert len(unpacked.members) == 5 and unpacked.stopped.reason == "too large"


def test_unpacking_has_a_time_limit(tmp_path):
    def slowly():
        yield packed("first.txt")
        while True:
            time.sleep(0.01)
            yield packed("foreign.mp3")

    started = time.monotonic()
    unpacked = unpack(BOX, slowly(), tmp_path, Allowance(seconds=0.2))
    assert ([member.name for member in unpacked.members], unpacked.stopped.reason) == (["first.txt"], "too large")
    assert "too long" in unpacked.warnings[0]
    unpacked = unpack(BOX, [Packed("a.txt", lambda: Endless(0.05))], tmp_path, Allowance(seconds=0.2))
    assert unpacked.members == () and unpacked.stopped.reason == "too large"
    assert time.monotonic() - started < 3
    assert {path.name for path in files_below(tmp_path)} == {"first.txt"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (unreadable("damaged", "Half of it is missing.", "Get it again."), "damaged"),
        (KeyError("internal"), "damaged"),
        (MemoryError(), "too large"),
    ],
)
def test_what_comes_before_the_damage_is_read(tmp_path, error, reason):
    def listing():
        yield packed("a.txt")
        raise error

    unpacked = unpack(BOX, listing(), tmp_path, Allowance())
    assert [member.name for member in unpacked.members] == ["a.txt"]
    assert unpacked.stopped.reason == reason
    assert unpacked.warnings == (unpacked.stopped.message,) and "internal" not in unpacked.warnings[0]


def test_whether_there_are_documents_inside():
    assert not holds_documents([])
    assert not holds_documents([packed("a.mp3"), packed(".a.txt")])
    assert holds_documents([packed("a.mp3"), packed("a.txt")])


def test_what_is_not_inside_is_not_taken_out(tmp_path):
    container = tmp_path / "a.txt"
    container.write_text("no container")
    with pytest.raises(Unreadable, match=r"b\.txt is no longer in a\.txt"):
        take_out(container, "b.txt", tmp_path)
