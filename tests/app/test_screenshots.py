"""Pictures of the real window on a real workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from rankscope.app import screenshots
from rankscope.app.theme import DARK, LIGHT

SIZE = (1200, 800)
SMALL_QUERY = "late interaction"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layout", "theme"),
    [("search", "light"), ("budget", "dark"), ("fate", "dark"), ("sweep", "dark"), ("train", "light")],
)
def test_a_picture_of_an_answered_query(
    qapp: Any, sample_workspace: Any, tmp_path: Path, layout: str, theme: str
) -> None:
    file = tmp_path / "deep" / "picture.png"
    screenshots.render(file, sample_workspace.path, SMALL_QUERY, theme=theme, layout=layout, size=SIZE)
    picture = QImage(str(file))
    assert (picture.width(), picture.height()) == SIZE
    palette = DARK if theme == "dark" else LIGHT
    assert picture.pixelColor(5, 400).name().upper() == palette.background
    results = picture.copy(300, 200, 400, 300)
    colours = {results.pixelColor(x, y).rgb() for x in range(0, 400, 3) for y in range(0, 300, 3)}
    assert len(colours) > 12, "there are no results in the picture"


def test_a_picture_of_the_first_run(qapp: Any, tmp_path: Path) -> None:
    file = tmp_path / "first.png"
    screenshots.render(file, tmp_path, "", theme="light", layout="first-run", size=SIZE)
    picture = QImage(str(file))
    accent = [
        (x, y)
        for x in range(300, 900, 4)
        for y in range(200, 600, 4)
        if picture.pixelColor(x, y).name().upper() == LIGHT.accent
    ]
    assert accent, "the invitation has no button"


def test_an_unknown_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sideways"):
        screenshots.render(tmp_path / "x.png", tmp_path, "q", theme="light", layout="sideways")


def test_a_missing_workspace_is_told_in_one_line(qapp: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert screenshots.main([str(tmp_path / "out"), "--workspace", str(tmp_path / "gone")]) == 1
    error = capsys.readouterr().err
    assert "gone" in error and "Traceback" not in error
