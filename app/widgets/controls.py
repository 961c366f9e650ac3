"""The small controls that the evidence panels share: flat buttons, elided labels, a quiet sign of work going on."""

from __future__ import annotations

from PySide6.QtCore import QAbstractAnimation, QRectF, QSize, Qt, QTimer, QVariantAnimation, Signal, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.theme import RADIUS_CONTROL, SPACE_S, SPACE_XL, Palette, Theme


def control_style(palette: Palette) -> str:
    """Style sheet for the controls below; a panel sets it on itself, so that it holds without the window's own."""
    handle = "#B4BDC9" if palette.name == "light" else "#46515F"
    return f"""
    QToolButton[kind] {{ border: 1px solid transparent; border-radius: {RADIUS_CONTROL}px; padding: 3px 7px;
        background: transparent; color: {palette.dim}; }}
    QToolButton[kind="link"] {{ color: {palette.accent_text}; }}
    QToolButton[kind]:hover {{ background: {palette.chip}; }}
    QToolButton[kind="toggle"]:checked {{ background: {palette.selection}; color: {palette.accent_text}; }}
    QToolButton[kind]:focus {{ border-color: {palette.accent}; }}
    QToolButton[kind]:disabled {{ color: {palette.line}; background: transparent; }}
    QPushButton[kind="primary"] {{ background: {palette.accent}; color: {palette.on_accent};
        border: 1px solid transparent; border-radius: {RADIUS_CONTROL}px; padding: 6px 14px; }}
    QPushButton[kind="primary"]:hover {{ background: {palette.accent_text}; }}
    QPushButton[kind="primary"]:focus {{ border-color: {palette.text}; }}
    QPushButton[kind="primary"]:disabled {{ background: {palette.chip}; color: {palette.dim}; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; border: none; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; border: none; }}
    QScrollBar::handle {{ background: {handle}; border-radius: 3px; margin: 2px; min-width: 28px; min-height: 28px; }}
    QScrollBar::handle:hover {{ background: {palette.dim}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QLabel {{ color: {palette.text}; background: transparent; }}
    QLabel[tone="dim"] {{ color: {palette.dim}; }}
    QLabel[tone="warning"] {{ color: {palette.down_text}; }}
    """


def flat_button(text: str, kind: str, name: str = "", parent: QWidget | None = None) -> QToolButton:
    """A button without a frame. ``kind``: "link" (does something), "step" (moves), "toggle" (on or off).

    ``name`` is what a screen reader says; the text when empty.
    """
    button = QToolButton(parent)
    button.setText(text)
    button.setProperty("kind", kind)
    button.setCheckable(kind == "toggle")
    button.setAccessibleName(name or text)
    if name:
        button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


def push_button(text: str, name: str, *, primary: bool = False) -> QPushButton:
    """A button that Enter does not press from elsewhere; ``name`` says what it does."""
    button = QPushButton(text)
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setAutoDefault(False)
    if primary:
        button.setProperty("kind", "primary")
    return button


def line_field(name: str, hint: str = "") -> QLineEdit:
    """A field of a form. What is dropped on it belongs to the form."""
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.setPlaceholderText(hint)
    field.setAcceptDrops(False)
    return field


def scrolled(form: QWidget) -> QScrollArea:
    """A form that scrolls up and down where it has no room, and never sideways."""
    scroll = QScrollArea()
    scroll.setWidget(form)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return scroll


def table_style(palette: Palette) -> str:
    """Style sheet for a table that lies on a panel."""
    return (
        f"QTableView {{ background: transparent; border: none; color: {palette.text};"
        f" selection-background-color: {palette.selection}; selection-color: {palette.text}; }}"
        f"QHeaderView, QHeaderView::section {{ background: transparent; color: {palette.dim}; border: none; }}"
        f"QHeaderView::section {{ border-bottom: 1px solid {palette.line}; padding: 4px 3px; }}"
        "QAbstractScrollArea::corner { background: transparent; border: none; }"
    )


def toned(label: QLabel, tone: str) -> QLabel:
    """Give a label a colour of the palette: "dim", "warning" or "" for ordinary text."""
    label.setProperty("tone", tone)
    label.style().unpolish(label)
    label.style().polish(label)
    return label


class ElidedLabel(QLabel):
    """One line of text that is cut with an ellipsis where it does not fit; the whole text is its tooltip then."""

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = mode
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(24)

    def set_note(self, note: str) -> None:
        """More words for the tooltip and the screen reader."""
        self._note = note
        self.setAccessibleDescription(note)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        whole = self.text() if shown != self.text() else ""
        self.setToolTip("\n".join(part for part in (whole, self._note) if part))
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), shown)
        painter.end()


class Notice(QWidget):
    """A designed empty state: what this is, what to do next, and at most one button for it."""

    acted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title = QLabel()
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setWordWrap(True)
        self._text = toned(QLabel(), "dim")
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._text.setWordWrap(True)
        self._button = QPushButton()
        self._button.setProperty("kind", "primary")
        self._button.clicked.connect(self.acted)
        self._button.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_S, SPACE_XL, SPACE_S)
        layout.setSpacing(SPACE_S)
        layout.addStretch(2)
        layout.addWidget(self._title)
        layout.addWidget(self._text, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(SPACE_S)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.restyle()

    @property
    def button(self) -> QPushButton:
        return self._button

    def say(self, title: str, text: str, button: str = "") -> None:
        """Show a title, one or two sentences, and a button when ``button`` names one."""
        self._title.setText(title)
        self._text.setText(text)
        self._fit()
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    def restyle(self) -> None:
        """Take fonts from the theme again."""
        self._title.setFont(self._theme.font("title"))
        self._text.setFont(self._theme.font("body"))
        self._button.setFont(self._theme.font("body"))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """A wrapping label asks for a narrow column; give it lines of a comfortable width and the height they need."""
        width = min(440, max(120, self.width() - 2 * SPACE_XL))
        self._text.setFixedSize(width, max(0, self._text.heightForWidth(width)))


class BusyLine(QWidget):
    """A thin line that moves while something is worked on. It waits a moment, so that quick work shows none."""

    DELAY_MS = 250

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._place = 0.0
        self.setFixedHeight(2)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(self.DELAY_MS)
        self._wait.timeout.connect(self._begin)
        self._motion = QVariantAnimation(self)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.setDuration(1200)
        self._motion.setLoopCount(-1)
        self._motion.valueChanged.connect(self._moved)

    @property
    def active(self) -> bool:
        """Whether the line is drawn now."""
        return self._motion.state() == QAbstractAnimation.State.Running

    @Slot(bool)
    def set_busy(self, busy: bool) -> None:
        """Start after a moment, or stop at once."""
        if busy:
            if not self.active:
                self._wait.start()
        else:
            self._wait.stop()
            self._motion.stop()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.active:
            return
        painter = QPainter(self)
        span = self.width() * 0.28
        left = self._place * (self.width() + span) - span
        colour = QColor(self._theme.palette.accent)
        painter.fillRect(QRectF(left, 0, span, self.height()), colour)
        painter.end()

    @Slot()
    def _begin(self) -> None:
        self._motion.start()

    @Slot("QVariant")
    def _moved(self, value: object) -> None:
        self._place = float(value)  # type: ignore[arg-type]
        self.update()


def weighted(font: QFont, weight: QFont.Weight) -> QFont:
    """The same font in another weight."""
    heavier = QFont(font)
    heavier.setWeight(weight)
    return heavier
