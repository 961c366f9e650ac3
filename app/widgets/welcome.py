"""The invitation that fills the window while there is nothing to search yet."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from rankscope.app.models import wording
from rankscope.app.session import Session
from rankscope.app.stylesheet import icons_folder
from rankscope.app.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL, Theme
from rankscope.app.widgets.card import Card, make_label

WIDTH = 560
MARK = 48
STEPS = 1000


class Welcome(QWidget):
    """Two ways to begin; while the first documents are read, how far that is."""

    addRequested = Signal()
    samplesRequested = Signal()

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        card = Card(self)
        card.setFixedWidth(WIDTH)
        card.column.setContentsMargins(SPACE_XL + SPACE_S, SPACE_XL, SPACE_XL + SPACE_S, SPACE_XL)
        card.column.setSpacing(SPACE_M)
        self._mark = QLabel(card)
        self._mark.setFixedHeight(MARK)
        card.column.addWidget(self._mark)
        self._title = title = make_label("", theme, "title", parent=card)
        font = theme.font("title")
        font.setPixelSize(20)
        title.setFont(font)
        card.column.addWidget(title)
        self._words = make_label("", theme, "body", "dim", card, wrap=True)
        card.column.addWidget(self._words)
        card.column.addSpacing(SPACE_S)

        self._choice = QWidget(card)
        buttons = QHBoxLayout(self._choice)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(SPACE_M)
        self.add_button = QPushButton(self.tr("Add a folder…"), self._choice)
        self.add_button.setProperty("role", "primary")
        self.add_button.clicked.connect(self.addRequested)
        self.samples_button = QPushButton(self.tr("Try the sample documents"), self._choice)
        self.samples_button.clicked.connect(self.samplesRequested)
        for button in (self.add_button, self.samples_button):
            button.setFont(theme.font("body"))
            button.setMinimumHeight(36)
            buttons.addWidget(button)
        buttons.addStretch(1)
        card.column.addWidget(self._choice)

        self._work = QWidget(card)
        work = QHBoxLayout(self._work)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(SPACE_M)
        self._bar = QProgressBar(self._work)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Reading progress"))
        stop = QPushButton(self.tr("Cancel"), self._work)
        stop.setFont(theme.font("body"))
        stop.clicked.connect(session.cancel_indexing)
        work.addWidget(self._bar, 1)
        work.addWidget(stop)
        card.column.addWidget(self._work)

        self._foot = make_label(
            self.tr("You can also drop folders and files on this window. Nothing leaves this machine."),
            theme,
            "small",
            "dim",
            card,
            wrap=True,
        )
        card.column.addWidget(self._foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        column.addStretch(2)
        row = QHBoxLayout()  # and not an alignment, which would cut lines that wrap
        row.addStretch(1)
        row.addWidget(card)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)
        session.indexingChanged.connect(self._refresh)
        session.workspaceChanged.connect(self._refresh)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Load the mark when it is seen for the first time."""
        super().showEvent(event)
        if self._mark.pixmap().isNull():
            icon = QIcon(str(icons_folder() / "rankscope.svg"))
            self._mark.setPixmap(icon.pixmap(QSize(MARK, MARK), self.devicePixelRatioF()))

    @Slot()
    def _refresh(self) -> None:
        indexer = self._session.indexer
        busy = indexer.active or self._session.opening
        self._choice.setVisible(not busy)
        self._work.setVisible(busy)
        self._foot.setVisible(not busy)
        activity = indexer.activity
        fraction = activity.fraction if activity is not None else None
        self._bar.setRange(0, STEPS if fraction is not None else 0)
        if fraction is not None:
            self._bar.setValue(round(fraction * STEPS))
        title = self.tr("Reading the documents") if busy else self.tr("Search your own documents")
        self._title.setText(title)
        if not busy:
            self._words.setText(
                self.tr(
                    "Ask in your own words, read the answer on its page, and see why each result stands where it does."
                )
            )
        elif activity is None:
            self._words.setText(self.tr("Getting ready to read…"))
        else:
            total = f" / {wording.count(activity.total)}" if activity.total else ""
            done = f"{wording.count(activity.done)}{total} {activity.unit}"
            self._words.setText(f"{wording.doing(activity.what)}\n{done}")
