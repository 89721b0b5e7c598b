"""Where label events come from; each source feeds `intake` and acknowledges after it."""
