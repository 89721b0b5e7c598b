"""`labeld demo`: the whole path on one machine, with nothing to set up."""
