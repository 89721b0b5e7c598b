"""Figures for Prometheus: what happened is counted where it happens, what is so is asked when it is scraped."""
