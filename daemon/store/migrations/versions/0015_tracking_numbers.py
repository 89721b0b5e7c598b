"""Tracking numbers as they are compared from now on: without blanks, dashes and small letters.

Names of carriers and stock need no such step: they are made alike whenever they are compared.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

# Alembic loads this file by its path, which no relative name begins at
from labeld.daemon.normal import tracking_number

revision = "0015"
down_revision = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_JOBS = sa.table("jobs", sa.column("id", sa.String), sa.column("tracking_number", sa.Text))


def upgrade() -> None:
    """Apply this step."""
    connection = op.get_bind()
    kept = connection.execute(sa.select(_JOBS).where(_JOBS.c.tracking_number.is_not(None))).all()
    change = sa.update(_JOBS).where(_JOBS.c.id == sa.bindparam("job"))
    changed = [
        {"job": job_id, "tracking_number": number}
        for job_id, before in kept
        if (number := tracking_number(before)) != before
    ]
    if changed:
        connection.execute(change, changed)
