"""A loaded machine must not fail a property: hypothesis' time limit per example is off here."""

from hypothesis import settings

settings.register_profile("payload", deadline=None)
settings.load_profile("payload")
