"""What a plate recogniser looks like to this package, and help for those that do not track.

`Recogniser` is all that an adapter has to be. The engine wants one number per vehicle from frame to
frame; a recogniser that only finds plates gets it from `PlateFollower`.
"""

from cammra_edge.recogniser.follow import PlateFollower, vehicle_around
from cammra_edge.recogniser.protocol import Recogniser

__all__ = ["PlateFollower", "Recogniser", "vehicle_around"]
