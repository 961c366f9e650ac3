"""Spreadsheets: rows as lines, values as people see them, where each row stands; xlsx, xls and ods alike."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter
from office_files import LAUGHS, changed, flip_middle, headings, places, reason, with_entity, write_zip

from rankscope.core.documents.readers import xlsx
from rankscope.core.documents.readers.xlsx import read

TABLE = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Costs">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)


@pytest.fixture
def make(tmp_path):
    """Workbooks by a function that fills them."""

    def workbook(fill, **options):
        path = tmp_path / "book.xlsx"
        book = xlsxwriter.Workbook(path, options)
        fill(book)
        book.close()
        return path

    return workbook


def two_sheets(book):
    sheet = book.add_worksheet("Costs")
    sheet.write_row("B3", ["Part", "Cost"])
    sheet.write_row("B5", ["Blade", 5])
    sheet.write("C6", "only here")
    book.add_worksheet("Empty")
    book.add_worksheet("Old data").write("A1", "x")
    book.set_properties({"title": "Wind", "author": "Ada", "created": datetime(2024, 3, 1, 12, 30)})


def ods(tmp_path, rows, **members):
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = members.get("manifest", "<manifest/>")
    return write_zip(
        tmp_path / "book.ods",
        {"mimetype": mimetype, "content.xml": TABLE.format(rows), "META-INF/manifest.xml": manifest},
    )


def test_rows_sheets_marks_and_properties(make):
    extraction = read(make(two_sheets))
    assert extraction.text == "Costs\nPart\tCost\nBlade\t5\nonly here\n\nOld data\nx"
    assert headings(extraction) == [("Costs", 1), ("Old data", 1)]
    assert places(extraction) == {
        "Costs!B3": "Costs",
        "Costs!B5": "Blade\t5",
        "Costs!C6": "only here",
        "Old data!A1": "Old data",
    }
    assert (extraction.title, extraction.author, extraction.created) == ("Wind", "Ada", "2024-03-01T12:30:00")
    assert (extraction.format, extraction.warnings) == ("xlsx", ())


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (5, "", "5"),
        (0.1 + 0.2, "", "0.3"),
        (-1.5, "", "-1.5"),
        (123456789012, "", "123456789012"),
        (True, "", "TRUE"),
        (False, "", "FALSE"),
        (date(2024, 3, 1), "yyyy-mm-dd", "2024-03-01"),
        (datetime(2024, 3, 1, 12, 30, 5), "d/m/yy hh:mm", "2024-03-01 12:30:05"),
        (time(12, 30), "hh:mm", "12:30:00"),
        (timedelta(hours=30, minutes=5), "[h]:mm", "30:05:00"),
        ("two\nlines", "", "two lines"),
        ("  kept apart \r\n\r\n too", "", "  kept apart too"),
        ("日本 😀", "", "日本 😀"),
    ],
)
def test_values_as_people_see_them(make, value, number_format, text):
    def fill(book):
        options = [book.add_format({"num_format": number_format})] if number_format else []
        book.add_worksheet("S").write("A1", value, *options)

    assert read(make(fill)).text == f"S\n{text}"


def test_columns_of_mixed_types(make):
    rows = [["name", 1, True], ["", 2.5, "text"], [3, "", False]]

    def fill(book):
        sheet = book.add_worksheet("S")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    extraction = read(make(fill))
    assert extraction.text == "S\nname\t1\tTRUE\n2.5\ttext\n3\t\tFALSE"
    assert places(extraction)["S!B2"] == "2.5\ttext"


def test_values_instead_of_formulas_and_merged_cells_once(make):
    def fill(book):
        sheet = book.add_worksheet("S")
        sheet.write_formula("A1", "=SUM(B1:B9)", None, 42)
        sheet.merge_range("A2:C2", "merged")

    assert read(make(fill)).text == "S\n42\nmerged"


def test_comments_shapes_and_charts_follow_their_sheet(make):
    def fill(book):
        sheet = book.add_worksheet("S")
        sheet.write("A1", 7)
        sheet.write_comment("B2", "Why?", {"author": "Ada"})
        sheet.insert_textbox("D4", "In a box")
        chart = book.add_chart({"type": "column"})
        chart.set_title({"name": "Harvest"})
        chart.add_series({"values": "=S!$A$1:$A$1"})
        sheet.insert_chart("F1", chart)

    extraction = read(make(fill))
    assert extraction.text == "S\n7\nComment: Ada: Why?\nIn a box\nHarvest"
    assert places(extraction) == {"S!A1": "S", "S!B2": "Comment: Ada: Why?", "S": "Harvest"}


def test_hidden_sheets_are_read_and_said(make):
    def fill(book):
        book.add_worksheet("Open").write("A1", "a")
        hidden = book.add_worksheet("Secret")
        hidden.write("A1", "b")
        hidden.hide()

    extraction = read(make(fill))
    assert extraction.text == "Open\na\n\nSecret\nb"
    assert extraction.warnings == ("The sheet “Secret” is hidden, and read all the same.",)


def test_a_sheet_whose_cells_lie_far_apart_costs_only_itself(make):
    def wide(book):
        sheet = book.add_worksheet("Wide")
        sheet.write("A1", "a")
        sheet.write("XFD100000", "z")

    def fill(book):
        wide(book)
        book.add_worksheet("Other").write("A1", "b")

    assert reason(read, make(wide)) == "too large"
    extraction = read(make(fill))
    assert extraction.text == "Other\nb"
    assert extraction.warnings == ("The sheet “Wide” is left out: its cells lie too far apart to be kept in memory.",)


@pytest.mark.parametrize(
    ("cells", "too_large"),
    [(("A1000000", "ZZ1"), True), (("XFD9999",), True), (("A100001",), False), (("AAA1",), False), (("ZZ99",), False)],
)
def test_it_is_the_rectangle_around_all_cells_that_may_be_too_large(make, cells, too_large):
    def fill(book):
        sheet = book.add_worksheet("Far")
        for cell in cells:
            sheet.write(cell, "z")

    if too_large:
        assert reason(read, make(fill)) == "too large"
    else:
        assert read(make(fill)).text == "Far\nz"


def test_very_large_workbooks_are_read_up_to_a_limit(make, monkeypatch):
    monkeypatch.setattr(xlsx, "MAX_CHARACTERS", 20_000)

    def fill(book):
        sheet = book.add_worksheet("S")
        for row in range(12_000):
            sheet.write(row, 0, f"row {row:05d}")
        book.add_worksheet("T").write("A1", "left out")

    extraction = read(make(fill, constant_memory=True))
    assert 20_000 <= len(extraction.text) < 60_000
    assert len(extraction.warnings) == 2
    assert extraction.warnings[0].startswith("The sheet “S” is read only as far as S!A")
    assert extraction.warnings[1] == "The sheet “T” is left out: the workbook is too large."


def test_open_document_sheets(tmp_path):
    cell = '<table:table-cell office:value-type="{}" office:{}><text:p>{}</text:p></table:table-cell>'
    rows = (
        "<table:table-row>"
        + cell.format("string", 'string-value="Blade"', "Blade")
        + cell.format("percentage", 'value="0.25"', "25 %")
        + cell.format("date", 'date-value="2024-03-01"', "01.03.24")
        + cell.format("time", 'time-value="PT30H05M00S"', "30:05")
        + cell.format("boolean", 'boolean-value="true"', "WAHR")
        + '</table:table-row><table:table-row table:number-rows-repeated="1048570"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    extraction = read(ods(tmp_path, rows))
    assert extraction.text == "Costs\nBlade\t0.25\t2024-03-01\t30:05:00\tTRUE"
    assert (extraction.format, places(extraction)) == ("ods", {"Costs!A1": "Costs"})


def test_open_document_bombs_and_protection(tmp_path):
    full = '<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{full}</table:table-row>'
    assert reason(read, ods(tmp_path, row)) == "damaged"
    assert reason(read, ods(tmp_path, "", manifest="<m><encryption-data/></m>")) == "encrypted"


def test_damage_bombs_and_entities(make):
    path = make(two_sheets)
    whole = path.read_bytes()
    extraction = read(changed(path, lambda name, content: content[:99] if name.endswith("sheet1.xml") else content))
    assert extraction.text == "Old data\nx"
    assert extraction.warnings == ("The sheet “Costs” is damaged, and left out.",)
    path.write_bytes(whole)
    assert reason(read, flip_middle(path, "xl/workbook.xml")) == "damaged"
    path.write_bytes(whole)
    assert reason(read, changed(path, with_entity("xl/sharedStrings.xml", b"<t>Part", LAUGHS))) == "damaged"
    path.write_bytes(whole)
    assert (
        reason(read, changed(path, lambda _, content: content.replace(b'uniqueCount="', b'uniqueCount="9999999999')))
        == "damaged"
    )
    path.write_bytes(whole)
    changed(path, lambda name, content: b" " * 50_000_000 if name == "xl/styles.xml" else content)
    assert reason(read, path) == "too large"


def test_all_workbooks_of_the_collection(shared_data):
    folder = shared_data / "docs" / "office-zoo-unstructured"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    formats = {path.name: read(path).format for path in (*folder.glob("*.xlsx"), *folder.glob("*.xls"))}
    assert len(formats) >= 7
    assert all(name.endswith(f".{format}") for name, format in formats.items())
