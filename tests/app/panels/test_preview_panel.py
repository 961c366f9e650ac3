"""The preview: page first, heat follows; long texts in a window; neighbours, citation, and what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from made import FakeSession, make_alignment, make_document, make_passage, make_trace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from rankscope.app.models.page_text import WINDOW
from rankscope.app.panels.preview import PreviewPanel
from rankscope.app.theme import Theme
from rankscope.core.api import DocumentText, PageView, PassageInfo

Show = Callable[..., Any]


@pytest.fixture
def panel(session: FakeSession, theme: Theme, shown: Show) -> PreviewPanel:
    return shown(PreviewPanel(session, theme), 420, 600)


def give(session: FakeSession, passage_id: int, **document: Any) -> tuple[PassageInfo, DocumentText]:
    """Select a passage of the made trace and hand its document over."""
    trace = make_trace()
    trace.passages[passage_id] = make_passage(passage_id)
    session.give_trace(trace)
    session.select(passage_id)
    info = trace.passages[passage_id]
    text = make_document(info, **document)
    session.give_document(text)
    return info, text


def draw(session: FakeSession, document: DocumentText) -> PageView:
    """Answer the newest request with a picture whose characters stand in rows of 60."""
    _document, number, width = session.asked_pages[-1]
    page = next(page for page in document.pages if page.number == number)
    scale = width / page.width
    boxes = []
    for at, letter in enumerate(document.text[page.start : page.end]):
        x, y = 40 + 8 * (at % 60), 60 + 16 * (at // 60)
        boxes.append((0, 0, 0, 0) if letter == "\n" else tuple(scale * edge for edge in (x, y, x + 8, y + 12)))
    height = round(page.height * scale)
    view = PageView(number, width, height, b"\xff" * (3 * width * height), boxes)  # type: ignore[arg-type]
    session.page_callback(view)  # type: ignore[operator]
    return view


PDF, TXT = 7, 9  # passages of a PDF and of a text file among the made ones


def test_without_a_selection_it_invites(panel: PreviewPanel) -> None:
    assert panel.notice.isVisible()
    assert not panel.controls.open_button.isVisible()


def test_a_pdf_shows_its_page_as_wide_as_the_view(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, PDF)
    assert session.asked_pages == [(document.document_id, info.page, panel.page.wanted_width)]
    assert not panel.page.has_picture
    draw(session, document)
    assert panel.page.has_picture
    assert panel.controls.page_label.text() == f"page {info.page} of {len(document.pages)}"


def test_the_heat_stands_on_its_words(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, PDF)
    view = draw(session, document)
    assert panel.page.marked_words() == []
    session.give_alignment(make_alignment(info))
    marked = panel.page.marked_words()
    assert len(marked) > 80
    page = next(page for page in document.pages if page.number == info.page)
    for word, rects in marked:
        boxes = [box for box in view.boxes[word.start - page.start : word.end - page.start] if any(box)]
        assert min(rect[0] for rect in rects) == pytest.approx(min(box[0] for box in boxes))
        assert max(rect[2] for rect in rects) == pytest.approx(max(box[2] for box in boxes))
    hottest = max(marked, key=lambda item: item[0].value)[0]
    assert document.text[hottest.start : hottest.end].lower() in {"turbine", "blade", "fatigue"}


def test_the_heat_of_another_passage_is_not_painted(panel: PreviewPanel, session: FakeSession) -> None:
    _info, document = give(session, PDF)
    draw(session, document)
    session.give_alignment(make_alignment(make_passage(8)))
    assert panel.page.marked_words() == []


def test_a_stale_picture_is_not_shown(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, PDF)
    late = session.page_callback
    panel.controls.next_page.click()
    page = document.pages[-1]
    late(PageView(info.page, 10, 10, b"\0" * 300, []))  # type: ignore[operator]
    assert not panel.page.has_picture
    assert session.asked_pages[-1][1] == page.number


def test_pages_step_and_come_back_from_memory(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, PDF)
    draw(session, document)
    assert panel.controls.previous_page.isEnabled()
    panel.controls.next_page.click()
    draw(session, document)
    assert not panel.controls.next_page.isEnabled()
    asked = len(session.asked_pages)
    panel.controls.previous_page.click()
    assert len(session.asked_pages) == asked
    assert panel.page.has_picture
    assert panel.controls.page_label.text().startswith(f"page {info.page} ")


def test_a_wider_view_asks_for_a_sharper_picture(panel: PreviewPanel, session: FakeSession, qtbot: Any) -> None:
    _info, document = give(session, PDF)
    draw(session, document)
    narrow = session.asked_pages[-1][2]
    panel.resize(800, 600)
    qtbot.waitUntil(lambda: session.asked_pages[-1][2] > narrow + 300, timeout=2000)


def test_where_no_picture_comes_the_text_is_shown(panel: PreviewPanel, session: FakeSession) -> None:
    give(session, PDF)
    session.failed.emit("The page could not be drawn.", "", "")
    assert panel.text.isVisible()
    assert panel.controls.window_note.isVisible()


def test_the_text_of_a_page_can_be_chosen(panel: PreviewPanel, session: FakeSession) -> None:
    give(session, PDF)
    panel.controls.text_button.setChecked(True)
    assert panel.text.isVisible()
    panel.controls.text_button.setChecked(False)
    assert panel.page.isVisible()


def test_the_heat_stays_while_the_same_query_is_ranked_again(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, PDF)
    draw(session, document)
    session.give_alignment(make_alignment(info))
    before = panel.page.marked_words()
    assert before
    give(session, PDF)  # another budget: the same passage, and its alignment is awaited
    assert panel.page.marked_words() == before
    session.failed.emit("It broke.", "", "")
    assert panel.page.marked_words() == []


def test_the_heat_of_another_query_goes_at_once(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, PDF)
    draw(session, document)
    session.give_alignment(make_alignment(info))
    assert panel.page.marked_words()
    session.give_trace(make_trace(query="something else", passages={PDF: info}))
    session.select(PDF)
    session.give_document(document)
    assert panel.page.marked_words() == []


def test_a_text_shows_the_passage_and_its_heat(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, TXT)
    assert panel.text.isVisible() and not panel.controls.page_label.isVisible()
    assert panel.text.toPlainText() == document.text
    session.give_alignment(make_alignment(info))
    marked = panel.text.marked_words()
    assert len(marked) > 80
    for word, painted in marked:
        assert painted == document.text[word.start : word.end]


def test_heat_stays_on_its_words_behind_astral_characters(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, TXT, before="😀𝄞" * 20)
    session.give_alignment(make_alignment(info))
    assert "😀" in document.text[: info.start]
    for word, painted in panel.text.marked_words():
        assert painted == document.text[word.start : word.end]


def test_a_long_text_is_shown_around_the_passage(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, TXT)
    lead = "A line of the long text before it.\n" * 70_000
    shifted = replace(info, start=info.start + len(lead), end=info.end + len(lead))
    session.trace.passages[TXT] = shifted  # type: ignore[union-attr]
    long = replace(document, text=lead + document.text + "\nAnd after it." * 200_000)
    assert len(long.text) > 5_000_000
    begin = time.perf_counter()
    session.give_document(long)
    panel.grab()
    assert time.perf_counter() - begin < 0.5
    shown = panel.text.toPlainText()
    assert len(shown) <= 2 * WINDOW + len(info.text)
    assert info.text in shown
    assert panel.controls.window_note.isVisible() and f"{len(long.text):,}" in panel.controls.window_note.text()
    session.give_alignment(make_alignment(shifted))
    for word, painted in panel.text.marked_words():
        assert painted == long.text[word.start : word.end]


def test_the_passage_is_in_sight(panel: PreviewPanel, session: FakeSession) -> None:
    info, _document = give(session, TXT, before="Filler line.\n" * 60)
    cursor = panel.text.cursorForPosition(panel.text.viewport().rect().center())
    assert info.start - 400 < cursor.position() < info.end


def test_a_word_of_the_heatmap_is_ringed_and_shown(panel: PreviewPanel, session: FakeSession) -> None:
    info, document = give(session, PDF)
    draw(session, document)
    session.give_alignment(make_alignment(info))
    before = panel.page.grab().toImage()
    panel.show_word(panel.page.marked_words()[3][0].start)
    assert panel.page.grab().toImage() != before
    panel.show_word(document.pages[-1].start + 1)  # a word on the next page
    assert panel.controls.page_label.text().startswith(f"page {document.pages[-1].number} ")


def test_hits_step_through_the_documents_passages_in_reading_order(panel: PreviewPanel, session: FakeSession) -> None:
    trace = make_trace()
    session.give_trace(trace)
    for item in trace.final.ids.tolist():
        session.select(item)
        hits = panel.hits()
        assert item in hits
        starts = [trace.passages[hit].start for hit in hits]
        assert starts == sorted(starts)
    several = next(item for item in trace.final.ids.tolist() if len(_same(session, item)) > 1)
    session.select(_same(session, several)[0])
    assert panel.controls.hit_label.text().startswith("hit 1 of ")
    assert not panel.controls.previous_hit.isEnabled()
    panel.controls.next_hit.click()
    assert session.selected == _same(session, several)[1]
    assert panel.controls.hit_label.text().startswith("hit 2 of ")


def _same(session: FakeSession, passage_id: int) -> list[int]:
    trace = session.trace
    assert trace is not None
    document = trace.passages[passage_id].document_id
    found = [item for item in trace.final.ids.tolist() if trace.passages[item].document_id == document]
    return sorted(found, key=lambda item: trace.passages[item].start)


def test_a_passage_beyond_the_results_can_be_stepped_from(panel: PreviewPanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    outside = next(item for item in session.trace.passages if item not in session.trace.final.ids)  # type: ignore[union-attr]
    session.select(outside)
    assert panel.controls.hit_label.text() == "not among the results"


def test_a_changed_file_is_told(panel: PreviewPanel, session: FakeSession) -> None:
    give(session, TXT)
    assert not panel.controls.warning.isVisible()
    give(session, TXT, changed=True)
    assert panel.controls.warning.isVisible()


def test_the_citation_names_text_file_and_page(panel: PreviewPanel, session: FakeSession, qtbot: Any) -> None:
    info, _document = give(session, PDF)
    with qtbot.waitSignal(panel.copied, timeout=500):
        panel.controls.cite_button.click()
    text = QGuiApplication.clipboard().text()
    assert text.startswith(f"“{info.text[:20]}")
    assert info.place and info.place in text and info.document.rsplit("/", 1)[-1] in text


def test_opening_a_file_that_is_gone_is_told(panel: PreviewPanel, session: FakeSession, qtbot: Any) -> None:
    give(session, TXT)
    with qtbot.waitSignal(session.failed, timeout=500):
        panel.controls.open_button.click()


def test_no_page_is_drawn_for_a_hidden_preview(session: FakeSession, theme: Theme, qtbot: Any) -> None:
    panel = PreviewPanel(session, theme)
    qtbot.addWidget(panel)
    give(session, PDF)
    assert session.asked_pages == []
    panel.resize(420, 600)
    panel.show()
    qtbot.waitUntil(lambda: len(session.asked_pages) >= 1)


@pytest.mark.parametrize("passage", [PDF, TXT])
def test_both_themes_draw(panel: PreviewPanel, session: FakeSession, theme: Theme, passage: int) -> None:
    info, document = give(session, passage)
    if document.pages:
        draw(session, document)
    session.give_alignment(make_alignment(info))
    theme.set_mode("dark")
    assert not panel.grab().isNull()
    theme.set_mode("light")
    assert not panel.grab().isNull()


def test_the_page_zooms_and_steps_by_keyboard(panel: PreviewPanel, session: FakeSession, qtbot: Any) -> None:
    _info, document = give(session, PDF)
    draw(session, document)
    width = panel.page.wanted_width
    qtbot.keyClick(panel.page, Qt.Key.Key_Plus)
    assert panel.page.wanted_width > width
    qtbot.keyClick(panel.page, Qt.Key.Key_0)
    assert panel.page.wanted_width == width
    qtbot.keyClick(panel.page, Qt.Key.Key_Right)
    assert panel.controls.page_label.text().startswith(f"page {document.pages[-1].number} ")
