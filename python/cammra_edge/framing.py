"""The framing door: bytes for the wire and the disk, put together in Rust.

`EventForm`, `HttpAnswer`, `crc32` and `multipart_body` are described in `_native.pyi`.
"""

from cammra_edge._native import EventForm, HttpAnswer, crc32, multipart_body

__all__ = ["EventForm", "HttpAnswer", "crc32", "multipart_body"]
