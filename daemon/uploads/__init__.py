"""Merged files that a person uploads: read page by page, shown, and made jobs when he says so."""
