"""A document's pages may be jobs of their own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this step."""
    # in SQL, for Alembic adds no constraint to a table of SQLite's
    op.execute("ALTER TABLE jobs ADD COLUMN part_of VARCHAR(36) CONSTRAINT fk_jobs_part_of REFERENCES jobs (id)")
    op.add_column("jobs", sa.Column("pages", sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("role", sa.String(length=20), nullable=True))
    op.create_index("ix_jobs_part_of", "jobs", ["part_of"], unique=False)
