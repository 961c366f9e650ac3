"""A builder of text that also remembers where in the file each piece stood."""

from __future__ import annotations

from rankscope.core.documents.builder import TextBuilder
from rankscope.core.documents.model import Mark


class MarkedBuilder(TextBuilder):
    """A :class:`TextBuilder` whose :meth:`marks` tell the places that were named while it was filled."""

    def __init__(self) -> None:
        super().__init__()
        self._marks: list[Mark] = []
        self._place = ""

    def place(self, name: str) -> None:
        """What is written from now on stands at this place of the file."""
        self._place = name

    def marks(self) -> tuple[Mark, ...]:
        """The places in order; each begins with the first character that was written after it was named."""
        return tuple(self._marks)

    def _write(self, text: str) -> None:
        if self._place:
            gap = (len(self._break) or int(self._space)) if self._length else 0
            self._marks.append(Mark(self._length + gap, self._place))
            self._place = ""
        super()._write(text)
