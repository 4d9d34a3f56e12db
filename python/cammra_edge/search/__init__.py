"""What people ask of the outbox's memory, and what they get: the same for the API, the page and the command line."""

from cammra_edge.search.answers import (
    erase_answer,
    erased_in,
    event_plain,
    found_plain,
    memory_answer,
    search_answer,
)
from cammra_edge.search.export import (
    MARK,
    SEPARATORS,
    csv_lines,
    exported,
    found_events,
    json_lines,
    safe_cell,
    together,
    zipped,
)
from cammra_edge.search.noted import Noted
from cammra_edge.search.words import Words, erasure_from, given_in, query_from

__all__ = [
    "MARK",
    "SEPARATORS",
    "Noted",
    "Words",
    "csv_lines",
    "erase_answer",
    "erased_in",
    "erasure_from",
    "event_plain",
    "exported",
    "found_events",
    "found_plain",
    "given_in",
    "json_lines",
    "memory_answer",
    "query_from",
    "safe_cell",
    "search_answer",
    "together",
    "zipped",
]
