"""`make run-video`: the whole way from a camera's stream to a receiver, on the demo's drawn scene.

The scene becomes an H.264 film, GStreamer's RTSP server sends it as a camera would, `VideoSource` opens that, RapidOCR
reads the plates, and a sheet shows what arrived. Tests serve their films by the same server.
"""
