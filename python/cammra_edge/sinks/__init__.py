"""Transports: each takes a rendered message to one receiver and says what became of it."""
