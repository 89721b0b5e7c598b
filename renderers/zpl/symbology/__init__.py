"""Barcodes as ZPL asks for them, in whole device dots."""
