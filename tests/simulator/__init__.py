"""A seeded world of vehicles, recognisers and trackers, and the judge of what is reported about it.

`traffic` has vehicles that drive through a picture, `noise` what a recogniser reads of them, `numbers` the track ids
that come with the reads, `drive` hands all of it to the native tracker, and `judge` compares what was said with what
was true; `bars` says how much of what there may be.
"""
