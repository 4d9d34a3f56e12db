"""Metrics as Prometheus reads them: the text format 0.0.4, and OpenMetrics 1.0.

https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/.
Held by `tests/delivery/test_metrics.py`, with the strict parsers of Prometheus' own client.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

PREFIX = "cammra_"
MOST_SAMPLES = 1000
"""Of one metric; what were more is left out, whoever has so many profiles."""


class TextFormat(Enum):
    """How metrics are written, and under which media type."""

    PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Kind(Enum):
    """What a metric is."""

    GAUGE = "gauge"
    COUNTER = "counter"
    SUMMARY = "summary"


@dataclass(slots=True)
class Family:
    """One metric: its head, and its samples in the order in which they were added.

    Args:
        name: With prefix and unit, without `_total`.
        kind: What it is.
        meaning: One sentence.
        samples: Labels and value of each.
    """

    name: str
    kind: Kind
    meaning: str
    samples: list[tuple[dict[str, str], float]] = field(default_factory=list)

    @property
    def sample_name(self) -> str:
        """What its samples are called."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name


class Exposition:
    """Gathers samples by metric, since all of one stand below its head.

    `labels` are put before those of each sample that is added.
    """

    def __init__(self) -> None:
        self.labels: dict[str, str] = {}
        self.families: dict[str, Family] = {}

    def gauge(self, name: str, meaning: str, value: float, **labels: str) -> None:
        """What goes up and down."""
        self._add(Kind.GAUGE, name, meaning, value, labels)

    def total(self, name: str, meaning: str, value: float, **labels: str) -> None:
        """What only goes up; its samples end in `_total`."""
        self._add(Kind.COUNTER, name, meaning, value, labels)

    def quantile(self, name: str, meaning: str, value: float, quantile: str) -> None:
        """One quantile of a summary."""
        self._add(Kind.SUMMARY, name, meaning, value, {"quantile": quantile})

    def state(self, name: str, meaning: str, states: type[Enum], now: Enum, label: str) -> None:
        """Which one of several words it is: 1 for that one, 0 for the others."""
        for one in states:
            self.gauge(name, meaning, one is now, **{label: str(one.value)})

    def _add(
        self, kind: Kind, name: str, meaning: str, value: float, labels: dict[str, str]
    ) -> None:
        family = self.families.setdefault(name, Family(PREFIX + name, kind, meaning))
        if len(family.samples) < MOST_SAMPLES:
            family.samples.append((self.labels | labels, value))

    def text(self, form: TextFormat = TextFormat.PROMETHEUS) -> str:
        """The page, ending in a line end."""
        is_open = form is TextFormat.OPENMETRICS
        lines: list[str] = []
        for family in self.families.values():
            head = family.name if is_open else family.sample_name
            lines += (
                f"# HELP {head} {_escaped(family.meaning, quote=is_open)}",
                f"# TYPE {head} {family.kind.value}",
            )
            lines += (_line(family.sample_name, *sample) for sample in family.samples)
        if is_open:
            lines.append("# EOF")
        return "".join(f"{line}\n" for line in lines)


def _line(name: str, labels: dict[str, str], value: float) -> str:
    inner = ",".join(f'{label}="{_escaped(text, quote=True)}"' for label, text in labels.items())
    return f"{name}{{{inner}}} {_number(value)}" if inner else f"{name} {_number(value)}"


def _number(value: float) -> str:
    if not isinstance(value, float):
        return str(int(value))
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _escaped(text: str, *, quote: bool) -> str:
    """A label's value, or a head's meaning; a lone surrogate is no UTF-8."""
    text = text.encode("utf-8", "replace").decode()
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quote else text


def wanted_format(accept: str) -> TextFormat:
    """The format that an `Accept` asks for: OpenMetrics where it is liked better, else the older text."""
    liked = {TextFormat.PROMETHEUS: 0.0, TextFormat.OPENMETRICS: 0.0}
    for part in accept.split(",")[:50]:
        kind, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = 1.0
        for name, _, value in (parameter.partition("=") for parameter in parameters):
            if name.strip() == "q":
                weight = _weight(value.strip())
        for form in TextFormat:
            if kind == form.value.partition(";")[0]:
                liked[form] = max(liked[form], weight)
    is_open = liked[TextFormat.OPENMETRICS] > liked[TextFormat.PROMETHEUS]
    return TextFormat.OPENMETRICS if is_open else TextFormat.PROMETHEUS


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
