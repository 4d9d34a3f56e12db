"""The framing door: bytes for the wire and the disk, put together in Rust.

`EventForm`, `crc32` and `multipart_body` are described in `_native.pyi`.
"""

from cammra_edge._native import EventForm, crc32, multipart_body

__all__ = ["EventForm", "crc32", "multipart_body"]
