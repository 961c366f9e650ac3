"""A trace as a picture: which stage stands where, what flows between them, and when each one ran. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass

from rankscope.core.api import StageTrace, Trace


@dataclass(frozen=True, slots=True)
class Place:
    """A stage's place: ``level`` counts from the left, ``lane`` from the top, of ``lanes`` on this level."""

    stage: StageTrace
    level: int
    lane: int
    lanes: int


@dataclass(frozen=True, slots=True)
class Span:
    """When something ran, in milliseconds from the start. ``stage`` is its name, "" for what is no stage."""

    title: str
    stage: str
    start: float
    ms: float


def place_stages(trace: Trace) -> tuple[Place, ...]:
    """The stages from left to right: one level behind the farthest of their inputs."""
    level: dict[str, int] = {}
    for stage in trace.stages:
        level[stage.name] = max((level[name] + 1 for name in stage.inputs if name in level), default=0)
    lanes: dict[int, int] = {}
    for found in level.values():
        lanes[found] = lanes.get(found, 0) + 1
    used: dict[int, int] = {}
    places = []
    for stage in trace.stages:
        at = level[stage.name]
        places.append(Place(stage, at, used.get(at, 0), lanes[at]))
        used[at] = used.get(at, 0) + 1
    return tuple(places)


def waterfall(trace: Trace, encode_title: str, rest_title: str) -> tuple[Span, ...]:
    """What took the time, in the order it ran: encoding the query, the stages, and what is left of the total."""
    spans: list[Span] = []
    at = 0.0
    if trace.encode_ms > 0:
        spans.append(Span(encode_title, "", 0.0, trace.encode_ms))
        at = trace.encode_ms
    for stage in trace.stages:
        spans.append(Span(stage.title, stage.name, at, stage.ms))
        at += stage.ms
    rest = trace.total_ms - at
    if rest >= max(0.05, 0.01 * trace.total_ms):
        spans.append(Span(rest_title, "", at, rest))
    return tuple(spans)


def settings_line(stage: StageTrace) -> str:
    """A stage's settings on one line: "ef 200 · k1 1.2"; nothing for empty ones."""
    parts = []
    for key, value in stage.settings.items():
        if value is None or value == "" or value == {} or value == []:
            continue
        if isinstance(value, list | tuple):
            shown = f"({', '.join(map(str, value))})"
        else:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
        parts.append(f"{key.replace('_', ' ')} {shown}")
    return " · ".join(parts)


def milliseconds(ms: float) -> str:
    """A time with the digits it deserves: "0.2 ms", "17 ms", "1.3 s"."""
    if ms >= 1000:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:.0f} ms"
