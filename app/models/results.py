"""The rows of one Results column as a Qt list."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.models.comparison import ResultRow, format_score

_Index = QModelIndex | QPersistentModelIndex

RowRole = int(Qt.ItemDataRole.UserRole) + 1
EvidenceRole = int(Qt.ItemDataRole.UserRole) + 2


class ResultsModel(QAbstractListModel):
    """``RowRole`` gives the :class:`ResultRow`, ``EvidenceRole`` the strongest words of its passage (a tuple)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ResultRow, ...] = ()
        self._row_of: dict[int, int] = {}
        self._evidence: dict[int, tuple[str, ...]] = {}

    @property
    def rows(self) -> tuple[ResultRow, ...]:
        return self._rows

    def set_rows(self, rows: tuple[ResultRow, ...]) -> None:
        """Show another ranking."""
        self.beginResetModel()
        self._rows = rows
        self._row_of = {row.passage.passage_id: number for number, row in enumerate(rows)}
        self.endResetModel()

    def set_evidence(self, evidence: dict[int, tuple[str, ...]]) -> None:
        """The strongest words per passage id, as far as they are known."""
        self._evidence = evidence
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), [EvidenceRole])

    def row_of(self, passage_id: int | None) -> int | None:
        """The row that shows a passage, or None."""
        return None if passage_id is None else self._row_of.get(passage_id)

    def passage_at(self, index: _Index) -> int | None:
        """The passage id of a row, or None for an invalid index."""
        return self._rows[index.row()].passage.passage_id if index.isValid() else None

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == RowRole:
            return row
        if role == EvidenceRole:
            return self._evidence.get(row.passage.passage_id, ())
        if role == Qt.ItemDataRole.DisplayRole:
            return self.title(row)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            sentence = self.sentence(row)
            return sentence if role == Qt.ItemDataRole.AccessibleTextRole else f"{sentence}\n{row.passage.document}"
        return None

    @staticmethod
    def title(row: ResultRow) -> str:
        """The document's title, or its file name where it has none."""
        passage = row.passage
        return passage.title or passage.document.replace("\\", "/").rsplit("/", 1)[-1]

    def sentence(self, row: ResultRow) -> str:
        """A row in words, as a screen reader says it."""
        parts = [self.tr("Rank {rank}: {title}").format(rank=row.rank, title=self.title(row))]
        if row.passage.place:
            parts.append(row.passage.place)
        if row.passage.copies:
            one = self.tr("one copy elsewhere")
            many = self.tr("{n} copies elsewhere").format(n=row.passage.copies)
            parts.append(one if row.passage.copies == 1 else many)
        parts.append(self._move_words(row))
        score = format_score(row.score, row.score_kind)
        parts.append(self.tr("score {score} {kind}").format(score=score, kind=row.score_kind))
        if row.found_by:
            parts.append(self.tr("found by {stages}").format(stages=" + ".join(row.found_by)))
        words = self._evidence.get(row.passage.passage_id, ())
        if words:
            parts.append(self.tr("best words: {words}").format(words=", ".join(words)))
        return f"{', '.join(part for part in parts if part)}."

    def _move_words(self, row: ResultRow) -> str:
        move = row.move
        if move is None:
            return ""
        if move.before is None:
            return self.tr("new, not found before")
        if move.after is None:
            return self.tr("dropped, not among the candidates after")
        delta = move.delta or 0
        if delta > 0:
            return self.tr("up {count} from {rank}").format(count=delta, rank=move.before)
        if delta < 0:
            return self.tr("down {count} to {rank}").format(count=-delta, rank=move.after)
        return self.tr("not moved")
