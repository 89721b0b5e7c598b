"""Rolls of labels as they are counted down, and refused events that a person answered."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "rolls",
        sa.Column("printer", sa.Text(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("odometer", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("printer", name=op.f("pk_rolls")),
    )
    op.add_column("rejections", sa.Column("answer", sa.Text(), nullable=True))
