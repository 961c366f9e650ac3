"""Protected Office files: read with the right password, refused in words without it."""

from __future__ import annotations

import random

import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile
from office_files import reason

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.office_crypt import decrypted
from rankscope.core.documents.passwords import set_passwords
from rankscope.core.documents.readers.xlsx import read


@pytest.fixture(autouse=True)
def no_passwords():
    yield
    set_passwords(())


@pytest.fixture
def protect(tmp_path):
    """A workbook that is protected with this password."""

    def protected(password):
        plain, path = tmp_path / "plain.xlsx", tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(plain) as book:
            book.add_worksheet("S").write("A1", "inside")
        with plain.open("rb") as source, path.open("wb") as target:
            OOXMLFile(source).encrypt(password, target)
        return path

    return protected


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def test_the_password_that_fits_is_found_among_others(protect, folder):
    path = protect("sécret")
    set_passwords(("wrong", "", "sécret"))
    place = decrypted(path, folder)
    assert (place.parent, place.name) == (folder, "book.xlsx")
    assert read(place).text == "S\ninside"


@pytest.mark.parametrize("known", [(), ("",), ("wrong", "Secret")])
def test_without_it_the_file_says_that_it_needs_one(protect, folder, known):
    path = protect("secret")
    set_passwords(known)
    assert reason(lambda path: decrypted(path, folder), path) == "encrypted"


def test_excels_own_password_needs_not_be_known(protect, folder):
    assert read(decrypted(protect("VelvetSweatshop"), folder)).text == "S\ninside"


def test_damaged_protection_is_named(protect, folder):
    path = protect("secret")
    set_passwords(("secret",))
    whole, chance = path.read_bytes(), random.Random(7)
    for _ in range(15):
        data = bytearray(whole)
        for _ in range(4):
            data[chance.randrange(len(data))] ^= 255
        path.write_bytes(data[: chance.randrange(600, len(data))])
        try:
            decrypted(path, folder)
        except Unreadable as error:
            assert error.failure.reason in ("damaged", "encrypted")


def test_a_real_protected_workbook(shared_data, folder):
    path = shared_data / "broken" / "unstructured" / "password_protected.xlsx"
    if not path.is_file():
        pytest.skip(f"no {path}")
    set_passwords(("wrong",))
    assert reason(lambda path: decrypted(path, folder), path) == "encrypted"
