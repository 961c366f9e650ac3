"""Numbers as people read them. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath

from rankscope.app.models.progress_rate import Activity
from rankscope.core.api import Token, Trace

_TYPES = {
    "docx": "Word",
    "pptx": "PowerPoint",
    "xlsx": "Excel",
    "xls": "Excel (old)",
    "odt": "OpenDocument text",
    "ods": "OpenDocument sheet",
    "odp": "OpenDocument slides",
    "rtf": "Rich text",
    "epub": "E-book",
    "html": "Web page",
    "mhtml": "Saved web page",
    "md": "Markdown",
    "rst": "reStructuredText",
    "org": "Org",
    "txt": "Text",
    "csv": "Table (CSV)",
    "code": "Source code",
    "eml": "Mail",
    "mbox": "Mailbox",
    "msg": "Outlook mail",
    "zip": "ZIP archive",
    "tar": "Archive",
    "image": "Image",
}


def count(number: int) -> str:
    """12408 as "12,408"."""
    return f"{number:,}"


def plural(number: int, one: str, many: str) -> str:
    """``one`` for 1, else ``many`` with its ``{count}`` filled in."""
    return one if number == 1 else many.format(count=count(number))


def kinds(skipped: Sequence[tuple[str, int]], most: int = 8) -> str:
    """Endings of files with how many there are: "5 .mp4, 2 .exe and 40 more"."""
    parts = [f"{count(files)} {suffix or 'without an ending'}" for suffix, files in skipped[:most]]
    rest = sum(files for _, files in skipped[most:])
    if rest:
        parts.append(f"{count(rest)} more")
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def moment(timestamp: str | None) -> str:
    """An ISO timestamp in the time of this machine: "2026-11-20 09:30"; as it is when it is none, "" for none."""
    try:
        when = datetime.fromisoformat(timestamp or "")
    except ValueError:
        return timestamp or ""
    return when.astimezone().strftime("%Y-%m-%d %H:%M")


def size(number: int) -> str:
    """Bytes with a unit: "84 MB", "1.2 GB"; powers of 1,000 as file managers count."""
    value = float(number)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def milliseconds(ms: float) -> str:
    """ "38 ms", "0.4 ms", "1.2 s"."""
    if ms >= 1000:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def bare_milliseconds(ms: float) -> str:
    """The same without the unit, for a list of stages; below one as "<1"."""
    return f"{ms:.0f}" if ms >= 1 else "<1"


def time_left(seconds: float) -> str:
    """ "20 s", "3 min", "2 h 10 min"; rounded up, because people forgive early more than late."""
    whole = int(seconds) + 1
    if whole < 60:
        return f"{whole} s"
    minutes = (whole + 59) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def clock(seconds: float) -> str:
    """How long something took: "0:03", "12:40", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def doing(what: str) -> str:
    """What a report says is happening; a path becomes "Reading NAME"."""
    name = PurePath(what).name
    return f"Reading {name}" if name and name != what else what


def speed(activity: Activity) -> str:
    """ "41 files/s", or nothing while it is not known."""
    if activity.rate is None:
        return ""
    return f"{activity.rate:.0f} {activity.unit}/s" if activity.rate >= 10 else f"{activity.rate:.1f} {activity.unit}/s"


def stage_times(trace: Trace) -> str:
    """The last query by stage: "encode 11, dense 3, late 17"."""
    parts = [f"encode {bare_milliseconds(trace.encode_ms)}"] if trace.encode_ms else []
    parts += [f"{stage.name} {bare_milliseconds(stage.ms)}" for stage in trace.stages]
    return ", ".join(parts)


def type_name(short: str) -> str:
    """A format's short name as people call it."""
    return _TYPES.get(short, short.upper())


def share(fraction: float) -> str:
    """0.125 as "13 %", 0.008 as "0.8 %"."""
    percent = 100 * fraction
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


def codec_name(stored: str) -> str:
    """A codec as people write it: "int8"; what it has learned has a name of its own behind a colon."""
    return stored.partition(":")[0]


def word_chips(query: str, tokens: tuple[Token, ...]) -> list[tuple[str, bool]]:
    """The words of a query and whether each is ordinary text.

    Word pieces are joined to their word; special tokens ([CLS], [SEP]) come as they are with False.
    """
    chips: list[tuple[str, bool]] = []
    position = 0
    while position < len(tokens):
        first = tokens[position]
        last = first
        position += 1
        if first.role != "text":
            chips.append((first.text, False))
            continue
        while position < len(tokens) and tokens[position].role == "text" and tokens[position].word == first.word:
            last = tokens[position]
            position += 1
        chips.append((query[first.start : last.end] or first.text, True))
    return chips
