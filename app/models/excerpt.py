"""Short stretches of a passage that show why it was found. Plain Python on strings."""

from __future__ import annotations

import re

_SPACE = re.compile(r"\s+")


def first_words(text: str, length: int = 160) -> str:
    """The passage's beginning on one line, cut at a word border with an ellipsis."""
    flat = _SPACE.sub(" ", text[: length * 4]).strip()
    if len(flat) <= length:
        return flat if len(text) <= length * 4 else f"{flat} …"
    return f"{flat[:length].rsplit(' ', 1)[0]} …"


def best_words(text: str, words: tuple[str, ...], count: int = 4) -> str:
    """The strongest words in the order they stand in the text: ``blade … fatigue cracks``.

    Words next to each other are joined by a space, others by an ellipsis. A word that the text does not hold (it
    stands in the title in front of the passage) comes first.
    """
    placed: list[tuple[int, int, str]] = []
    for word in dict.fromkeys(words):
        if len(placed) == count:
            break
        start = _find(text, word)
        placed.append((start, start + len(word), text[start : start + len(word)] if start >= 0 else word))
    placed.sort(key=lambda item: item[0])
    parts: list[str] = []
    last_end = -1
    for start, end, word in placed:
        if parts and start >= 0 and last_end >= 0 and not text[last_end:start].strip() and start - last_end < 3:
            parts[-1] = f"{parts[-1]} {word}"
        else:
            parts.append(word)
        last_end = end if start >= 0 else -1
    return " … ".join(parts)


def snippet(text: str, words: tuple[str, ...], length: int = 240) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The stretch of ``text`` with the most of ``words``, on one line, and where the words stand in it.

    Returns:
        the snippet and ``(start, end)`` offsets into it, in order, not overlapping.
    """
    flat = _SPACE.sub(" ", text).strip()
    hits = sorted({(at, at + len(word)) for word in words for at in _find_all(flat, word)})
    start = _densest(hits, len(flat), length)
    end = min(len(flat), start + length)
    start = _beginning(flat, start)
    if end < len(flat):
        cut = flat.rfind(" ", start, end)
        end = cut if cut > start else end
    lead = "… " if start else ""
    shown = f"{lead}{flat[start:end]}{' …' if end < len(flat) else ''}"
    marks: list[tuple[int, int]] = []
    for left, right in hits:
        if left >= start and right <= end and (not marks or left - start + len(lead) >= marks[-1][1]):
            marks.append((left - start + len(lead), right - start + len(lead)))
    return shown, tuple(marks)


def _beginning(flat: str, start: int) -> int:
    """``start`` moved back to the sentence's beginning where that is near, else to the word's."""
    if start == 0:
        return 0
    sentence = max(flat.rfind(mark, max(0, start - 60), start + 1) for mark in (". ", "! ", "? "))
    return sentence + 2 if sentence >= 0 else flat.rfind(" ", 0, start + 1) + 1


def _densest(hits: list[tuple[int, int]], size: int, length: int) -> int:
    """The start of the window of ``length`` characters that holds the most hits, a little before the first of them."""
    best_count, best_start = 0, 0
    last = 0
    for first, (left, _right) in enumerate(hits):
        while last < len(hits) and hits[last][1] <= left + length:
            last += 1
        if last - first > best_count:
            best_count, best_start = last - first, left
    lead = min(24, length // 4)
    return max(0, min(best_start - lead, size - length))


def _find(text: str, word: str) -> int:
    return next(iter(_find_all(text, word)), -1)


def _find_all(text: str, word: str) -> list[int]:
    """Where ``word`` stands as a whole word, any case."""
    if not word:
        return []
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    return [match.start() for match in pattern.finditer(text)]
