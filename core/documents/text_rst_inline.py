"""The marks inside lines of reStructuredText, taken away; line ends stay where they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_LONGEST = 1000  # characters of a piece of marked text
_MARKS = re.compile(
    rf"""
      \\(?P<escaped>[^\n])
    | ``(?P<literal>[^`\n](?:[^`]|`(?!`)){{0,{_LONGEST}}}?)``
    | :(?P<role>[A-Za-z][\w:.+-]{{0,60}}):`(?P<in_role>[^`]{{1,{_LONGEST}}})`
    | `(?P<quoted>[^`\s](?:[^`]{{0,{_LONGEST}}}[^`\s])?)`(?:__?|:[A-Za-z][\w:.+-]{{0,60}}:)?
    | \*\*(?P<strong>[^*\s](?:[^*]{{0,{_LONGEST}}}[^*\s])?)\*\*
    | (?<![\w*])\*(?P<emphasis>[^*\s](?:[^*]{{0,{_LONGEST}}}[^*\s])?)\*(?![\w*])
    | \|(?P<substitution>[^|\s](?:[^|\n]{{0,100}}[^|\s])?)\|_{{0,2}}
    | (?<![\w[])\[(?P<note>\#?[\w.*-]{{1,60}})\]_
    | (?<=[A-Za-z0-9])(?P<reference>__?)(?![\w`])
    """,
    re.VERBOSE,
)
_WORD_BEFORE = re.compile(r"[A-Za-z0-9][\w.+-]*\Z")
_ANY_MARK = re.compile(r"[\\`*|_]")
_TITLED = re.compile(r"(.*?)\s*<([^<>]*)>\s*\Z", re.DOTALL)
_BEFORE = {"pep": "PEP ", "rfc": "RFC ", "sup": "^"}


class Inline:
    """Takes the marks away. ``targets`` are the names that a word with an underscore behind it may refer to, lower
    case; ``substitutions`` what stands for a name between bars."""

    def __init__(self, targets: Collection[str] = (), substitutions: Mapping[str, str] | None = None) -> None:
        self._targets = targets
        self._substitutions = substitutions or {}

    def plain(self, text: str) -> str:
        """The text without its marks, with as many lines as before."""
        return _MARKS.sub(self._replaced, text) if _ANY_MARK.search(text) else text

    def _replaced(self, match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        text: str = match[kind]
        if kind == "escaped":
            return "" if text == " " else text
        if kind == "in_role":
            return _of_role(match["role"].rpartition(":")[2].lower(), text)
        if kind == "quoted":
            return _without_address(text)
        if kind == "substitution":
            return self._substitutions.get(text.lower(), text if match[0].endswith("_") else match[0])
        if kind == "note":
            return f"[{text}]"
        if kind == "reference":
            name = _WORD_BEFORE.search(match.string, max(0, match.start() - 100), match.start())
            return "" if name and name[0].lower() in self._targets else text
        return text


def _without_address(text: str) -> str:
    """What is shown of "text <address>"; line ends between the two stay."""
    match = _TITLED.match(text)
    if match is None:
        return text
    shown = match[1] or match[2]
    return shown + "\n" * (text.count("\n") - shown.count("\n"))


def _of_role(role: str, text: str) -> str:
    shown = _without_address(text)
    if shown != text:
        return shown
    if role in _BEFORE:
        return _BEFORE[role] + text
    if text.startswith("~"):
        return text.rpartition(".")[2].lstrip("~")
    return text.removeprefix("!")
