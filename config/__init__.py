"""TOML, environment and credentials in; frozen settings out."""
