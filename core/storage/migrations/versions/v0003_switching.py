"""Switching encoders: the passages of the index that is being built beside the one that serves."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "next_documents",
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("text_hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "next_passages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("segment_id", sa.Integer, sa.ForeignKey("segments.id"), nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("place", sa.Text, nullable=False, server_default=""),
        sa.Column("hash", sa.LargeBinary),
    )
    op.create_index("next_passages_document", "next_passages", ["document_id"])
    op.create_index("next_passages_segment", "next_passages", ["segment_id"])
    op.create_index("next_passages_hash", "next_passages", ["hash"])
    op.create_index("shelf_segment", "shelf", ["segment_id"])
    # Whoever drops the segments that nothing uses leaves those of the index that is being built.
    op.execute(
        "CREATE TRIGGER segments_kept BEFORE DELETE ON segments "
        "WHEN EXISTS (SELECT 1 FROM next_passages WHERE segment_id = old.id) "
        "BEGIN SELECT RAISE(IGNORE); END"
    )


def downgrade() -> None:
    raise RuntimeError("Restore the copy that was made before the migration.")
