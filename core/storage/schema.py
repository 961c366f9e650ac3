"""The tables of metadata.sqlite. Migrations in ``migrations/versions`` make them; this describes them to SQLAlchemy."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class PathText(TypeDecorator[str]):
    """A path as Python has it. Names that are not UTF-8 (surrogate escapes) are kept as bytes and round-trip."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return os.fsencode(value)
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return os.fsdecode(value) if isinstance(value, bytes) else value


metadata = MetaData()

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", PathText, nullable=False, unique=True),
    Column("last_scan", String),
    Column("include", Text, nullable=False, server_default=""),  # patterns, one per line
    Column("exclude", Text, nullable=False, server_default=""),
    Column("watch", Integer, nullable=False, server_default="1"),
    Column("skipped", Text, nullable=False, server_default="{}"),  # JSON: {suffix: files of kinds that nobody reads}
    Column("removed_at", String),
    sqlite_autoincrement=True,
)

documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, ForeignKey("sources.id"), nullable=False),
    Column("path", PathText, nullable=False, unique=True),
    Column("format", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created", String),
    Column("pages", Text, nullable=False),  # JSON: [[number, start, end, width, height], ...]
    Column("n_passages", Integer, nullable=False),
    Column("reason", String, nullable=False),  # empty when indexed
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("scan", Integer, nullable=False),  # the last scan that saw the file
    Column("container", PathText, nullable=False, server_default=""),  # the file on disk that this one lies in
    Column("duplicate_of", Integer),  # the document of the same bytes that has the passages
    Column("removed_at", String),  # set: its passages lie on the shelf
    Column("kept", Integer, nullable=False, server_default="0"),  # 1: brought back although its file is gone
    Column("note", Text, nullable=False, server_default=""),  # what was left out when it was read
    Index("documents_source", "source_id"),
    Index("documents_hash", "content_hash"),
    Index("documents_container", "container"),
    Index("documents_duplicate", "duplicate_of"),
    Index("documents_removed", "removed_at"),
    sqlite_autoincrement=True,
)

texts = Table(
    "texts",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("layout", Text, nullable=False, server_default=""),  # JSON: headings and marks, to cut it anew
)

segments = Table(
    "segments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("file", String, nullable=False, unique=True),
    Column("n_passages", Integer, nullable=False),
    Column("n_vectors", Integer, nullable=False),
    Column("n_bytes", Integer, nullable=False),
    Column("sha256", String, nullable=False),
    sqlite_autoincrement=True,
)


def _passage_columns() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True),
        Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
        Column("start", Integer, nullable=False),
        Column("end", Integer, nullable=False),
        Column("page", Integer),
        Column("context", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("segment_id", Integer, ForeignKey("segments.id"), nullable=False),
        Column("row", Integer, nullable=False),
        Column("place", Text, nullable=False, server_default=""),
        Column("hash", LargeBinary),  # of what the encoder reads; passages of the same hash share their vectors
    ]


passages = Table(
    "passages",
    metadata,
    *_passage_columns(),
    Index("passages_document", "document_id"),
    Index("passages_segment", "segment_id"),
    Index("passages_hash", "hash"),
    sqlite_autoincrement=True,
)

# The passages of removed documents: out of every index, but not yet gone. Same ids, same columns.
shelf = Table(
    "shelf",
    metadata,
    *_passage_columns(),
    Index("shelf_document", "document_id"),
    Index("shelf_hash", "hash"),
)

Index("shelf_segment", shelf.c.segment_id)

# The index that is being built beside this one with another encoder, see rankscope.core.switching: the documents that
# are in it (with a hash of what was cut), and their passages. A trigger keeps the segments that it uses.
next_documents = Table(
    "next_documents",
    metadata,
    Column("document_id", Integer, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("text_hash", LargeBinary, nullable=False),
)

next_passages = Table(
    "next_passages",
    metadata,
    *_passage_columns(),
    Index("next_passages_document", "document_id"),
    Index("next_passages_segment", "segment_id"),
    Index("next_passages_hash", "hash"),
)
