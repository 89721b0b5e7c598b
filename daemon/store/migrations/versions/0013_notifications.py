"""What TikTok's webhooks said, and how far its shops were polled."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("done_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("identity", name=op.f("uq_notifications_identity")),
    )
    op.create_index("ix_notifications_last_at", "notifications", ["last_at"], unique=False)
    op.create_index(
        "ix_notifications_waiting",
        "notifications",
        ["shop", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "polls",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("began", sa.Float(), nullable=False),
        sa.Column("reached", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("shop", name=op.f("pk_polls")),
    )
