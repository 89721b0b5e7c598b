"""The technicians' status page and the HTTP API."""
