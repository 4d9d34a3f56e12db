"""Backups: what the page and the outbox keep, in one file that another machine can take up."""

from cammra_edge.backup.restoring import Restored, restore
from cammra_edge.backup.saving import BackedUp, back_up

__all__ = ["BackedUp", "Restored", "back_up", "restore"]
