"""Converting the vectors: the choice, the job, and how it ends."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel

from rankscope.app.dialogs.base import choose_rows
from rankscope.app.dialogs.convert import ConvertDialog
from rankscope.app.main_window import MainWindow
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.core.api import BegunIndex, UsageError


@pytest.fixture
def dialog(opened: Session, theme: Theme, qtbot: Any) -> ConvertDialog:
    assert opened.library is not None
    dialog = ConvertDialog(opened, theme, opened.library.info)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.model.rowCount() > 0)
    return dialog


def choose(dialog: ConvertDialog, codec: str) -> None:
    choose_rows(dialog.table, [dialog.model.codecs.index(codec)])


def words(dialog: ConvertDialog) -> str:
    return " ".join(label.text() for label in dialog.findChildren(QLabel))


def test_it_begins_with_what_is_there(dialog: ConvertDialog) -> None:
    assert dialog.levels_button.isChecked() and dialog.codec == "float16"
    assert not dialog.convert_button.isEnabled() and "stored now" in words(dialog)
    row = dialog.model.codecs.index("float16")
    texts = [dialog.model.index(row, column).data() for column in range(3)]
    assert texts == ["float16  (now)", "8 bytes", "about 960 B"]  # 120 vectors of 8 bytes, as the workspace says
    QAbstractItemModelTester(dialog.model)


def test_every_codec_has_its_sentence_and_size(dialog: ConvertDialog) -> None:
    for row in range(dialog.model.rowCount()):
        texts = [dialog.model.index(row, column).data() for column in range(4)]
        assert all(texts) and texts[3].endswith(".")


def test_another_kind_changes_the_sizes(dialog: ConvertDialog, qtbot: Any) -> None:
    qtbot.keyClick(dialog.levels_button, Qt.Key.Key_Down)
    assert dialog.kind == "tokens"
    assert dialog.model.index(0, 2).data().startswith("more than")
    assert dialog.convert_button.isEnabled() and "reads every passage again" in words(dialog)


def test_converting_runs_as_a_job_that_ends_in_a_sentence(
    dialog: ConvertDialog, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    gate = workspace.hold["convert"] = threading.Event()
    choose(dialog, "int8")
    qtbot.mouseClick(dialog.convert_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: opened.converter.activity is not None)
    assert opened.work is opened.converter
    assert opened.converter.activity is not None and opened.converter.activity.what == "Converting to levels, int8"
    with qtbot.waitSignal(opened.announced) as told:
        gate.set()
    assert "levels in int8" in told.args[0]
    assert ("convert", "levels", "int8") in workspace.calls and not opened.converter.active
    qtbot.waitUntil(lambda: opened.library is not None and opened.library.info.codec == "int8")


def test_a_search_is_asked_again_after_it(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    opened.search("blade")
    qtbot.waitUntil(lambda: opened.trace is not None and not opened.jobs.busy())
    opened.select(3)
    before = workspace.names().count("search")
    with qtbot.waitSignal(opened.traceChanged):
        opened.convert_vectors("levels", "int8")
    assert workspace.names().count("search") == before + 1
    assert opened.selected == 3, "passages keep their numbers, so the one that is looked at stays"


def test_what_was_left_for_later_is_told(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.left = ("Linking them was stopped.",)
    with qtbot.waitSignal(opened.announced) as told:
        opened.convert_vectors("levels", "int8")
    assert "levels in int8" in told.args[0] and told.args[0].endswith("Linking them was stopped.")


@pytest.fixture
def begun(workspace: FakeWorkspace) -> FakeWorkspace:
    workspace.unfinished_conversion = BegunIndex("fake", "tokens", "int8")
    return workspace


def test_a_conversion_that_was_stopped_goes_on(
    begun: FakeWorkspace, dialog: ConvertDialog, opened: Session, qtbot: Any
) -> None:
    qtbot.waitUntil(dialog.go_on_button.isVisible)
    assert "tokens in int8" in words(dialog)
    with qtbot.waitSignal(opened.announced):
        qtbot.mouseClick(dialog.go_on_button, Qt.MouseButton.LeftButton)
    assert ("convert", "tokens", "int8") in begun.calls and not dialog.isVisible()


def test_a_conversion_that_was_stopped_is_given_up(
    begun: FakeWorkspace, dialog: ConvertDialog, opened: Session, qtbot: Any
) -> None:
    qtbot.waitUntil(dialog.give_up_button.isVisible)
    with qtbot.waitSignal(opened.noticed) as told:
        qtbot.mouseClick(dialog.give_up_button, Qt.MouseButton.LeftButton)
    assert ("give_up",) in begun.calls and "Given up" in told.args[0]
    assert dialog.isVisible() and not dialog.give_up_button.isVisible()


def test_another_encoder_that_was_begun_can_only_be_given_up(
    workspace: FakeWorkspace, opened: Session, theme: Theme, qtbot: Any
) -> None:
    workspace.unfinished_conversion = BegunIndex("another", "levels", "float16")
    assert opened.library is not None
    dialog = ConvertDialog(opened, theme, opened.library.info)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(dialog.give_up_button.isVisible)
    assert "another" in words(dialog) and not dialog.go_on_button.isVisible()


def test_without_one_nothing_is_offered(dialog: ConvertDialog, opened: Session, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not opened.jobs.busy())
    assert not dialog.go_on_button.isVisible() and not dialog.give_up_button.isVisible()


def test_short_levels_stay_short(opened: Session, theme: Theme, workspace: FakeWorkspace, qtbot: Any) -> None:
    assert opened.library is not None
    dialog = ConvertDialog(opened, theme, replace(opened.library.info, largest_r_c=16))
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.model.rowCount() > 0)
    choose(dialog, "int8")
    with qtbot.waitSignal(opened.announced):
        dialog.convert()
    assert ("convert", "levels16", "int8") in workspace.calls


def test_cancelling_leaves_everything_as_it_was(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.hold["convert"] = threading.Event()
    opened.convert_vectors("tokens", "float16")
    qtbot.waitUntil(lambda: opened.converter.activity is not None)
    with qtbot.waitSignal(opened.noticed) as told:
        opened.cancel_work()
    assert "as before" in told.args[0] and workspace.kind == "levels" and not opened.converter.active


def test_what_the_engine_refuses_is_told_in_its_words(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.errors["convert"] = UsageError("The codec pq96 cannot be fitted.", "Convert to tokens first.")
    with qtbot.waitSignal(opened.failed) as told:
        opened.convert_vectors("tokens", "pq96")
    assert told.args[:2] == ["The codec pq96 cannot be fitted.", "Convert to tokens first."]


def test_nothing_is_begun_while_something_is_written(
    dialog: ConvertDialog, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    choose(dialog, "int8")
    assert dialog.convert_button.isEnabled()
    gate = workspace.hold["compact"] = threading.Event()
    opened.tidy_up()
    assert not dialog.convert_button.isEnabled()
    gate.set()
    qtbot.waitUntil(lambda: dialog.convert_button.isEnabled())


def test_the_command_opens_it_and_rests_while_it_runs(
    searched: MainWindow, workspace: FakeWorkspace, qtbot: Any
) -> None:
    command = searched.actions_by_id["file.convert"]
    assert command.isEnabled()
    command.trigger()
    dialog = searched.findChild(ConvertDialog)
    assert dialog is not None and dialog.isVisible() and not dialog.isModal()
    dialog.close()
    gate = workspace.hold["convert"] = threading.Event()
    searched.session.convert_vectors("levels", "int8")
    assert not command.isEnabled() and not searched.actions_by_id["file.tidy"].isEnabled()
    qtbot.waitUntil(lambda: "Converting" in searched.status.right_text())
    assert searched.status.stop_button.isVisible() and not searched.status.pause_button.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: command.isEnabled() and "int8" in searched.banner.text())


def test_leaving_the_workspace_stops_it(opened: Session, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.hold["convert"] = threading.Event()
    opened.convert_vectors("levels", "int8")
    qtbot.waitUntil(lambda: opened.converter.activity is not None)
    opened._opener = lambda path, create: FakeWorkspace("/two")
    opened.open_workspace("/two")
    qtbot.waitUntil(lambda: workspace.closed)
    assert not opened.converter.active
