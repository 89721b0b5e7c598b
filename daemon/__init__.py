"""The only event loop: label events in, jobs through the store, labels out, everybody told."""
