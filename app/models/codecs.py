"""Ways to store a workspace's vectors: what there is to choose, how large each becomes, and what converting means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.models import wording
from rankscope.app.theme import Theme
from rankscope.app.translation import QT_TRANSLATE_NOOP
from rankscope.core import api
from rankscope.core.api import BUDGETS, UsageError, WorkspaceInfo

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
CODEC, VECTOR, ALL, WHAT = range(4)
LEVELS, TOKENS = "levels", "tokens"
# One of a passage's vectors is the pooled one, which is stored apart in every kind.
_ROWS_OF_A_PASSAGE = BUDGETS[-1].r_c - 1

# Codecs to choose from, and a sentence about each. Those that learn from the vectors are named below.
SENTENCES: dict[str, str] = {
    "float32": QT_TRANSLATE_NOOP("codecs", "Every number in full; the largest."),
    "float16": QT_TRANSLATE_NOOP("codecs", "Half of that, each number to three digits. Usual."),
    "float8": QT_TRANSLATE_NOOP("codecs", "A quarter, each number to about one digit."),
    "int8": QT_TRANSLATE_NOOP("codecs", "A quarter, each number as one of 255 even steps."),
    "residual4": QT_TRANSLATE_NOOP("codecs", "4 bits for each number, learned from your vectors."),
    "residual2": QT_TRANSLATE_NOOP("codecs", "2 bits for each number, learned from your vectors."),
    "pq96": QT_TRANSLATE_NOOP("codecs", "96 bytes for each vector, learned from your vectors."),
    "binary": QT_TRANSLATE_NOOP("codecs", "One bit for each number: small and coarse."),
}
_LEARNING = ("int8", "residual", "pq", "pca")
# From these everything can be made; from others the texts are encoded anew.
_WHOLE = ("float32", "float16")


def _tr(text: str) -> str:
    return QCoreApplication.translate("codecs", text)


def vector_sizes(info: WorkspaceInfo, *more: str) -> dict[str, int]:
    """Bytes of one vector in each codec that fits the workspace's vectors, in its own and in ``more``. Imports the
    engine.
    """
    sizes = {}
    for codec in (*SENTENCES, *more):
        try:
            sizes[codec] = api.bytes_per_vector(api.parse_codec(codec), info.dim)
        except UsageError:
            continue
    return {**sizes, wording.codec_name(info.codec): info.row_bytes}


@dataclass(frozen=True, slots=True)
class Plan:
    """What converting to a kind and a codec would mean: whether it can be done, and a sentence about it."""

    possible: bool
    text: str


def plan(info: WorkspaceInfo, kind: str, codec: str) -> Plan:
    """What becomes of the workspace's vectors."""
    now = wording.codec_name(info.codec)
    if (kind, codec) == (info.kind, now):
        return Plan(False, _tr("This is how the vectors are stored now."))
    if now in _WHOLE and info.kind in (TOKENS, kind):
        return Plan(True, _tr("Made from the vectors that are there, without the model. Searching goes on meanwhile."))
    if any(codec.startswith(name) for name in _LEARNING):
        return Plan(False, _tr("This codec learns from vectors that are no longer there. Convert to float16 first."))
    return Plan(
        True, _tr("The model reads every passage again, as long as indexing took. Searching goes on meanwhile.")
    )


def kind_to_keep(info: WorkspaceInfo, kind: str) -> str:
    """What the engine calls this kind: levels of which only the first are stored stay such levels."""
    short = kind == info.kind == LEVELS and 0 < info.largest_r_c < BUDGETS[-1].r_c
    return f"{kind}{info.largest_r_c}" if short else kind


def estimate(info: WorkspaceInfo, kind: str, vector_bytes: int) -> str:
    """The size of all vectors: "about 16 MB", or a bound where their number is not known before."""
    if kind == info.kind:
        return _tr("about {size}").format(size=wording.size(info.vectors * vector_bytes))
    if kind == LEVELS:
        most = min(info.vectors, _ROWS_OF_A_PASSAGE * info.passages)
        return _tr("at most {size}").format(size=wording.size(most * vector_bytes))
    return _tr("more than {size}").format(size=wording.size(info.vectors * vector_bytes))


class CodecsModel(QAbstractTableModel):
    """Columns: codec, bytes of a vector, size of all, what it is."""

    def __init__(self, theme: Theme, info: WorkspaceInfo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._info = info
        self._kind = info.kind
        self._sizes: Mapping[str, int] = {}
        self._codecs: Sequence[str] = ()

    @property
    def codecs(self) -> Sequence[str]:
        """The codecs in the order shown."""
        return self._codecs

    def set_sizes(self, sizes: Mapping[str, int]) -> None:
        """Show these codecs with their bytes of a vector, the largest first."""
        self.beginResetModel()
        self._sizes = sizes
        self._codecs = sorted(sizes, key=lambda codec: -sizes[codec])
        self.endResetModel()

    def set_kind(self, kind: str) -> None:
        """Show sizes for another kind of vectors."""
        self._kind = kind
        if self._codecs:
            self.dataChanged.emit(self.index(0, ALL), self.index(len(self._codecs) - 1, ALL))

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row per codec."""
        return 0 if parent.isValid() else len(self._codecs)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Four."""
        return 0 if parent.isValid() else 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Codec"), self.tr("One vector"), self.tr("All of them"), self.tr("What it is"))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts."""
        codec = self._codecs[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(codec, index.column())
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.qcolor("text" if index.column() in (CODEC, ALL) else "dim")
        return None

    def _text(self, codec: str, column: int) -> str:
        if column == CODEC:
            now = codec == wording.codec_name(self._info.codec)
            return self.tr("{codec}  (now)").format(codec=codec) if now else codec
        if column == VECTOR:
            return self.tr("{count} bytes").format(count=wording.count(self._sizes[codec]))
        if column == ALL:
            return estimate(self._info, self._kind, self._sizes[codec])
        if codec in SENTENCES:
            return _tr(SENTENCES[codec])
        now = codec == wording.codec_name(self._info.codec)
        return self.tr("As the vectors are stored now.") if now else self.tr("As it was asked for.")
