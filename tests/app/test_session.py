"""The session: one query, one selection, and nothing stale in between."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from fake_workspace import FakeWorkspace

from rankscope.app.jobs import Jobs
from rankscope.app.session import Session
from rankscope.core.api import BUDGETS, Filters, PageView, RankscopeError, WorkspaceError

QUERY = "blade fatigue"


def search(session: Session, qtbot: Any, query: str = QUERY) -> None:
    session.search(query)
    qtbot.waitUntil(lambda: session.trace is not None and session.trace.query == query)
    qtbot.waitUntil(lambda: not session.jobs.busy())


def test_opening_reads_the_library_and_warms_up(opened: Session, workspace: FakeWorkspace) -> None:
    assert opened.workspace is workspace
    assert opened.library is not None and opened.library.info.passages == 6
    assert [source.path for source in opened.library.sources] == ["/docs/reports"]
    assert opened.device == "CPU bf16"


def test_a_workspace_that_cannot_be_opened_is_told(jobs: Jobs, qtbot: Any) -> None:
    def refuse(path: Path, create: bool) -> Any:
        raise WorkspaceError(f"{path} was written by a newer Rankscope.", "Update Rankscope.")

    session = Session(jobs=jobs, opener=refuse)
    with qtbot.waitSignal(session.failed) as failure:
        session.open_workspace("/w")
        assert session.opening
    message, remedy, details = failure.args
    assert message == "/w was written by a newer Rankscope."
    assert remedy == "Update Rankscope."
    assert "WorkspaceError" in details
    assert not session.opening and session.workspace is None


def test_what_a_person_should_know_of_a_workspace_is_told(
    session: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.notes = ("Segment 3 is damaged.", "The index was rebuilt.")
    with qtbot.waitSignal(session.failed) as told:
        session.open_workspace("/w")
    assert told.args[0] == "Segment 3 is damaged.\nThe index was rebuilt."
    assert session.workspace is workspace


def test_a_search_brings_trace_selection_evidence_alignment_and_document(opened: Session, qtbot: Any) -> None:
    searching: list[bool] = []
    opened.searching.connect(searching.append)
    search(opened, qtbot)
    assert searching == [True, False]
    assert (opened.before, opened.after) == ("dense", "late")
    assert opened.selected == 6  # the last stage turned the order around
    assert set(opened.evidence) == {1, 2, 3, 4, 5, 6}
    assert opened.alignment is not None and opened.alignment.passage_id == 6
    assert opened.document is not None and opened.document.document_id == 6


def test_panels_find_the_selection_in_place_when_they_hear_of_a_trace(opened: Session, qtbot: Any) -> None:
    seen: list[int | None] = []
    opened.traceChanged.connect(lambda: seen.append(opened.selected))
    search(opened, qtbot)
    assert seen == [6]


def test_selecting_changes_alignment_and_document_everywhere(opened: Session, qtbot: Any) -> None:
    search(opened, qtbot)
    selections: list[int | None] = []
    opened.selectionChanged.connect(lambda: selections.append(opened.selected))
    opened.select(2)
    assert opened.alignment is None, "the alignment of another passage stood beside the selected one"
    assert opened.document is None
    opened.select(2)
    qtbot.waitUntil(lambda: opened.alignment is not None and opened.document is not None)
    assert opened.alignment is not None and opened.alignment.passage_id == 2
    assert opened.document is not None and opened.document.document_id == 2
    assert selections == [2]


def test_an_alignment_is_computed_once_per_passage(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    search(opened, qtbot)
    opened.select(2)
    qtbot.waitUntil(lambda: opened.alignment is not None)
    opened.select(6)
    assert opened.alignment is not None and opened.alignment.passage_id == 6
    assert workspace.names().count("explain") == 2


def test_moving_quickly_shows_only_the_last_passage(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    search(opened, qtbot)
    gate = workspace.hold["explain"] = threading.Event()
    shown: list[int] = []
    opened.alignmentChanged.connect(lambda: shown.append(opened.alignment.passage_id) if opened.alignment else None)
    for passage in (1, 2, 3, 4):
        opened.select(passage)
    gate.set()
    qtbot.waitUntil(lambda: bool(shown))
    qtbot.waitUntil(lambda: not opened.jobs.busy())
    assert shown == [4]


def test_a_newer_query_abandons_the_older_one(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    gate = workspace.hold["search"] = threading.Event()
    queries: list[str] = []
    opened.traceChanged.connect(lambda: queries.append(opened.trace.query) if opened.trace else None)
    opened.search("first")
    qtbot.waitUntil(lambda: "search" in workspace.names())
    opened.search("second")
    opened.search("third")
    gate.set()
    qtbot.waitUntil(lambda: queries == ["third"])
    assert [call[1] for call in workspace.calls if call[0] == "search"] == ["first", "third"]


def test_an_empty_query_clears_the_results(opened: Session, qtbot: Any) -> None:
    search(opened, qtbot)
    opened.search("   ")
    assert opened.trace is None and opened.selected is None
    assert opened.alignment is None and opened.document is None and opened.evidence == {}


def test_a_query_without_results_selects_nothing(opened: Session, qtbot: Any) -> None:
    search(opened, qtbot)
    search(opened, qtbot, "nothing")
    assert opened.trace is not None and len(opened.trace.final) == 0
    assert opened.selected is None and opened.alignment is None and opened.document is None


def test_another_pipeline_keeps_the_passage_that_is_looked_at(opened: Session, qtbot: Any) -> None:
    search(opened, qtbot)
    opened.select(3)
    opened.set_pipeline("late")
    qtbot.waitUntil(lambda: opened.trace is not None and opened.trace.pipeline == "late")
    assert opened.selected == 3
    search(opened, qtbot, "other words")
    assert opened.selected == 6


def test_filters_and_k_reach_the_engine(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    search(opened, qtbot)
    filters = Filters(types=("pdf",))
    opened.set_filters(filters)
    opened.set_k(25)
    qtbot.waitUntil(lambda: not opened.jobs.busy())
    assert workspace.calls[[i for i, call in enumerate(workspace.calls) if call[0] == "search"][-1]] == (
        "search",
        QUERY,
        "hybrid",
        25,
        filters,
    )


def test_stages_can_be_chosen_and_stay_for_the_next_query(opened: Session, qtbot: Any) -> None:
    search(opened, qtbot)
    with qtbot.waitSignal(opened.stagesChanged):
        opened.set_stages(None, "dense")
    assert (opened.before, opened.after) == (None, "dense")
    search(opened, qtbot, "again")
    assert (opened.before, opened.after) == (None, "dense")
    with pytest.raises(KeyError):
        opened.set_stages("dense", "no such stage")


def test_the_fate_is_asked_again_for_every_query(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    opened.ask_fate("/docs/a.pdf")
    assert opened.fate is None
    search(opened, qtbot)
    qtbot.waitUntil(lambda: opened.fate is not None)
    search(opened, qtbot, "again")
    qtbot.waitUntil(lambda: opened.fate is not None)
    assert [call[1:] for call in workspace.calls if call[0] == "fate"] == [
        (QUERY, "/docs/a.pdf"),
        ("again", "/docs/a.pdf"),
    ]


def test_only_the_newest_page_is_delivered(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    gate = workspace.hold["page_view"] = threading.Event()
    pages: list[PageView] = []
    for page in (1, 2, 3):
        opened.request_page(1, page, 100, pages.append)
    gate.set()
    qtbot.waitUntil(lambda: bool(pages))
    qtbot.waitUntil(lambda: not opened.jobs.busy())
    assert [view.page for view in pages] == [3]


def test_a_failure_of_the_engine_speaks_to_people(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.errors["search"] = RankscopeError("The index is damaged.", "Run verify.")
    with qtbot.waitSignal(opened.failed) as failure:
        opened.search(QUERY)
    assert failure.args[:2] == ["The index is damaged.", "Run verify."]


def test_a_bug_is_told_as_one_with_its_details(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.errors["search"] = ZeroDivisionError("oh")
    with qtbot.waitSignal(opened.failed) as failure:
        opened.search(QUERY)
    message, _, details = failure.args
    assert "oh" not in message
    assert "ZeroDivisionError: oh" in details


def test_sources_added_while_indexing_wait_for_their_turn(
    opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    gate = workspace.hold["index"] = threading.Event()
    opened.add_sources(["/a"])
    opened.add_sources(["/b"])
    assert opened.indexer.active and opened.indexer.waiting == 1
    gate.set()
    qtbot.waitUntil(lambda: not opened.indexer.active)
    assert [call[1] for call in workspace.calls if call[0] == "index"] == [(Path("/a"),), (Path("/b"),)]
    qtbot.waitUntil(lambda: opened.library is not None and len(opened.library.sources) == 3)


def test_cancelling_stops_the_run_and_those_that_wait(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.hold["index"] = threading.Event()
    failures: list[Any] = []
    opened.failed.connect(lambda *args: failures.append(args))
    opened.add_sources(["/a"])
    opened.add_sources(["/b"])
    qtbot.waitUntil(lambda: opened.indexer.activity is not None)
    opened.cancel_indexing()
    assert opened.indexer.stopping
    with qtbot.waitSignal(opened.noticed) as notice:
        pass
    assert "Stopped" in notice.args[0]
    assert not opened.indexer.active and opened.indexer.waiting == 0
    assert failures == []
    assert workspace.names().count("index") == 1


def test_a_failed_run_is_told_and_the_next_one_still_comes(
    opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.errors["index"] = WorkspaceError("The disk is full.", "Make room.")
    with qtbot.waitSignal(opened.failed) as failure:
        opened.add_sources(["/a"])
    assert failure.args[0] == "The disk is full."
    workspace.errors.clear()
    opened.add_sources(["/b"])
    qtbot.waitUntil(lambda: Path("/b") in workspace.added)


def test_paths_dropped_while_the_workspace_opens_are_not_lost(
    session: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    session.open_workspace("/w", add=[Path("/a")])
    session.add_sources(["/b"])
    qtbot.waitUntil(lambda: workspace.names().count("index") == 1 and not session.indexer.active)
    assert workspace.calls[workspace.names().index("index")] == ("index", (Path("/a"), Path("/b")), {})


def test_another_workspace_closes_the_first_and_forgets_its_results(jobs: Jobs, qtbot: Any) -> None:
    first, second = FakeWorkspace("/one"), FakeWorkspace("/two")
    session = Session(jobs=jobs, opener=lambda path, create: first if path == Path("/one") else second)
    session.open_workspace("/one")
    qtbot.waitUntil(lambda: session.library is not None)
    search(session, qtbot)
    session.set_filters(Filters(types=("pdf",)))
    session.open_workspace("/two")
    qtbot.waitUntil(lambda: session.workspace is second)
    assert session.filters == Filters()
    qtbot.waitUntil(lambda: first.closed)
    assert not second.closed
    # The words of the query stay; they are asked of the new workspace.
    qtbot.waitUntil(lambda: "search" in second.names() and session.trace is not None)


def test_closing_stops_indexing_and_closes_the_workspace(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.hold["index"] = threading.Event()
    opened.add_sources(["/a"])
    qtbot.waitUntil(lambda: opened.indexer.activity is not None)
    assert opened.close(5)
    assert workspace.closed
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rankscope-")]


def test_no_panel_sees_an_old_alignment_under_a_new_ranking(opened: Session, qtbot: Any) -> None:
    search(opened, qtbot)
    assert opened.alignment is not None
    seen: list[Any] = []
    opened.traceChanged.connect(lambda: seen.append(opened.alignment))
    opened.selectionChanged.connect(lambda: seen.append(opened.alignment))
    opened.set_budget(BUDGETS[1])
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [None, None]
    qtbot.waitUntil(lambda: opened.alignment is not None)


def test_the_same_budget_again_asks_nothing(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    search(opened, qtbot)
    before = workspace.names().count("search")
    opened.set_budget(opened.budget)
    qtbot.wait(20)
    assert workspace.names().count("search") == before
