"""What stands around the page in the preview: title, pages, hits, notes, and what can be done with the document."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from rankscope.app.theme import SPACE_XS, Theme
from rankscope.app.widgets.controls import ElidedLabel, flat_button, toned
from rankscope.app.widgets.legend import HeatLegend
from rankscope.core.api import Page


def _tr(text: str) -> str:
    return QCoreApplication.translate("PreviewControls", text)


class PreviewControls:
    """The widgets and how they are arranged: ``head`` above the page, ``key`` and ``foot`` below it."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.title = ElidedLabel()
        self.page_label = toned(QLabel(), "dim")
        self.previous_page = flat_button("◀", "step", _tr("Previous page"))
        self.next_page = flat_button("▶", "step", _tr("Next page"))
        self.warning = toned(QLabel(), "warning")
        self.warning.setWordWrap(True)
        self.warning.setText(
            _tr("This file changed after it was read, so marks may be off. Update the library to read it again.")
        )
        self.window_note = toned(QLabel(), "dim")
        self.window_note.setWordWrap(True)
        self.previous_hit = flat_button("◀", "step", _tr("Previous passage of this document"))
        self.next_hit = flat_button("▶", "step", _tr("Next passage of this document"))
        self.hit_label = toned(QLabel(), "dim")
        self.text_button = flat_button(_tr("Text"), "toggle", _tr("Show the text instead of the page"))
        self.open_button = flat_button(_tr("Open"), "link", _tr("Open the file in its own program"))
        self.cite_button = flat_button(_tr("Copy with citation"), "link")
        self.legend = HeatLegend(theme)
        self.head = _row(self.title, self.previous_page, self.page_label, self.next_page)
        self.key = _row(self.legend, None, self.text_button)
        hits = _row(self.previous_hit, self.hit_label, self.next_hit)
        self.foot = _row(hits, None, self.open_button, self.cite_button)

    def restyle(self) -> None:
        """Take fonts from the theme again."""
        self.title.setFont(self._theme.font("title"))
        small = self._theme.font("small")
        for widget in (
            self.previous_page,
            self.page_label,
            self.next_page,
            self.warning,
            self.window_note,
            self.previous_hit,
            self.hit_label,
            self.next_hit,
            self.text_button,
            self.open_button,
            self.cite_button,
        ):
            widget.setFont(small)

    def show_title(self, title: str, path: str) -> None:
        """The document's title; its path is told by the tooltip."""
        self.title.setText(title)
        self.title.set_note(path)

    def show_page(self, index: int, pages: Sequence[Page]) -> None:
        """Which page is shown; no pages hide the stepping."""
        for part in (self.previous_page, self.page_label, self.next_page):
            part.setVisible(bool(pages))
        if pages:
            index = min(index, len(pages) - 1)
            self.page_label.setText(_tr("page {page} of {count}").format(page=pages[index].number, count=len(pages)))
            self.previous_page.setEnabled(index > 0)
            self.next_page.setEnabled(index + 1 < len(pages))

    def show_hit(self, number: int, count: int) -> None:
        """Which of the document's hits is shown; 0 for a passage that is not among them."""
        if number:
            self.hit_label.setText(_tr("hit {number} of {count}").format(number=number, count=count))
        else:
            self.hit_label.setText(_tr("not among the results"))
        self.previous_hit.setEnabled(count > 0 and number != 1)
        self.next_hit.setEnabled(count > 0 and number != count)

    def show_note(self, *notes: str) -> None:
        """Sentences above the text; none hide them."""
        text = " ".join(note for note in notes if note)
        self.window_note.setText(text)
        self.window_note.setVisible(bool(text))


def _row(*parts: QWidget | None) -> QWidget:
    """Widgets in a line without margins; None stands for room that gives way."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE_XS)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        else:
            layout.addWidget(part, 1 if isinstance(part, ElidedLabel) else 0)
    return row
