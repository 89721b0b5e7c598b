"""Since when a label waits and a printer cannot print, and why labeld paused one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this step."""
    op.add_column("jobs", sa.Column("waits_since", sa.Float(), nullable=True))
    op.add_column("pauses", sa.Column("because", sa.Text(), nullable=True))
    op.create_table(
        "ables",
        sa.Column("printer", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("printer", name=op.f("pk_ables")),
    )
