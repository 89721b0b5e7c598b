"""Learned profiles of printers, and more of the evidence of each attempt."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "profiles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.Float(), nullable=False),
        sa.Column("learned", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
    )
    op.create_index("ix_profiles_place", "profiles", ["place", "last_seen"], unique=False)
    op.add_column("attempts", sa.Column("state_before", sa.Text(), nullable=True))
    op.add_column("attempts", sa.Column("state_after", sa.Text(), nullable=True))
    op.add_column("attempts", sa.Column("sent_at", sa.Float(), nullable=True))
