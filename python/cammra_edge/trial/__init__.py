"""Test of one profile, step by step, through its real payload and sink.

`trial` sends one event that is marked as a test, with a picture of our own, past the queue and without
touching another profile. Every failing step says in one sentence what to do.
"""

from cammra_edge.trial.step import Step
from cammra_edge.trial.steps import trial

__all__ = ["Step", "trial"]
