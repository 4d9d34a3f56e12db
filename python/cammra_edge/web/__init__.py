"""The INTEGRATION page and its JSON API: `serve_page(engine)`."""

from cammra_edge.web.serve import serve_page

__all__ = ["serve_page"]
