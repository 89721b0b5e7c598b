"""Alembic's environment: how the database grew."""
