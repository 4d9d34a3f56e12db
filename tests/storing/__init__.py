"""The bytes of the outbox's log."""
