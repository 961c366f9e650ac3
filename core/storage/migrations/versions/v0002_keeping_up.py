"""Keeping up with folders: patterns and watching per source, files inside files, duplicates, and the shelf of removed
documents; a hash per passage, so that no text is encoded twice; places, and the layout to cut a text anew."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _columns(
        "sources",
        ("include", sa.Text, ""),
        ("exclude", sa.Text, ""),
        ("watch", sa.Integer, "1"),
        ("skipped", sa.Text, "{}"),
        ("removed_at", sa.String, None),
    )
    _columns(
        "documents",
        ("container", sa.Text, ""),
        ("duplicate_of", sa.Integer, None),
        ("removed_at", sa.String, None),
        ("kept", sa.Integer, "0"),
        ("note", sa.Text, ""),
    )
    _columns("texts", ("layout", sa.Text, ""))
    _columns("passages", ("place", sa.Text, ""), ("hash", sa.LargeBinary, None))
    op.create_index("documents_container", "documents", ["container"])
    op.create_index("documents_duplicate", "documents", ["duplicate_of"])
    op.create_index("documents_removed", "documents", ["removed_at"])
    op.create_table(
        "shelf",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("segment_id", sa.Integer, sa.ForeignKey("segments.id"), nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary),
    )
    op.create_index("shelf_document", "shelf", ["document_id"])
    op.create_index("shelf_hash", "shelf", ["hash"])
    _hash_passages()
    op.create_index("passages_hash", "passages", ["hash"])


def _columns(table: str, *added: tuple[str, type, str | None]) -> None:
    for name, kind, default in added:
        op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))


def _hash_passages() -> None:
    """As rankscope.core.ranking.passages.encoded_hash did when this migration was written."""
    connection = op.get_bind()
    rows = connection.exec_driver_sql("SELECT id, context, text FROM passages").fetchall()
    hashes = []
    for passage_id, context, text in rows:
        encoded = f"{context}\n{text}" if context else text
        hashes.append((hashlib.sha256(encoded.encode()).digest()[:16], passage_id))
    if hashes:
        connection.exec_driver_sql("UPDATE passages SET hash = ? WHERE id = ?", hashes)


def downgrade() -> None:
    raise RuntimeError("Restore the copy that was made before the migration.")
