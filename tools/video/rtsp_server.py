"""An RTSP server in the place of a camera: GStreamer's, run by the system's Python, which has its bindings.

    /usr/bin/python3 rtsp_server.py PORT FILM [USER PASSWORD]

Serves the H.264 film at /film, to each viewer from its beginning. Writes "ready" when it listens. Where a part of
GStreamer is missing it says how to install it, and ends with `MISSING`.
"""

import sys

PACKAGES = {
    "qtdemux": "gstreamer1.0-plugins-good",
    "rtph264pay": "gstreamer1.0-plugins-good",
    "h264parse": "gstreamer1.0-plugins-bad",
}
"""What is needed of GStreamer, and Debian's package of it."""
MISSING = 3
VIEWER = "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"


def stop(packages: list[str]) -> None:
    """Say what is to be installed, and end."""
    sys.stderr.write(f"apt-get install {' '.join(dict.fromkeys(packages))}\n")
    raise SystemExit(MISSING)


try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
except (ImportError, ValueError):
    stop(["python3-gi", "gir1.2-gst-rtsp-server-1.0", *PACKAGES.values()])


def main() -> None:
    """Serve until killed."""
    port, film, *account = sys.argv[1:]
    Gst.init(None)
    stop_without(PACKAGES)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f'( filesrc location="{film}" ! qtdemux ! h264parse config-interval=-1'
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


def stop_without(packages: dict[str, str]) -> None:
    """End where GStreamer lacks one of these."""
    lacking = [packages[name] for name in packages if Gst.ElementFactory.find(name) is None]
    if lacking:
        stop(lacking)


main()
