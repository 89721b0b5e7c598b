"""Run by Alembic to upgrade the database whose URL `engine.migrate` passes."""

from alembic import context
from sqlalchemy import create_engine, pool

from labeld.daemon.store.schema import metadata

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
