"""The framing door: bytes for the wire, put together in Rust.

`EventForm`, `multipart_body` and `json_with_images` are described in `_native.pyi`.
"""

from cammra_edge._native import EventForm, json_with_images, multipart_body

__all__ = ["EventForm", "json_with_images", "multipart_body"]
