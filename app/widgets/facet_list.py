"""Check boxes with counts: one value of a filter per line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from rankscope.app.models.wording import count
from rankscope.app.theme import Theme
from rankscope.app.widgets.card import make_label
from rankscope.core.api import Facet


class FacetList(QWidget):
    """The values of one facet. ``toggled(value, on)`` comes only from the user."""

    toggled = Signal(str, bool)

    def __init__(self, theme: Theme, name_of: Callable[[str], str], title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name_of = name_of
        self._title = title
        self._boxes: dict[str, QCheckBox] = {}
        self._counts: dict[str, QLabel] = {}
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def set_facets(self, facets: Iterable[Facet]) -> None:
        """Show these values with their counts; boxes that stay keep their check marks."""
        fresh = {facet.value: facet.documents for facet in facets}
        if list(fresh) != list(self._boxes):
            checked = self.checked()
            self._rebuild(list(fresh))
            self.set_checked(checked)
        for value, documents in fresh.items():
            self._counts[value].setText(count(documents))
            self._boxes[value].setAccessibleName(
                self.tr("{title} {value}, {count} documents").format(
                    title=self._title, value=self._name_of(value), count=count(documents)
                )
            )

    def values(self) -> list[str]:
        """All values shown."""
        return list(self._boxes)

    def checked(self) -> list[str]:
        """The values that are checked."""
        return [value for value, box in self._boxes.items() if box.isChecked()]

    def box(self, value: str) -> QCheckBox:
        """The check box of a value. Raises KeyError."""
        return self._boxes[value]

    def set_checked(self, values: Collection[str]) -> None:
        """Check exactly these."""
        for value, box in self._boxes.items():
            box.setChecked(value in values)

    def _rebuild(self, values: list[str]) -> None:
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows, self._boxes, self._counts = [], {}, {}
        for value in values:
            row = QWidget(self)
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 4, 0)
            box = QCheckBox(self._name_of(value), row)
            box.setFont(self._theme.font("body"))
            # A long name is cut rather than its count pushed out of sight.
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setToolTip(self._name_of(value))
            box.setProperty("value", value)
            box.clicked.connect(self._clicked)
            amount = make_label("", self._theme, "small", "dim", row)
            line.addWidget(box, 1)
            line.addWidget(amount)
            self._column.addWidget(row)
            self._rows.append(row)
            self._boxes[value], self._counts[value] = box, amount

    @Slot(bool)
    def _clicked(self, on: bool) -> None:
        box = self.sender()
        if isinstance(box, QCheckBox):
            self.toggled.emit(box.property("value"), on)
