"""What a search may be limited to. Pushed down to the candidates: a filter never shortens the list afterwards."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty fields do not filter.

    Attributes:
        path: glob on the document's path ("*" and "?"); without either, any path that contains it.
        types: short names of formats: "pdf", "docx", "html", "md", "txt".
        modified_from, modified_to: ISO dates (YYYY-MM-DD), inclusive, on the file's modification date.
    """

    path: str = ""
    types: tuple[str, ...] = ()
    modified_from: str = ""
    modified_to: str = ""

    def __bool__(self) -> bool:
        return bool(self.path or self.types or self.modified_from or self.modified_to)

    def as_dict(self) -> dict[str, object]:
        """Only what filters, for traces and JSON."""
        return {key: value for key, value in asdict(self).items() if value}
