"""Three receivers with different needs: a barrier, a VMS and a traffic centre.

    export BARRIER_PASSWORD=secret                      # the script takes it from the environment
    cammra-edge check examples/three_profiles.py
    cammra-edge replay RECORDING --config examples/three_profiles.py
    cammra-edge run examples/three_profiles.py          # plays RECORDING, named by CAMMRA_RECORDING

Addresses come from the environment, so that the script is the same on the bench and in the field.
"""

import os

from cammra_edge import (
    Device,
    Engine,
    HttpPost,
    ListEntry,
    ListMode,
    OutboxSettings,
    PlateList,
    Profile,
    Tcp,
    TrackingSettings,
    env,
)
from cammra_edge.recording import Recording

engine = Engine(
    device=Device(
        serial="B8A44F960ACE",
        model="AXIS Q1805-LE",
        ip="10.0.5.10",
        latitude=55.70421,
        longitude=13.19366,
        time_zone="Europe/Stockholm",
    ),
    profiles=[
        # The barrier opens for residents. It wants one sure answer, soon or not at all: after five
        # seconds the driver has pressed the button.
        Profile(
            "barrier",
            HttpPost(
                os.environ.get("BARRIER_URL", "http://10.0.5.223:8077/listener.php"),
                user="gate",
                password=env("BARRIER_PASSWORD"),
            ),
            device_id="GATE-1",
            events={"reliable"},
            directions={"in"},
            lists={"residents"},
            image="vehicle crop",
            two_images=True,
            expires_s={"reliable": 5.0},
        ),
        # The VMS draws an overlay while the vehicle is there: everything, at once, without pictures,
        # since it has video of its own.
        Profile(
            "vms",
            Tcp(os.environ.get("VMS_ADDRESS", "10.0.5.224:7001"), persistent=True),
            device_id="GATE-1",
            events={"new", "reliable", "update", "lost"},
            image=None,
            order="live_first",
            max_age_s=60.0,
        ),
        # The traffic centre counts: one record per vehicle, none lost, however long its line is down.
        Profile(
            "traffic centre",
            HttpPost(os.environ.get("CENTRE_URL", "http://10.0.5.225:8080/reads"), multipart=False),
            device_id="SITE-0042",
            events={"lost"},
            image="downsized frame",
            max_image_bytes=60_000,
            window=4,
        ),
    ],
    plate_lists=[
        PlateList(
            name="residents",
            mode=ListMode.ALLOW,
            entries=(ListEntry("TÖLSL123"), ListEntry("34A*", description="fleet")),
        )
    ],
    tracking=TrackingSettings(reliable_support=0.7, lost_after_s=5.0),
    outbox=OutboxSettings(durability="power", max_bytes=256 << 20),
)

source = (
    Recording.open(os.environ["CAMMRA_RECORDING"]) if "CAMMRA_RECORDING" in os.environ else None
)
