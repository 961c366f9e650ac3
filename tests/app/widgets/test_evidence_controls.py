"""The small controls of the evidence panels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices

from rankscope.app.theme import Theme
from rankscope.app.widgets.controls import ElidedLabel, Notice, flat_button
from rankscope.app.widgets.heat import HeatScale
from rankscope.app.widgets.legend import HeatLegend
from rankscope.app.widgets.opening import citation, open_document


def test_a_notice_shows_a_button_only_when_there_is_something_to_do(theme: Theme, qtbot: Any) -> None:
    notice = Notice(theme)
    qtbot.addWidget(notice)
    notice.resize(400, 200)
    notice.show()
    notice.say("Nothing here", "A sentence that is long enough to need two lines in a notice of this width, surely.")
    assert not notice.button.isVisible()
    notice.say("Nothing here", "Do this.", "Do it")
    with qtbot.waitSignal(notice.acted, timeout=500):
        qtbot.mouseClick(notice.button, Qt.MouseButton.LeftButton)
    assert (notice.accessibleName(), notice.accessibleDescription()) == ("Nothing here", "Do this.")


def test_a_cut_label_tells_the_whole_in_its_tooltip(qtbot: Any) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("A rather long title of a document that does not fit")
    label.resize(100, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    label.grab()
    assert label.toolTip() == ""
    label.set_note("Where it lies")
    label.grab()
    assert label.toolTip() == label.accessibleDescription() == "Where it lies"


def test_a_button_without_words_has_a_name(qtbot: Any) -> None:
    button = flat_button("◀", "step", "Previous page")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Previous page"
    assert button.focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_the_legend_prints_its_range(theme: Theme, qtbot: Any) -> None:
    legend = HeatLegend(theme)
    qtbot.addWidget(legend)
    shared = legend.grab().toImage()
    legend.set_scale(HeatScale(-0.1, 0.55))
    assert "-0.10 to 0.55" in legend.accessibleName()
    legend.resize(legend.sizeHint())
    assert legend.grab().toImage() != shared


def test_opening_goes_to_the_desktop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile())) or True)
    file = tmp_path / "100 % sure #1.txt"
    assert not open_document(str(file))
    file.write_text("there")
    assert open_document(str(file))
    assert opened == [str(file)]


def test_a_citation_is_one_line_with_its_source() -> None:
    assert citation("A title", "/x/a.pdf", "page 3", "Two\n words. ") == "“Two words.” — A title (a.pdf, page 3)"
    assert citation("", "/x/a.txt", "", "Words.") == "“Words.” — a.txt"
