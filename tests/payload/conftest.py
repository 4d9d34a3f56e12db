"""A loaded machine must not fail a property: hypothesis' time limit per example is off."""

from hypothesis import settings

from tests.emulation import EMULATED

if not EMULATED:
    settings.register_profile("payload", deadline=None)
    settings.load_profile("payload")
