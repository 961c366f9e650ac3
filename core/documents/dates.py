"""Dates as documents write them, as ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

_ISO = re.compile(r"\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?")
_PDF = re.compile(r"\s*(?:D:)?(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?")


def iso_date(value: str | None) -> str | None:
    """A date written as ISO 8601 or as in a mail header, as ``YYYY-MM-DD[THH:MM:SS]``; None where it is neither.

    The offset from UTC is dropped: what counts for a filter by date is the day its author saw on the calendar.
    """
    if not value:
        return None
    match = _ISO.match(value)
    if match:
        return _checked(match.groups())
    try:
        return parsedate_to_datetime(value).replace(tzinfo=None).isoformat(timespec="seconds")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def pdf_date(value: str | None) -> str | None:
    """A PDF date (``D:YYYYMMDDHHmmSS``, parts from the right optional), as :func:`iso_date` gives them."""
    match = _PDF.match(value or "")
    return _checked(match.groups()) if match else None


def _checked(parts: tuple[str | None, ...]) -> str | None:
    year, month, day, *clock = parts
    try:
        hour, minute, second = (int(part or 0) for part in clock)
        moment = datetime(int(year or 0), int(month or 1), int(day or 1), hour, minute, second)
    except ValueError:
        return None
    if year is None or not 1800 <= moment.year <= 2200:
        return None
    if not any(clock):
        return moment.date().isoformat()
    return moment.isoformat(timespec="seconds")
