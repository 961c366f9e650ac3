"""The session keeps the library: pausing, watching, removing with undo, tidying up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_workspace import FakeWatcher, FakeWorkspace

from rankscope.app.jobs import Jobs
from rankscope.app.session import Session
from rankscope.core.api import IndexReport, RemovedDocument, UsageError, WorkspaceBusy, WorkspaceError

Details = dict[str, Any]


def runs(workspace: FakeWorkspace) -> list[tuple[tuple[Path, ...], Details]]:
    return [(call[1], call[2]) for call in workspace.calls if call[0] == "index"]


def settle(session: Session, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not session.jobs.busy() and not session.indexer.active)


@pytest.fixture
def open_session(qapp: Any, qtbot: Any) -> Any:
    """Sessions on a workspace, closed after the test."""
    made: list[Session] = []

    def make(workspace: FakeWorkspace, **options: Any) -> Session:
        session = Session(jobs=Jobs(), opener=lambda path, create: workspace)
        made.append(session)
        session.open_workspace(workspace.path, **options)
        qtbot.waitUntil(lambda: session.library is not None and session.device != "")
        return session

    yield make
    for session in made:
        assert session.close(5)


# -- pausing -----------------------------------------------------------------------------------------------------------


def test_pausing_stops_the_run_and_resuming_goes_on_with_it(
    opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    gate = workspace.hold["index"] = threading.Event()
    notices: list[str] = []
    opened.noticed.connect(notices.append)
    opened.add_sources(["/a"])
    opened.add_sources(["/b"])
    qtbot.waitUntil(lambda: opened.indexer.activity is not None)
    opened.pause_indexing()
    qtbot.waitUntil(lambda: not opened.indexer.active)
    assert opened.paused and opened.indexer.waiting == 2
    assert notices == []
    qtbot.waitUntil(lambda: workspace.paused)
    gate.set()
    opened.resume_indexing()
    settle(opened, qtbot)
    assert not workspace.paused and not opened.paused
    # The folder became a source when the run began; what was waiting is still the folder that was asked for.
    assert [paths for paths, _ in runs(workspace)] == [(Path("/a"),), (), (Path("/b"),)]


def test_what_a_person_asks_for_ends_the_pause(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    opened.pause_indexing()
    settle(opened, qtbot)
    opened.add_sources(["/a"])
    settle(opened, qtbot)
    assert Path("/a") in workspace.added
    assert not opened.paused and not workspace.paused


def test_the_pause_outlives_the_program(open_session: Callable[..., Session], qtbot: Any) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}
    workspace.hold["index"] = threading.Event()
    first = open_session(workspace)
    first.add_sources(["/a"])
    qtbot.waitUntil(lambda: first.indexer.activity is not None)
    first.pause_indexing()
    assert first.close(5)
    assert workspace.paused and workspace.unfinished
    before = len(runs(workspace))
    again = open_session(workspace)
    settle(again, qtbot)
    assert again.paused and again.changes_waiting
    assert len(runs(workspace)) == before, "it indexed although it was paused"
    workspace.hold.clear()
    again.resume_indexing()
    settle(again, qtbot)
    assert not workspace.paused and not workspace.unfinished


def test_a_pause_is_written_down_even_when_the_window_closes_at_once(opened: Session, workspace: FakeWorkspace) -> None:
    opened.pause_indexing()
    assert opened.close(5)
    assert workspace.paused


def test_pausing_and_resuming_quickly_leaves_what_was_wished_last(
    opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    gate = workspace.hold["set_paused"] = threading.Event()
    for _ in range(3):
        opened.pause_indexing()
        opened.resume_indexing()
    opened.pause_indexing()
    gate.set()
    settle(opened, qtbot)
    assert workspace.paused is True


def test_changes_heard_of_while_paused_wait(open_session: Callable[..., Session], qtbot: Any) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}
    session = open_session(workspace)
    settle(session, qtbot)
    session.pause_indexing()
    before = len(runs(workspace))
    assert not session.changes_waiting
    workspace.watchers[-1].tell(1)
    qtbot.waitUntil(lambda: session.changes_waiting)
    assert len(runs(workspace)) == before
    session.resume_indexing()
    settle(session, qtbot)
    assert len(runs(workspace)) > before and not session.changes_waiting


def test_cancelling_a_paused_run_forgets_it(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.hold["index"] = threading.Event()
    opened.add_sources(["/a"])
    qtbot.waitUntil(lambda: opened.indexer.activity is not None)
    opened.pause_indexing()
    opened.cancel_indexing()
    qtbot.waitUntil(lambda: not opened.indexer.active)
    assert opened.indexer.waiting == 0


# -- what happens on its own -------------------------------------------------------------------------------------------


def test_opening_brings_watched_sources_up_to_date_without_a_word(
    open_session: Callable[..., Session], qtbot: Any
) -> None:
    workspace = FakeWorkspace()
    workspace.added.append(Path("/docs/mail"))
    workspace.settings[1] = {"watch": True}
    notices: list[str] = []
    session = Session(jobs=Jobs(), opener=lambda path, create: workspace)
    session.noticed.connect(notices.append)
    session.open_workspace(workspace.path)
    qtbot.waitUntil(lambda: bool(runs(workspace)))
    settle(session, qtbot)
    assert runs(workspace) == [((), {"only": frozenset({1})})]
    assert notices == []
    assert session.close(5)


def test_opening_an_unwatched_workspace_does_nothing(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    settle(opened, qtbot)
    assert runs(workspace) == [] and workspace.watchers == []


@pytest.mark.parametrize("watch", [True, False])
def test_a_run_that_was_cut_off_goes_on_at_the_next_opening(
    open_session: Callable[..., Session], qtbot: Any, watch: bool
) -> None:
    workspace = FakeWorkspace()
    workspace.unfinished = True
    workspace.settings[1] = {"watch": watch}
    session = open_session(workspace)
    qtbot.waitUntil(lambda: bool(runs(workspace)))
    settle(session, qtbot)
    assert runs(workspace) == [((), {})]


def test_what_a_quiet_run_found_is_told(open_session: Callable[..., Session], qtbot: Any) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}
    session = open_session(workspace)
    settle(session, qtbot)
    report = IndexReport(7, 6, 1, 0, 0, 0, 0, 7, 1, 0.4, copies=1)
    workspace.index = lambda *args, **details: report  # type: ignore[method-assign]
    with qtbot.waitSignal(session.noticed) as told:
        workspace.watchers[-1].tell(1)
    assert told.args[0] == "Read 1 file, 1 passage, in 0 s. 1 is a copy."


def test_another_program_that_writes_is_no_failure_of_a_quiet_run(
    open_session: Callable[..., Session], qtbot: Any
) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}
    session = open_session(workspace)
    settle(session, qtbot)
    failures: list[Any] = []
    session.failed.connect(lambda *args: failures.append(args))
    workspace.errors["index"] = WorkspaceBusy("Another program is writing.")
    with qtbot.waitSignal(session.noticed) as told:
        workspace.watchers[-1].tell(1)
    assert "Another program" in told.args[0] and failures == []
    workspace.errors.clear()
    before = len(runs(workspace))
    session._later.setInterval(1)
    session._later.start()
    qtbot.waitUntil(lambda: len(runs(workspace)) > before)
    settle(session, qtbot)


def test_changes_during_a_run_lead_to_one_run_after_it(open_session: Callable[..., Session], qtbot: Any) -> None:
    workspace = FakeWorkspace()
    workspace.added.append(Path("/docs/mail"))
    workspace.settings = {1: {"watch": True}, 2: {"watch": True}}
    session = open_session(workspace)
    settle(session, qtbot)
    gate = workspace.hold["index"] = threading.Event()
    session.update_source(1)
    qtbot.waitUntil(lambda: session.indexer.activity is not None)
    before = len(runs(workspace))
    for source in (1, 2, 1, 1):
        workspace.watchers[-1].tell(source)
    qtbot.waitUntil(lambda: session.indexer.waiting == 1)
    qtbot.wait(20)
    assert session.indexer.waiting == 1
    gate.set()
    settle(session, qtbot)
    assert runs(workspace)[before:] == [((), {"only": frozenset({1, 2})})]


# -- watching ----------------------------------------------------------------------------------------------------------


def test_a_watcher_is_exchanged_when_what_it_depends_on_changes(
    open_session: Callable[..., Session], qtbot: Any
) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}
    session = open_session(workspace)
    settle(session, qtbot)
    (first,) = workspace.watchers
    session.refresh_library()
    settle(session, qtbot)
    assert workspace.watchers == [first], "it was made anew although nothing changed"
    session.configure_source(1, exclude=("drafts/",))
    qtbot.waitUntil(lambda: len(workspace.watchers) == 2 and workspace.watchers[1].started)
    assert first.stopped and not workspace.watchers[1].stopped
    session.configure_source(1, watch=False)
    qtbot.waitUntil(lambda: workspace.watchers[1].stopped)
    settle(session, qtbot)
    assert len(workspace.watchers) == 2


def test_an_exchanged_watcher_is_not_listened_to(open_session: Callable[..., Session], qtbot: Any) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}
    session = open_session(workspace)
    settle(session, qtbot)
    session.configure_source(1, exclude=("drafts/",))
    qtbot.waitUntil(lambda: len(workspace.watchers) == 2)
    settle(session, qtbot)
    before = len(runs(workspace))
    workspace.watchers[0].tell(1)
    qtbot.wait(30)
    assert len(runs(workspace)) == before


def test_one_setting_switches_all_watching_off_and_on(open_session: Callable[..., Session], qtbot: Any) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}
    session = open_session(workspace)
    settle(session, qtbot)
    session.set_watching(False)
    qtbot.waitUntil(lambda: workspace.watchers[0].stopped)
    before = len(runs(workspace))
    session.set_watching(True)
    qtbot.waitUntil(lambda: len(workspace.watchers) == 2)
    settle(session, qtbot)
    assert len(runs(workspace)) == before + 1, "what changed meanwhile was not looked for"


def test_notes_of_the_watcher_are_told_once(qapp: Any, qtbot: Any) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}
    workspace.watcher_notes = ("/docs/reports lies on a network drive; it is looked through every 30 seconds.",)
    notices: list[str] = []
    session = Session(jobs=Jobs(), opener=lambda path, create: workspace)
    session.noticed.connect(notices.append)
    session.open_workspace(workspace.path)
    qtbot.waitUntil(lambda: len(notices) == 1)
    session.configure_source(1, exclude=("a",))
    qtbot.waitUntil(lambda: len(workspace.watchers) == 2)
    settle(session, qtbot)
    assert [note for note in notices if "network drive" in note] == list(workspace.watcher_notes)
    assert session.close(5)


def test_a_watcher_that_cannot_start_costs_nothing_but_the_watching(qapp: Any, qtbot: Any) -> None:
    workspace = FakeWorkspace()
    workspace.settings[1] = {"watch": True}

    def refuse(on_change: Any) -> FakeWatcher:
        raise WorkspaceError("There are too many folders.")

    workspace.watcher = refuse  # type: ignore[method-assign]
    notices: list[str] = []
    session = Session(jobs=Jobs(), opener=lambda path, create: workspace)
    session.noticed.connect(notices.append)
    session.open_workspace(workspace.path)
    qtbot.waitUntil(lambda: bool(notices) and bool(runs(workspace)))
    assert "too many folders" in notices[0]
    settle(session, qtbot)
    assert session.close(5)


def test_closing_and_leaving_stop_the_watcher(jobs: Jobs, qtbot: Any) -> None:
    first, second = FakeWorkspace("/one"), FakeWorkspace("/two")
    for workspace in (first, second):
        workspace.settings[1] = {"watch": True}
    session = Session(jobs=jobs, opener=lambda path, create: first if path == Path("/one") else second)
    session.open_workspace("/one")
    qtbot.waitUntil(lambda: bool(first.watchers))
    session.open_workspace("/two")
    qtbot.waitUntil(lambda: first.watchers[0].stopped and bool(second.watchers))
    assert session.close(5)
    assert second.watchers[0].stopped
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rankscope-")]
    second.watchers[0].tell(1)  # a late call from its thread must not reach anything


def test_a_watcher_that_hangs_does_not_hold_the_window(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    gate = threading.Event()

    class Hanging(FakeWatcher):
        def stop(self) -> None:
            gate.wait(10)

    workspace.watcher = lambda on_change: Hanging(on_change, ())  # type: ignore[method-assign]
    opened.configure_source(1, watch=True)
    qtbot.waitUntil(lambda: opened.watch._watcher is not None)
    assert not opened.close(0.3)
    assert not workspace.closed
    gate.set()


# -- sources -----------------------------------------------------------------------------------------------------------


def test_removing_a_source_can_be_undone(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    with qtbot.waitSignal(opened.undoOffered) as offered:
        opened.remove_source(opened.sources[0])
    assert "“reports” was removed" in offered.args[0]
    assert opened.sources == ()
    settle(opened, qtbot)
    assert opened.library is not None and opened.library.sources == ()
    opened.undo_removal()
    qtbot.waitUntil(lambda: len(opened.sources) == 1)
    settle(opened, qtbot)
    assert opened.removals == []
    assert runs(workspace)[-1] == ((), {"only": frozenset({1})}), "what happened to its files meanwhile was not read"


def test_removing_does_not_wait_for_the_indexing_that_goes_on(
    opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    gate = workspace.hold["index"] = threading.Event()
    opened.add_sources(["/docs/mail"])
    qtbot.waitUntil(lambda: opened.indexer.activity is not None)
    opened.refresh_library()
    qtbot.waitUntil(lambda: len(opened.sources) == 2)
    opened.remove_source(opened.sources[1])
    qtbot.waitUntil(lambda: ("remove_source", 2) in workspace.calls)
    assert opened.indexer.active, "the run did not go on"
    gate.set()
    settle(opened, qtbot)
    assert [source.path for source in opened.sources] == ["/docs/reports"], "the run brought it back"
    assert [paths for paths, _ in runs(workspace)] == [(Path("/docs/mail"),), ()]


def test_a_source_that_cannot_be_removed_stays(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.errors["remove_source"] = WorkspaceBusy("Another program is writing.")
    with qtbot.waitSignal(opened.failed):
        opened.remove_source(opened.sources[0])
    assert len(opened.sources) == 1 and opened.removals == []


def test_a_removal_that_can_no_longer_be_undone_is_told(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.errors["bring_back_source"] = UsageError("This source can no longer be brought back.")
    opened.remove_source(opened.sources[0])
    with qtbot.waitSignal(opened.failed) as told:
        opened.undo_removal()
    assert "no longer" in told.args[0]


def test_new_patterns_are_followed_by_a_run_even_while_one_goes_on(
    opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    gate = workspace.hold["index"] = threading.Event()
    opened.add_sources([])
    qtbot.waitUntil(lambda: opened.indexer.activity is not None)
    done: list[bool] = []
    opened.configure_source(1, include=("*.pdf",), done=lambda: done.append(True))
    qtbot.waitUntil(lambda: len(runs(workspace)) == 2)
    assert done == [True]
    gate.set()
    settle(opened, qtbot)
    assert runs(workspace) == [((), {}), ((), {}), ((), {"only": frozenset({1})})]


def test_documents_are_read_again_with_passwords(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    opened.read_again([50, 51], ["open sesame"])
    assert "open sesame" not in repr(opened.indexer._present)
    settle(opened, qtbot)
    assert runs(workspace) == [((), {"again": frozenset({50, 51}), "passwords": ("open sesame",)})]


# -- tidying up --------------------------------------------------------------------------------------------------------


def test_tidying_up_tells_the_sizes(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    with qtbot.waitSignal(opened.announced) as told:
        opened.tidy_up()
    assert told.args[0] == "The workspace is tidy. It took 84 MB and now takes 61 MB."
    workspace.gone = [RemovedDocument(9, 1, "/docs/reports/a.pdf", "a", 3, "2026-11-20T09:30:00+00:00", True)]
    with qtbot.waitSignal(opened.announced) as told:
        opened.tidy_up(forget_removed=True)
    assert told.args[0].endswith("One removed document can no longer be brought back.")


def test_tidying_up_twice_at_once_happens_once(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    gate = workspace.hold["compact"] = threading.Event()
    opened.tidy_up()
    opened.tidy_up()
    gate.set()
    settle(opened, qtbot)
    assert workspace.names().count("compact") == 1


def test_indexing_waits_while_the_workspace_is_tidied_up(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    gate = workspace.hold["compact"] = threading.Event()
    opened.tidy_up()
    qtbot.waitUntil(lambda: opened.tidier.activity is not None)
    opened.add_sources(["/a"])
    assert opened.work is opened.tidier
    gate.set()
    settle(opened, qtbot)
    assert workspace.names().index("compact") < workspace.names().index("index")


def test_a_failure_of_tidying_up_is_told(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.errors["compact"] = WorkspaceError("The disk is full.", "Make room.")
    with qtbot.waitSignal(opened.failed) as told:
        opened.tidy_up()
    assert told.args[0] == "The disk is full." and not opened.tidier.active


# -- short tasks beside long ones --------------------------------------------------------------------------------------


@pytest.mark.parametrize("work", ["convert", "compact"])
def test_a_removal_goes_in_front_of_a_conversion_or_tidying_up(
    opened: Session, workspace: FakeWorkspace, qtbot: Any, work: str
) -> None:
    gate = workspace.hold[work] = threading.Event()
    notices: list[str] = []
    opened.noticed.connect(notices.append)
    opened.convert_vectors("levels", "int8") if work == "convert" else opened.tidy_up()
    qtbot.waitUntil(lambda: work in workspace.names())
    assert opened.library is not None
    opened.remove_source(opened.library.sources[0])
    qtbot.waitUntil(lambda: workspace.names().count(work) == 2)
    names = workspace.names()
    assert names.index("remove_source") < len(names) - 1 - names[::-1].index(work) and opened.work is not None
    with qtbot.waitSignal(opened.announced):
        gate.set()
    assert not any("Stopped" in text for text in notices)


def test_a_removal_that_no_job_came_to_is_done_when_everything_closes(
    qapp: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = FakeWorkspace()
    session = Session(jobs=Jobs(), opener=lambda path, create: workspace)
    session.open_workspace(workspace.path)
    qtbot.waitUntil(lambda: session.library is not None and session.device != "")
    workspace.hold["convert"] = threading.Event()
    session.convert_vectors("levels", "int8")
    qtbot.waitUntil(lambda: session.converter.activity is not None)
    monkeypatch.setattr(session.converter, "make_way", lambda: None)  # nothing lets the removal pass in time
    assert session.library is not None
    source = session.library.sources[0]
    session.remove_source(source)
    assert session.close(5)
    assert ("remove_source", source.source_id) in workspace.calls and workspace.closed


def test_a_cancelled_conversion_does_not_begin_again(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.hold["convert"] = threading.Event()
    opened.convert_vectors("levels", "int8")
    qtbot.waitUntil(lambda: opened.converter.activity is not None)
    assert opened.library is not None
    opened.remove_source(opened.library.sources[0])
    opened.cancel_work()
    settle(opened, qtbot)
    assert workspace.names().count("convert") == 1 and not opened.converter.active
