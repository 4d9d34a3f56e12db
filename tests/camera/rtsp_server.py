"""An RTSP server for the tests: GStreamer's, run by the system's Python, which has its bindings.

    /usr/bin/python3 rtsp_server.py PORT FILM [USER PASSWORD]

Serves the film at /film, to each viewer from its beginning. Writes "ready" when it listens.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - versions are chosen before

VIEWER = "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"


def main() -> None:
    """Serve until killed."""
    port, film, *account = sys.argv[1:]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( filesrc location={film} ! qtdemux ! h264parse config-interval=-1"
        " ! rtph264pay name=pay0 pt=96 )"
    )
    if account:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(*account), token)
        server.set_auth(auth)
        factory.add_role_from_structure(Gst.Structure.new_from_string(VIEWER))
    server.get_mount_points().add_factory("/film", factory)
    if not server.attach(None):
        raise SystemExit("cannot listen")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


main()
