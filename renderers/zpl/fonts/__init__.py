"""The fonts of a ZPL printer, fitted to its metrics."""
