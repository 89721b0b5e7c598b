"""What other label software posts, made a label event (docs/integrations.md)."""
