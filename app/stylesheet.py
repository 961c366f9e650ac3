"""The style sheet of the window as one text, made from a palette.

It sets colours, borders and distances, never fonts: those are set on the widgets, so that a panel can choose among
the sizes of the theme. Widgets say what they are through dynamic properties: ``role`` ("dim", "error", "heading",
"link", "primary", "plain", "segment", "choice", "menu", "chip", "suggestion").
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rankscope.app.theme import Palette

_SHEET = Template("""
QWidget { color: $text; }
QMainWindow, QDialog, QMessageBox { background: $background; }
QToolTip { background: $panel; color: $text; border: 1px solid $line; padding: 4px 8px; }

QFrame[card="true"] { background: $panel; border: 1px solid $line; border-radius: 8px; }
QFrame[role="banner"] { background: $panel; border: 1px solid $error; border-radius: 8px; }
QFrame[role="banner"][calm="true"] { border-color: $line; }
QFrame[role="rule"] { background: $line; border: none; max-height: 1px; min-height: 1px; }

QLabel { background: transparent; }
QLabel[role="dim"] { color: $dim; }
QLabel[role="error"] { color: $error; }

QDockWidget > QWidget { background: transparent; }
QMainWindow::separator { background: transparent; width: 12px; height: 12px; }
QMainWindow::separator:hover { background: $line; }

QToolBar { background: $panel; border: none; border-bottom: 1px solid $line; padding: 0; spacing: 0; }
QStatusBar { background: $background; border: none; }
QStatusBar::item { border: none; }

QToolButton { background: transparent; border: none; border-radius: 6px; padding: 5px 10px; color: $dim; }
QToolButton:hover { background: $chip; color: $text; }
QToolButton:disabled { color: $dim; background: transparent; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton[role="segment"] { padding: 6px 10px; border: 1px solid transparent; }
QToolButton[role="segment"]:checked { background: $selection; color: $accent_text; font-weight: 600; }
QToolButton[role="choice"] { padding: 4px 10px; border: 1px solid transparent; }
QToolButton[role="choice"]:checked { background: $selection; color: $accent_text; }
QToolButton[role="strong"] { color: $text; font-weight: 500; }
QToolButton[role="bare"] { padding: 2px; }
QToolButton:focus { border: 1px solid $accent; }

QPushButton { background: $panel; border: 1px solid $line; border-radius: 6px; padding: 6px 14px; color: $text; }
QPushButton:hover { background: $chip; }
QPushButton:pressed { background: $selection; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $dim; background: $background; }
QPushButton[role="primary"] { background: $accent; border-color: $accent; color: $on_accent; font-weight: 600; }
QPushButton[role="primary"]:hover { background: $accent_text; border-color: $accent_text; }
QPushButton[role="primary"]:focus { border: 2px solid $text; padding: 5px 13px; }
QPushButton[role="primary"]:disabled { background: $chip; border-color: $line; color: $dim; }
QPushButton[role="link"] { background: transparent; border: 1px solid transparent; padding: 2px 2px; }
QPushButton[role="link"] { color: $accent_text; }
QPushButton[role="link"]:hover { background: $chip; }
QPushButton[role="link"]:focus { border-color: $accent; }
QPushButton[role="suggestion"] { background: $background; border-radius: 14px; padding: 5px 14px; text-align: left; }
QPushButton[role="suggestion"]:hover { background: $selection; border-color: $accent; }
QPushButton[role="suggestion"]:focus { border-color: $accent; }

QLabel[role="chip"] { background: $chip; border: 1px solid $line; border-radius: 12px; padding: 3px 9px; }
QLabel[role="hollow-chip"] {
    background: transparent; border: 1px solid $line; border-radius: 12px; padding: 3px 9px; color: $dim;
}

QLineEdit { background: $panel; border: 1px solid $line; border-radius: 6px; padding: 5px 9px; color: $text;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus { border-color: $accent; }
QLineEdit[role="query"] { background: $background; border: 1px solid $line; padding: 0 13px; }
QLineEdit[role="query"]:focus { border: 1px solid $accent; }
QPlainTextEdit, QTextEdit, QTextBrowser { background: $panel; border: 1px solid $line; border-radius: 6px;
    selection-background-color: $selection; selection-color: $text; }
QPlainTextEdit:focus { border-color: $accent; }
QPlainTextEdit[role="bare"], QTextEdit[role="bare"], QTextBrowser[role="bare"] { border: none; }

QAbstractItemView { background: transparent; border: none; outline: none; color: $text;
    selection-background-color: $selection; selection-color: $text; alternate-background-color: $background; }
QTreeView::item, QListView::item { border-radius: 6px; padding: 0; }
QTreeView::item:hover, QListView::item:hover { background: $chip; }
QTreeView::item:selected, QListView::item:selected { background: $selection; color: $text; }
QTableView { gridline-color: $line; }
QHeaderView { background: transparent; }
QHeaderView::section { background: transparent; color: $dim; border: none; border-bottom: 1px solid $line;
    padding: 4px 3px; }

QCheckBox { background: transparent; spacing: 8px; padding: 2px; border: 1px solid transparent; border-radius: 6px; }
QCheckBox:focus { border-color: $accent; }
QCheckBox::indicator { width: 13px; height: 13px; border: 1px solid $dim; border-radius: 4px; background: $panel; }
QCheckBox::indicator:hover { border-color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$icons/check-$name.svg"); }

QRadioButton { background: transparent; spacing: 8px; padding: 2px; border: 1px solid transparent;
    border-radius: 6px; }
QRadioButton:focus { border-color: $accent; }
QRadioButton::indicator { width: 13px; height: 13px; border: 1px solid $dim; border-radius: 7px; background: $panel; }
QRadioButton::indicator:hover { border-color: $accent; }
QRadioButton::indicator:checked { border: 4px solid $accent; width: 7px; height: 7px; border-radius: 7px; }

QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $dim; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QProgressBar { background: $line; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $dim; border: none; border-bottom: 2px solid transparent;
    padding: 10px 2px 4px 2px; margin: 0 12px; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $accent_text; border-bottom: 2px solid $accent; font-weight: 600; }
QTabBar::tab:focus { color: $text; }

QMenu { background: $panel; border: 1px solid $line; padding: 6px; }
QMenu::item { padding: 6px 24px 6px 24px; border-radius: 6px; color: $text; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $dim; }
QMenu::separator { height: 1px; background: $line; margin: 6px 8px; }
QMenu::indicator { left: 6px; }

QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $line; }
QComboBox { background: $panel; border: 1px solid $line; border-radius: 6px; padding: 4px 10px; }
QComboBox:focus { border-color: $accent; }
""")


def icons_folder() -> Path:
    """The folder of the icons that come with Rankscope."""
    return Path(str(files("rankscope.resources"))) / "icons"


def build_stylesheet(palette: Palette) -> str:
    """Qt style sheet for the whole application in the palette's colours."""
    return _SHEET.substitute(vars(palette), icons=icons_folder().as_posix())
