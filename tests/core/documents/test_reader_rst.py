"""reStructuredText: the words without their marks, each on the line where it was."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.documents.readers.rst import read

SOURCE = """\
=====
Guide
=====

:Author: Ada Lovelace <ada@example.org>
:Date: 2024-03-01

.. A comment
   of two lines

.. _intro:

First *things*
--------------

See :pep:`8`, :rfc:`2119`, :func:`~os.path.join`, `the
site <https://example.org>`_ and Python_ [1]_. Use ``x * y * z`` and **bold**;
2\\ :sup:`16`, |name|, :ref:`the start <intro>`, 5 * 3 * 2 and snake_case_.

Example::

    .. note:: not *read* as marks
    Title
    -----

Deeper
~~~~~~

.. note:: Mind *this*.
   And this.

.. code-block:: python
   :linenos:

   def f(*args): return `1`

.. unknown-thing:: Argument
   :option: value

   Content with ``marks``.

.. image:: picture.png
   :alt: A turbine at sea

+------+-----+
| City | No. |
+======+=====+
| Graz | *3* |
+------+-----+

====  =====
Key   Value
====  =====
a     ``1``
====  =====

| A line
| of verse

:param x: the number

.. |name| replace:: Rankscope
.. _Python: https://www.python.org
.. [1] A *note*.

Second
------
"""


def write(tmp_path, text, name="file.rst"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def headings(extraction):
    return [(extraction.text[h.start : h.end], h.level) for h in extraction.headings]


def test_marks_go_and_lines_stay(tmp_path):
    extraction = read(write(tmp_path, SOURCE))
    lines = extraction.text.split("\n")
    source = SOURCE.split("\n")
    assert len(lines) == len(source)
    for word in ("Guide", "First", "Mind", "Content", "Graz", "Second"):
        assert next(n for n, line in enumerate(lines) if word in line) == next(
            n for n, line in enumerate(source) if word in line
        )
    assert extraction.numbered_lines
    kept = [line for line in lines if line]
    assert kept == [
        "Guide",
        "Author: Ada Lovelace <ada@example.org>",
        "Date: 2024-03-01",
        "First things",
        "See PEP 8, RFC 2119, join, the",
        "site and Python [1]. Use x * y * z and bold;",
        "2^16, Rankscope, the start, 5 * 3 * 2 and snake_case_.",
        "Example:",
        "    .. note:: not *read* as marks",
        "    Title",
        "    -----",
        "Deeper",
        "Note: Mind this.",
        "   And this.",
        "   def f(*args): return `1`",
        "Unknown thing: Argument",
        "   Content with marks.",
        "A turbine at sea",
        "City\tNo.",
        "Graz\t3",
        "Key\tValue",
        "a\t1",
        "  A line",
        "  of verse",
        "param x: the number",
        "Python: https://www.python.org",
        "[1] A note.",
        "Second",
    ]


def test_headings_and_properties(tmp_path):
    extraction = read(write(tmp_path, SOURCE))
    assert headings(extraction) == [("Guide", 1), ("First things", 2), ("Deeper", 3), ("Second", 2)]
    assert (extraction.title, extraction.author, extraction.created) == ("Guide", "Ada Lovelace", "2024-03-01")
    assert extraction.format == "rst"


def test_the_head_of_a_proposal_for_python(tmp_path):
    head = "PEP: 8\nTitle: Style Guide\nAuthor: Ada <ada@example.org>,\n        Bo <bo@example.org>\nCreated: 05-Jul-2001\n"
    extraction = read(write(tmp_path, head + "\nIntroduction\n============\n\nText.\n"))
    assert extraction.title == "PEP 8 – Style Guide"
    assert (extraction.author, extraction.created) == ("Ada, Bo", "2001-07-05")
    assert extraction.text.startswith("PEP: 8\nTitle: Style Guide\n")


def test_no_proposal_loses_words_or_lines(shared_data):
    folder = shared_data / "docs" / "peps"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    for path in sorted(folder.glob("*.rst"))[::10]:
        source = path.read_text(encoding="utf-8")
        extraction = read(path)
        assert extraction.text.count("\n") == source.count("\n"), path.name
        assert extraction.title and extraction.author and extraction.created, path.name
        before, after = (len(re.findall(r"\w+", text)) for text in (source, extraction.text))
        assert after > 0.75 * before, path.name


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab *`_|:.\\=-+\n[]<>#~", max_size=150))
def test_lines_stay_lines_whatever_the_source(tmp_path_factory, source):
    extraction = read(write(tmp_path_factory.mktemp("rst"), source))
    assert extraction.text.count("\n") == source.count("\n")
    for heading in extraction.headings:
        line = extraction.text[heading.start : heading.end]
        assert line and "\n" not in line


@pytest.mark.parametrize(
    "source",
    [
        "`" * 200_000,
        "*a " * 100_000,
        "a_ " * 100_000,
        ":a:`" * 50_000,
        ".. " * 100_000,
        "ab\n==\n\n" * 40_000,
        "|a|\n" * 50_000,
    ],
)
def test_hostile_marks_take_no_long_time(tmp_path, source):
    started = time.perf_counter()
    read(write(tmp_path, source))
    assert time.perf_counter() - started < 10
