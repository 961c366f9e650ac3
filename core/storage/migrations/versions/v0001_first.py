"""The first schema: sources, documents, texts, passages, segments, and the full-text index of the passages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("meta", sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("path", sa.Text, nullable=False, unique=True),
        sa.Column("last_scan", sa.String),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("source_id", sa.Integer, sa.ForeignKey("sources.id"), nullable=False),
        sa.Column("path", sa.Text, nullable=False, unique=True),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("mtime_ns", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created", sa.String),
        sa.Column("pages", sa.Text, nullable=False),
        sa.Column("n_passages", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("remedy", sa.Text, nullable=False),
        sa.Column("scan", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("documents_source", "documents", ["source_id"])
    op.create_index("documents_hash", "documents", ["content_hash"])
    op.create_table(
        "texts",
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "segments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("file", sa.String, nullable=False, unique=True),
        sa.Column("n_passages", sa.Integer, nullable=False),
        sa.Column("n_vectors", sa.Integer, nullable=False),
        sa.Column("n_bytes", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "passages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("segment_id", sa.Integer, sa.ForeignKey("segments.id"), nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("passages_document", "passages", ["document_id"])
    op.create_index("passages_segment", "passages", ["segment_id"])
    op.execute(
        "CREATE VIRTUAL TABLE lexical USING fts5(context, text, content='passages', content_rowid='id', "
        "tokenize='porter unicode61 remove_diacritics 2')"
    )
    # Triggers keep the full-text index in the same transaction as the passages, whoever writes them.
    op.execute(
        "CREATE TRIGGER passages_added AFTER INSERT ON passages BEGIN "
        "INSERT INTO lexical(rowid, context, text) VALUES (new.id, new.context, new.text); END"
    )
    op.execute(
        "CREATE TRIGGER passages_removed AFTER DELETE ON passages BEGIN "
        "INSERT INTO lexical(lexical, rowid, context, text) "
        "VALUES ('delete', old.id, old.context, old.text); END"
    )


def downgrade() -> None:
    raise RuntimeError("There is nothing before the first schema.")
