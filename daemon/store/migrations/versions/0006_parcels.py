"""Once per parcel, notices of what was canceled, and numbered reprints."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Apply this step."""
    for name in ("rival", "reprint_of"):
        # in SQL, for Alembic adds no constraint to a table of SQLite's
        op.execute(f"ALTER TABLE jobs ADD COLUMN {name} VARCHAR(36) CONSTRAINT fk_jobs_{name} REFERENCES jobs (id)")
    op.add_column("jobs", sa.Column("withdrawn", sa.String(length=20), nullable=True))
    op.add_column("jobs", sa.Column("reprint", sa.Integer(), nullable=True))
    for name in ("rival", "withdrawn", "reprint_of"):
        op.create_index(f"ix_jobs_{name}", "jobs", [name], unique=False)
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_orders_job_id")),
        sa.PrimaryKeyConstraint("order_id", "job_id", name=op.f("pk_orders")),
    )
    op.execute(
        "INSERT OR IGNORE INTO orders (order_id, job_id) SELECT json_each.value, jobs.id FROM jobs,"
        " json_each(jobs.order_ids)"
    )
    op.create_table(
        "aliases",
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_aliases_job_id")),
        sa.PrimaryKeyConstraint("event_key", name=op.f("pk_aliases")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("shop_id", sa.Text(), nullable=True),
        sa.Column("package_ids", sa.JSON(), nullable=False),
        sa.Column("order_ids", sa.JSON(), nullable=False),
        sa.Column("replaced_by", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("identity", name=op.f("uq_notices_identity")),
    )
    op.create_table(
        "notice_numbers",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_numbers_notice_id")),
        sa.PrimaryKeyConstraint("number", "what", "notice_id", name=op.f("pk_notice_numbers")),
    )
