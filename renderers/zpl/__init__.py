"""ZPL II: split it into commands, screen them, draw what can be drawn, write labels of dots."""
