"""Printers that announce themselves: heard, asked who they are, and adopted."""
