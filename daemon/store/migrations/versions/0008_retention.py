"""What is done with is removed by its age; lists of ended jobs and questions about printers need no scan."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_APPEND_ONLY = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
_GIVEN_UP = "EXISTS (SELECT 1 FROM jobs WHERE jobs.id = OLD.job_id AND jobs.removed = 'personal-data')"
_FOUND_BY = (("orders", "job_id"), ("aliases", "job_id"), ("notices", "last_at"), ("notice_numbers", "notice_id"))
_KEPT = ("id", "job_id", "at", "state", "reason")


def upgrade() -> None:
    """Apply this step."""
    op.add_column("jobs", sa.Column("removed", sa.String(length=20), nullable=True))
    op.create_index("ix_jobs_state", "jobs", ["state", "id"], unique=False)
    op.create_index("ix_jobs_printer", "jobs", ["printer", "state", "id"], unique=False)
    op.create_index("ix_jobs_removed", "jobs", ["removed", "id"], unique=False)
    op.create_index(
        "ix_attempts_unended", "attempts", ["printer"], unique=False, sqlite_where=sa.text("ended_at IS NULL")
    )
    op.create_index(
        "ix_attempts_counted",
        "attempts",
        ["printer", "serial"],
        unique=False,
        sqlite_where=sa.text("odometer_before IS NOT NULL"),
    )
    op.execute("ALTER TABLE outbox ADD COLUMN at FLOAT NOT NULL DEFAULT 0")
    op.execute("UPDATE outbox SET at = strftime('%s', 'now')")
    for table, column in _FOUND_BY:
        op.create_index(f"ix_{table}_{column}", table, [column], unique=False)
    op.create_index("ix_outbox_at", "outbox", ["at"], unique=False)
    op.execute(
        "CREATE TRIGGER jobs_removed BEFORE UPDATE OF removed ON jobs "
        "WHEN OLD.state NOT IN ('canceled', 'aborted', 'completed') "
        "BEGIN SELECT RAISE(ABORT, 'an open job keeps everything'); END"
    )
    # words may be emptied and lines deleted, but only of a job whose row says that this was done to it
    op.execute("DROP TRIGGER ledger_no_update")
    op.execute("DROP TRIGGER ledger_no_delete")
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _KEPT)
    op.execute(
        f"CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger "
        f"WHEN NEW.words <> '' OR {changed} OR NOT {_GIVEN_UP} {_APPEND_ONLY}"
    )
    op.execute(f"CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger WHEN NOT {_GIVEN_UP} {_APPEND_ONLY}")
