"""Similarity as colour: readable, monotone, on one scale."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from rankscope.app.theme import DARK, LIGHT
from rankscope.app.widgets.heat import MAP, SHARED, HeatScale, dark_ink, luminance


def test_brighter_always_means_more() -> None:
    assert (np.diff(luminance(MAP[::5])) > 0).all()
    assert (np.diff(luminance(MAP)) > -1e-3).all()  # single steps are rounded to whole channels


def test_text_on_any_cell_reaches_the_contrast_of_wcag() -> None:
    light = luminance(MAP)
    ink = np.where(dark_ink(MAP), 0.0, 1.0)
    contrast = (np.maximum(light, ink) + 0.05) / (np.minimum(light, ink) + 0.05)
    assert contrast.min() >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_on_heat_over_paper_stays_readable(palette: object) -> None:
    colours = SHARED.on_paper(np.linspace(0, 1, 101), QColor(palette.panel))  # type: ignore[attr-defined]
    light = luminance(colours)
    ink = np.where(dark_ink(colours), 0.0, 1.0)
    contrast = (np.maximum(light, ink) + 0.05) / (np.minimum(light, ink) + 0.05)
    assert contrast.min() >= 4.5


def test_black_print_stays_readable_on_a_painted_page() -> None:
    colours = SHARED.on_paper(np.linspace(0, 1, 101), QColor("#FFFFFF"))
    assert ((luminance(colours) + 0.05) / 0.05).min() >= 7


def test_low_heat_is_bare_paper() -> None:
    paper = QColor("#FFFFFF")
    assert SHARED.on_paper(np.array([0.0, 0.3]), paper).tolist() == [[255, 255, 255], [255, 255, 255]]


def test_values_beyond_the_scale_take_its_ends() -> None:
    colours = HeatScale(0.3, 1.0).colours(np.array([-1.0, 0.3, 1.0, 7.0, np.nan]))
    assert colours[0].tolist() == colours[1].tolist() == colours[4].tolist() == MAP[0].tolist()
    assert colours[2].tolist() == colours[3].tolist() == MAP[-1].tolist()


def test_the_own_scale_is_the_range_of_the_values() -> None:
    scale = HeatScale.of(np.array([[0.1, np.nan], [0.4, 0.2]]))
    assert (scale.low, scale.high) == (0.1, 0.4)
    assert HeatScale.of(np.array([])) == HeatScale()
    flat = HeatScale.of(np.array([0.5, 0.5]))
    assert flat.high > flat.low
