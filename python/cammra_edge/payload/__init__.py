"""Pure renderers: an event and a profile become the bytes that a receiver gets."""
