"""Does the metadata agree with itself? What SQLite can tell, and what only we know of our tables.

SQLite keeps no checksum of its pages. A flipped bit is found where it breaks the file's structure, where a text is no
longer UTF-8, or where two places say the same and now differ: a passage against the stretch of its text and against
its hash, a number of passages against the passages, an index against its table, the full-text index against the
passages, a segment's sizes and checksum against its file, the manifest against its copy. A bit that turns one valid
value into another that nothing repeats is not found: in a title, an author, a date, a size, a message, a source's
patterns, the headings of a text, the white space between passages, and the number of a passage's vectors where no other
passage has that number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, String, Text

from rankscope.core.documents.places import Places
from rankscope.core.errors import WorkspaceError
from rankscope.core.indexes import lexical
from rankscope.core.ranking.passages import encoded_hash
from rankscope.core.storage import schema
from rankscope.core.storage.database import Database
from rankscope.core.storage.tables import tables_are_ours
from rankscope.core.stored_text import stored_extraction


class Cure(Enum):
    """What repairs a flaw."""

    READ_AGAIN = "read again"  # the documents' files are read anew
    FORGET = "forget"  # the documents' rows go; if their files are there, they are found as new
    ORPHANS = "orphans"  # rows without a document are deleted
    SWITCH = "switch"  # the unfinished index beside this one is dropped
    REINDEX = "reindex"  # SQLite builds its indexes anew
    FULL_TEXT = "full text"  # the full-text index is built anew
    COUNTER = "counter"  # the counter of changes begins anew
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that does not fit. ``documents`` are the ids that are affected, where the cure needs them."""

    problem: str
    cure: Cure
    documents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Document:
    """The text of a document, and where what stands in it; None for one from before layouts were kept."""

    text: str
    places: Places | None


_INDEX_ONLY = re.compile(r"^(row \d+ missing from index|wrong # of entries in index|non-unique entry in index) ")
_FULL_TEXT = re.compile(r"\blexical\b|fts5", re.IGNORECASE)


def every_flaw(database: Database) -> list[Flaw]:
    """All that is wrong with the metadata. Raises WorkspaceError when SQLite cannot even read it."""
    with database.read() as connection:
        broken = structure(connection)
        if broken is not None:
            return [broken]
        found = flaws(connection)
    problem = "" if any(flaw.cure is Cure.NONE for flaw in found) else full_text_problem(database)
    if problem:
        found.append(Flaw("The full-text index does not fit the passages.", Cure.FULL_TEXT))
    return found


def full_text_problem(database: Database) -> str:
    """SQLite's own check of the full-text index. It counts as writing: beside a writer or on a read-only disk it
    cannot run, and that is no damage."""
    try:
        with database.write() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA busy_timeout = 500")
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                problem = lexical.check(connection)
            finally:
                connection.exec_driver_sql("PRAGMA busy_timeout = 30000")
    except WorkspaceError:
        return ""
    return "" if any(word in problem for word in ("locked", "readonly")) else problem


def structure(connection: Connection) -> Flaw | None:
    """What is wrong with the file itself or its tables; not what is wrong with the full-text index."""
    rows = connection.exec_driver_sql("SELECT CAST(integrity_check AS BLOB) FROM pragma_integrity_check(100)")
    said = [bytes(row[0]).decode("utf-8", "replace") for row in rows]
    said = [line for line in said if line != "ok" and not _FULL_TEXT.search(line)]
    if not said:
        return None if tables_are_ours(connection) else Flaw("Its tables are not those of a workspace.", Cure.NONE)
    cure = Cure.REINDEX if all(_INDEX_ONLY.match(line) for line in said) else Cure.NONE
    return Flaw(f"SQLite finds damage: {said[0].strip().splitlines()[0]}.", cure)


def flaws(connection: Connection) -> list[Flaw]:
    """Everything that does not fit in a file whose structure is whole."""
    found = list(_unreadable(connection))
    if any(flaw.cure is Cure.NONE for flaw in found):
        return found
    found += [*_orphans(connection), *_wrong_passages(connection)]
    for problem, cure, sql in _RULES:
        ids = tuple(row[0] for row in connection.exec_driver_sql(sql))
        if ids:
            found.append(Flaw(problem.format(n=len(ids)), cure, ids))
    found += _unfinished_switch(connection)
    found += _counter(connection)
    return found


_ROWS_OUTSIDE = (
    "SELECT DISTINCT p.document_id FROM {table} p LEFT JOIN segments s ON s.id = p.segment_id "
    "WHERE s.id IS NULL OR p.row < 0 OR p.row >= s.n_passages OR typeof(p.row) <> 'integer'"
)
_RULES = (
    (
        "{n} documents name vectors that no segment has.",
        Cure.READ_AGAIN,
        f"{_ROWS_OUTSIDE.format(table='passages')} UNION {_ROWS_OUTSIDE.format(table='shelf')}",
    ),
    (
        "{n} documents name the vectors of another text.",
        Cure.READ_AGAIN,
        "WITH every AS (SELECT document_id, segment_id, row, hash FROM passages "
        "UNION ALL SELECT document_id, segment_id, row, hash FROM shelf) "
        "SELECT DISTINCT document_id FROM every WHERE (segment_id, row) IN "
        "(SELECT segment_id, row FROM every GROUP BY segment_id, row HAVING count(DISTINCT hash) > 1)",
    ),
    (
        "{n} documents do not have the number of passages that they should have.",
        Cure.READ_AGAIN,
        "SELECT d.id FROM documents d LEFT JOIN (SELECT document_id, count(*) AS n FROM passages GROUP BY 1) p "
        "ON p.document_id = d.id LEFT JOIN (SELECT document_id, count(*) AS n FROM shelf GROUP BY 1) s "
        "ON s.document_id = d.id WHERE d.n_passages <> coalesce(p.n, 0) + coalesce(s.n, 0) "
        "OR (d.removed_at IS NULL AND s.n > 0) OR (d.removed_at IS NOT NULL AND p.n > 0) "
        "OR (d.n_passages > 0 AND (d.reason <> '' OR d.duplicate_of IS NOT NULL))",
    ),
    (
        "{n} documents are said to be copies of one that is not there or is another.",
        Cure.READ_AGAIN,
        "SELECT c.id FROM documents c LEFT JOIN documents o ON o.id = c.duplicate_of WHERE c.duplicate_of IS NOT NULL "
        "AND (o.id IS NULL OR o.duplicate_of IS NOT NULL OR "
        "(c.removed_at IS NULL AND (o.removed_at IS NOT NULL OR o.content_hash <> c.content_hash)))",
    ),
)


def _unreadable(connection: Connection) -> Iterator[Flaw]:
    """Texts that are no longer UTF-8; whoever reads their rows fails."""
    for table in (schema.documents, schema.sources, schema.segments, schema.meta):
        columns = [c.name for c in table.columns if isinstance(c.type, Text | String | schema.PathText)]
        key = next(iter(table.primary_key.columns)).name
        chosen = ", ".join(f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) END" for name in columns)
        rows = connection.exec_driver_sql(f"SELECT CAST({key} AS BLOB), {chosen} FROM {table.name}")
        bad = [row[0] for row in rows if any(_decoded(value) is None for value in row[1:] if value is not None)]
        if bad and table is schema.documents:
            yield Flaw(f"{len(bad)} documents have a text that cannot be read.", Cure.FORGET, tuple(map(int, bad)))
        elif bad:
            yield Flaw(f"{len(bad)} rows of “{table.name}” hold a text that cannot be read.", Cure.NONE)


def _orphans(connection: Connection) -> Iterator[Flaw]:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    owned = [row for row in broken if row[2] == "documents"]
    if owned:
        yield Flaw(f"{len(owned)} rows belong to documents that are gone.", Cure.ORPHANS)
    homeless = sum(row[2] == "sources" for row in broken)
    if homeless:  # nobody knows any longer which folder that was
        yield Flaw(f"{homeless} documents belong to a source that is gone.", Cure.NONE)


def _wrong_passages(connection: Connection) -> Iterator[Flaw]:
    """Passages that are not the text at their place, or not what was encoded."""
    for table, cure in (("passages", Cure.READ_AGAIN), ("shelf", Cure.READ_AGAIN), ("next_passages", Cure.SWITCH)):
        wrong = {row.document_id for row, document in _with_documents(connection, table) if not _fits(row, document)}
        if wrong:
            what = f"The passages of {len(wrong)} documents are not what their texts and layouts say."
            yield Flaw(what, cure, tuple(sorted(wrong)))


def _with_documents(connection: Connection, table: str) -> Iterator[tuple[Any, _Document | None]]:
    """The rows of a table of passages, each with its whole document; None for one that cannot be read."""
    rows = connection.exec_driver_sql(
        'SELECT document_id, start, "end" AS stop, page, CAST(place AS BLOB) AS place, '
        f"CAST(context AS BLOB) AS context, CAST(text AS BLOB) AS text, hash FROM {table} ORDER BY document_id"
    )
    current, document = None, None
    for row in rows:
        if row.document_id != current:
            current, document = row.document_id, _document(connection, row.document_id)
        yield row, document


def _document(connection: Connection, document_id: int) -> _Document | None:
    row = connection.exec_driver_sql(
        "SELECT CAST(d.pages AS BLOB), CAST(t.text AS BLOB), CAST(t.layout AS BLOB) FROM texts t "
        "JOIN documents d ON d.id = t.document_id WHERE t.document_id = ?",
        (document_id,),
    ).first()
    if row is None:
        return None
    pages, text, layout = (_decoded(value) for value in row)
    if pages is None or text is None or layout is None:
        return None
    try:
        extraction = stored_extraction("", pages, text, layout)
        return _Document(text, Places(extraction) if layout else None)
    except (ValueError, TypeError, AttributeError):
        return None


def _fits(row: Any, document: _Document | None) -> bool:
    context, text, place = _decoded(row.context), _decoded(row.text), _decoded(row.place)
    if document is None or context is None or text is None:
        return False
    try:
        if document.text[row.start : row.stop] != text or encoded_hash(context, text) != row.hash:
            return False
        where = document.places
        return where is None or (where.page(row.start), where.name(row.start)) == (row.page, place)
    except TypeError:  # a number that is none any more
        return False


def is_interrupted_making(connection: Connection, manifest: Path) -> bool:
    """Whether this is all that a kill left of making a workspace: nothing is in it, and its manifest was not written
    yet."""
    rows = connection.exec_driver_sql("SELECT 1 FROM sources UNION ALL SELECT 1 FROM documents LIMIT 1")
    return not manifest.exists() and rows.first() is None


def _unfinished_switch(connection: Connection) -> Iterator[Flaw]:
    """A switch of encoders that can go on is no flaw; what belongs to none is."""
    switching = connection.exec_driver_sql("SELECT CAST(value AS BLOB) FROM meta WHERE key = 'switching'").scalar()
    if switching is not None and _is_json(switching):
        ids = tuple(row[0] for row in connection.exec_driver_sql(_ROWS_OUTSIDE.format(table="next_passages")))
        if ids:
            yield Flaw("The unfinished index beside this one names vectors that no segment has.", Cure.SWITCH, ids)
        return
    left = connection.exec_driver_sql(
        "SELECT EXISTS (SELECT 1 FROM next_documents) OR EXISTS (SELECT 1 FROM next_passages)"
    ).scalar()
    if left or switching is not None:
        yield Flaw("An index that was begun beside this one belongs to no switch of encoders.", Cure.SWITCH)


def _counter(connection: Connection) -> Iterator[Flaw]:
    value = connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'generation'").scalar()
    if value is not None and not re.fullmatch(r"\d+\.\d+", str(value)):
        yield Flaw("The counter of changes cannot be read.", Cure.COUNTER)


def _decoded(value: Any) -> str | None:
    try:
        return bytes(value).decode("utf-8")
    except (UnicodeDecodeError, TypeError):
        return None


def _is_json(value: Any) -> bool:
    try:
        json.loads(value)
    except (ValueError, TypeError):
        return False
    return True
