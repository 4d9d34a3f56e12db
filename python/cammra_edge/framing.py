"""The framing door: bytes for the wire and the disk, put together in Rust.

`EventForm`, `crc32`, `multipart_body` and `json_with_images` are described in `_native.pyi`.
"""

from cammra_edge._native import EventForm, crc32, json_with_images, multipart_body

__all__ = ["EventForm", "crc32", "json_with_images", "multipart_body"]
