"""`labeld doctor`: looks at everything that printing depends on, and says in a line each what to do."""
