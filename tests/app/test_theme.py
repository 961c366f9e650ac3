"""The palettes keep their contrast, and the theme tells when it changes."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QFont

from rankscope.app.theme import DARK, LIGHT, Palette, Theme, contrast

GROUNDS = ("panel", "background", "selection", "chip")
both = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)


@both
@pytest.mark.parametrize("name", ["text", "dim", "error", "accent_text", "up_text", "down_text"])
def test_words_can_be_read_on_every_ground(palette: Palette, name: str) -> None:
    for ground in GROUNDS:
        assert contrast(getattr(palette, name), getattr(palette, ground)) >= 4.5, ground


@both
@pytest.mark.parametrize("name", ["accent", "up", "down", "error"])
def test_marks_can_be_seen_on_every_ground(palette: Palette, name: str) -> None:
    for ground in GROUNDS:
        assert contrast(getattr(palette, name), getattr(palette, ground)) >= 3.0, ground


@both
def test_marks_of_a_chart_can_be_seen_and_told_apart(palette: Palette) -> None:
    assert all(contrast(colour, palette.panel) >= 3.0 for colour in palette.series)
    assert len(set(palette.series)) == len(palette.series) >= 6


@both
def test_words_on_a_filled_button_can_be_read(palette: Palette) -> None:
    assert contrast(palette.on_accent, palette.accent) >= 4.5
    assert contrast(palette.on_accent, palette.accent_text) >= 4.5


def test_contrast_agrees_with_known_values() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == pytest.approx(1.0)


def test_the_theme_changes_once_per_change(qapp: Any) -> None:
    theme = Theme("light")
    changes: list[str] = []
    theme.changed.connect(lambda: changes.append(theme.palette.name))
    theme.set_mode("dark")
    theme.set_mode("dark")
    theme.set_mode("light")
    assert changes == ["dark", "light"]
    with pytest.raises(ValueError):
        theme.set_mode("sepia")


def test_the_style_sheet_and_qt_palette_follow_the_theme(theme: Theme) -> None:
    light = theme.stylesheet()
    assert LIGHT.accent in light
    assert "$" not in light
    theme.set_mode("dark")
    assert DARK.accent in theme.stylesheet()
    assert LIGHT.panel not in theme.stylesheet()
    assert theme.qt_palette().window().color().name().upper() == DARK.background


def test_fonts_have_the_sizes_of_the_design(theme: Theme) -> None:
    assert theme.font("query").pixelSize() == 15
    assert theme.font("body").pixelSize() == 13
    assert theme.font("small").pointSizeF() > 0
    assert theme.font("title").weight() == QFont.Weight.DemiBold
    with pytest.raises(KeyError):
        theme.font("huge")
