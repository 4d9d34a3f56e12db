"""Holds `docs/design/extending.md`: adds a toy of everything that page tells how to add, and forgets each file once."""
