"""Colours, fonts and distances of the window, in a light and a dark form. Every widget takes them from here."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette

from rankscope.app.stylesheet import build_stylesheet

# Distances in pixels, in steps of four.
SPACE_XS = 4
SPACE_S = 8
SPACE_M = 12
SPACE_L = 16
SPACE_XL = 24
RADIUS_CARD = 8
RADIUS_CONTROL = 6
ROW_ONE_LINE = 28
ROW_TWO_LINES = 56

MODES = ("light", "dark", "system")


@dataclass(frozen=True)
class Palette:
    """The colours of one theme as "#RRGGBB".

    ``up``, ``down`` and ``accent`` are for marks (lines, arrows, bars, focus rings: at least 3:1 on panel,
    background and selection). Words and numbers written in those colours take ``up_text``, ``down_text`` and
    ``accent_text``, which reach 4.5:1. ``line`` is for hairlines between things that white space already parts,
    and ``bar`` for score bars that always stand beside their number; neither carries meaning alone.
    ``on_accent`` is the colour of words on a filled accent button; ``chip`` the ground of a chip or a hovered control.
    ``series`` are the colours of lines and marks in charts, at least 3:1 on the panel; marks also differ in shape.
    The light theme's ``dim`` and ``down`` are a shade darker than the drawn reference (#657080, #D9730D), which
    missed those ratios on a selected row.
    """

    name: str
    background: str
    panel: str
    line: str
    text: str
    dim: str
    accent: str
    selection: str
    bar: str
    up: str
    down: str
    error: str
    accent_text: str
    up_text: str
    down_text: str
    on_accent: str
    chip: str
    series: tuple[str, ...]


LIGHT = Palette(
    name="light",
    background="#F6F7F9",
    panel="#FFFFFF",
    line="#E1E5EA",
    text="#1B2430",
    dim="#606B7B",
    accent="#2F6FDE",
    selection="#E8F0FE",
    bar="#C9D8F5",
    up="#1F77B4",
    down="#D16D0A",
    error="#B3450B",
    accent_text="#2561CB",
    up_text="#1A6699",
    down_text="#A85405",
    on_accent="#FFFFFF",
    chip="#EEF1F5",
    series=("#2F6FDE", "#C96A12", "#1B8A5A", "#8A4FC7", "#C2378B", "#0E8A94", "#7A6A1F", "#606B7B"),
)

DARK = Palette(
    name="dark",
    background="#14181E",
    panel="#1C222A",
    line="#2C343F",
    text="#E6EAF0",
    dim="#93A0B0",
    accent="#6EA0FF",
    selection="#22324D",
    bar="#31486F",
    up="#62A8E5",
    down="#F0A04B",
    error="#F59E6C",
    accent_text="#7FABFF",
    up_text="#62A8E5",
    down_text="#F0A04B",
    on_accent="#0E1420",
    chip="#27303B",
    series=("#6EA0FF", "#F0A04B", "#4CC38A", "#B68CF0", "#F07FBF", "#45C4CF", "#C9B755", "#93A0B0"),
)

_PIXELS = {"query": 15.0, "body": 13.0, "small": 11.5, "title": 14.0}


def luminance(color: str) -> float:
    """Relative luminance of "#RRGGBB" as WCAG 2 defines it, from 0 (black) to 1 (white)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours "#RRGGBB", from 1 to 21 (WCAG 2)."""
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class Theme(QObject):
    """The theme in use. ``changed`` is emitted after :meth:`set_mode` or the system switched the palette."""

    changed = Signal()

    def __init__(self, mode: str = "system", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode = mode if mode in MODES else "system"
        self._fonts: dict[str, QFont] = {}
        self._palette = self._choose()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def palette(self) -> Palette:
        """The colours to draw with now."""
        return self._palette

    @property
    def mode(self) -> str:
        """What the user chose: "light", "dark" or "system"."""
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Choose "light", "dark" or "system" (follow the desktop). Raises ValueError for another name."""
        if mode not in MODES:
            raise ValueError(f"unknown theme {mode!r}")
        self._mode = mode
        self._refresh()

    def qcolor(self, name: str) -> QColor:
        """The palette's colour of that name, such as "accent". Raises AttributeError for an unknown name."""
        return QColor(getattr(self._palette, name))

    def series_color(self, number: int) -> QColor:
        """The colour of a chart's series of that number; they come round again. -1 is the quiet one."""
        series = self._palette.series
        return QColor(self._palette.dim if number < 0 else series[number % len(series)])

    def font(self, kind: str) -> QFont:
        """The platform's font in one of the sizes "query" (15 px), "body" (13), "small" (11.5), "title" (14, 600).

        Figures have equal widths where the font offers that. Raises KeyError for an unknown kind.
        """
        if kind not in self._fonts:
            self._fonts[kind] = self._make_font(kind)
        return QFont(self._fonts[kind])

    def stylesheet(self) -> str:
        """The style sheet of the whole application in the current colours."""
        return build_stylesheet(self._palette)

    def qt_palette(self) -> QPalette:
        """The current colours as Qt's roles, for what the style sheet does not reach."""
        colours = self._palette
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: colours.background,
            QPalette.ColorRole.WindowText: colours.text,
            QPalette.ColorRole.Base: colours.panel,
            QPalette.ColorRole.AlternateBase: colours.background,
            QPalette.ColorRole.Text: colours.text,
            QPalette.ColorRole.Button: colours.panel,
            QPalette.ColorRole.ButtonText: colours.text,
            QPalette.ColorRole.BrightText: colours.error,
            QPalette.ColorRole.Highlight: colours.selection,
            QPalette.ColorRole.HighlightedText: colours.text,
            QPalette.ColorRole.ToolTipBase: colours.panel,
            QPalette.ColorRole.ToolTipText: colours.text,
            QPalette.ColorRole.PlaceholderText: colours.dim,
            QPalette.ColorRole.Link: colours.accent_text,
            QPalette.ColorRole.LinkVisited: colours.accent_text,
        }
        for role, colour in roles.items():
            palette.setColor(role, QColor(colour))
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.dim))
        return palette

    def _choose(self) -> Palette:
        if self._mode == "system":
            return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
        return DARK if self._mode == "dark" else LIGHT

    def _refresh(self) -> None:
        palette = self._choose()
        if palette != self._palette:
            self._palette = palette
            self.changed.emit()

    @Slot()
    def _system_changed(self) -> None:
        self._refresh()

    @staticmethod
    def _make_font(kind: str) -> QFont:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        pixels = _PIXELS[kind]
        if pixels.is_integer():
            font.setPixelSize(int(pixels))
        else:
            # A pixel size is a whole number in Qt, a point size is not.
            screen = QGuiApplication.primaryScreen()
            dpi = screen.logicalDotsPerInchY() if screen is not None else 96.0
            font.setPointSizeF(pixels * 72.0 / dpi)
        font.setWeight(QFont.Weight.DemiBold if kind == "title" else QFont.Weight.Normal)
        if hasattr(QFont, "Tag"):
            font.setFeature(QFont.Tag("tnum"), 1)
        return font
