"""Segments of version 2, with kinds of vectors and codecs: earlier versions of Rankscope must not write beside them."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No table changes: segments of version 1 are still read, and the manifest says what is written."""


def downgrade() -> None:
    raise RuntimeError("Restore the copy that was made before the migration.")
