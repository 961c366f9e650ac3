"""The trace panel: clicking a stage chooses what Results compares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from made import FakeSession, make_trace
from PySide6.QtCore import Qt

from rankscope.app.panels.trace import TracePanel
from rankscope.app.theme import Theme

Show = Callable[..., Any]


@pytest.fixture
def panel(session: FakeSession, theme: Theme, shown: Show) -> TracePanel:
    return shown(TracePanel(session, theme), 1400, 240)


def parts(panel: TracePanel) -> dict[str, str]:
    return {name: card.part for name, card in panel.flow.cards.items() if card.part}


def test_it_begins_with_an_invitation(panel: TracePanel) -> None:
    assert panel.notice.isVisible()


def test_the_compared_stages_are_marked(panel: TracePanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    assert list(panel.flow.cards) == ["dense", "lexical", "fusion", "late"]
    assert parts(panel) == {"fusion": "before", "late": "after"}


def test_a_click_shows_what_a_stage_made_of_its_input(panel: TracePanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    qtbot.mouseClick(panel.flow.cards["fusion"], Qt.MouseButton.LeftButton)
    assert (session.before, session.after) == ("dense", "fusion")
    assert parts(panel) == {"dense": "before", "fusion": "after"}


def test_a_second_click_takes_the_other_input(panel: TracePanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    for expected in ("dense", "lexical", "dense"):
        qtbot.mouseClick(panel.flow.cards["fusion"], Qt.MouseButton.LeftButton)
        assert session.before == expected


def test_a_first_stage_has_nothing_before_it(panel: TracePanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    card = panel.flow.cards["lexical"]
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert (session.before, session.after) == (None, "lexical")


def test_stages_stand_from_left_to_right_without_overlap(panel: TracePanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    cards = panel.flow.cards
    assert cards["dense"].geometry().right() < cards["fusion"].geometry().left()
    assert cards["fusion"].geometry().right() < cards["late"].geometry().left()
    assert cards["dense"].geometry().bottom() < cards["lexical"].geometry().top()


def test_a_card_says_it_all_in_words(panel: TracePanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    words = panel.flow.cards["dense"].accessibleName()
    for part in ("12,408 in", "100 out", "cut at 100", "approximate", "3.1 ms", "ef 200"):
        assert part in words
    assert "shown as after" in panel.flow.cards["late"].accessibleName()
    assert "38 ms in all" in panel.waterfall.accessibleName()


def test_another_trace_replaces_the_cards(panel: TracePanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    session.give_trace(make_trace(stages=make_trace().stages[:1], notes=("Exact, as the workspace is small.",)))
    assert list(panel.flow.cards) == ["dense"]
    assert not panel.grab().isNull()
    session.give_trace(None)
    assert panel.notice.isVisible() and panel.flow.cards == {}


def test_both_themes_draw(panel: TracePanel, session: FakeSession, theme: Theme) -> None:
    session.give_trace(make_trace())
    light = panel.grab().toImage()
    theme.set_mode("dark")
    assert panel.grab().toImage() != light
