"""The commands that look after what is in a workspace: indexing, watching, patterns, duplicates, what was removed."""

from __future__ import annotations

import argparse
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rankscope.core import cli_library_output as library_output
from rankscope.core import cli_output as output
from rankscope.core.documents.patterns import Patterns
from rankscope.core.errors import UsageError
from rankscope.core.storage.paths import displayed, existing

Opener = Callable[..., Any]  # opens the workspace that the arguments name
Command = Callable[..., argparse.ArgumentParser]


_KINDS = "levels (for every budget), levels16 (up to 16 vectors a passage) or tokens (every token's vector)"
_KIND_NAMES = ("levels", "levels16", "tokens")
_CODECS = "float32, float16, float8, int8, binary, residual1|2|4, pq48|96|192, each also behind pcaN+ or truncateN+"


class LibraryCommands:
    """Adds the commands to the parser and runs them.

    Args:
        command: makes a sub-parser: ``command(name, run, help)``.
        open_workspace: ``open_workspace(arguments, create=..., encoder=...)``.
        stop: makes a cancelled check that turns True at the first Ctrl+C.
    """

    def __init__(self, command: Command, open_workspace: Opener, stop: Callable[[], Callable[[], bool]]) -> None:
        self._open = open_workspace
        self._stop = stop
        index = command("index", self._index, "Add folders or files and bring the index up to date.")
        index.add_argument(
            "paths", nargs="*", type=Path, metavar="PATH", help="none: all sources that were added before"
        )
        index.add_argument("--encoder", default=None, metavar="MODEL", help="for a new workspace: a folder or hub name")
        index.add_argument("--vectors", choices=_KIND_NAMES, default="levels", help=f"{_KINDS}, when new")
        index.add_argument("--retry", action="store_true", help="read again what could not be read")
        index.add_argument("--password-file", type=Path, metavar="FILE", help="passwords to try, one per line")
        _add_patterns(index, "of PATH")
        watch = command("watch", self._watch, "Keep the index up to date until stopped (Ctrl+C).")
        watch.add_argument("--poll", action="store_true", help="look by oneself instead of being told by the system")
        command("sources", self._sources, "Show the sources, with what was skipped in each.")
        source = command("source", self._source, "Change a source: its patterns, whether it is watched, or remove it.")
        source.add_argument(
            "source", metavar="SOURCE", help="its number or its path, as “rankscope sources” shows them"
        )
        _add_patterns(source, "of the source; an empty one removes all")
        source.add_argument("--watch", choices=("on", "off"), help="whether “watch” and the window follow its changes")
        source.add_argument("--remove", action="store_true", help="take it out of the index; its files stay")
        source.add_argument("--bring-back", action="store_true", help="undo --remove (by number)")
        match = command(
            "match", self._match, "Show which files below a folder patterns would take, and why not the others."
        )
        match.add_argument("folder", type=Path, metavar="FOLDER")
        match.add_argument(
            "--limit", type=int, default=2_000, metavar="N", help="at most so many files (default: 2000)"
        )
        _add_patterns(match, "to try")
        command("duplicates", self._duplicates, "Show files of the same content, of which results show one.")
        removed = command("removed", self._removed, "Show what was removed and can be brought back.")
        removed.add_argument(
            "--bring-back", nargs="+", type=int, default=[], metavar="ID", help="documents to bring back"
        )
        compact = command("compact", self._compact, "Tidy a workspace: merge its segments, and give back unused space.")
        compact.add_argument("--forget-removed", action="store_true", help="also forget what could be brought back")
        switch = command("switch", self._switch, "Change the encoder: a new index is built beside the old one.")
        switch.add_argument("encoder", metavar="MODEL", help="a folder, a hub name, or the name of a shipped encoder")
        convert = command("convert", self._convert, "Store the vectors in another way, beside the old ones.")
        convert.add_argument("--codec", default=None, metavar="CODEC", help=_CODECS)
        convert.add_argument("--give-up", action="store_true", help="drop what an unfinished conversion has built")
        convert.add_argument("--vectors", choices=_KIND_NAMES, default=None, help=_KINDS)

    def _index(self, arguments: argparse.Namespace) -> int:
        from rankscope.core.encoding.registry import OFFLINE_DEFAULT

        for path in arguments.paths:
            existing(path)  # before a workspace is made for nothing
        passwords = _passwords(arguments.password_file)
        stop = self._stop()
        encoder = arguments.encoder or OFFLINE_DEFAULT
        with self._open(
            arguments, create=bool(arguments.paths), encoder=encoder, vectors=arguments.vectors
        ) as workspace:
            again = [one.document_id for one in workspace.documents(status="failed")] if arguments.retry else []
            report = workspace.index(
                arguments.paths,
                patterns=_patterns(arguments),
                again=again,
                passwords=passwords,
                progress=output.ProgressLine(),
                cancelled=stop,
            )
            library_output.show_index(report, workspace.documents(status="failed"), workspace.sources(), arguments.json)
        return 0

    def _watch(self, arguments: argparse.Namespace) -> int:
        stop = self._stop()
        changes: queue.SimpleQueue[frozenset[int]] = queue.SimpleQueue()
        polling = True if arguments.poll else None
        with self._open(arguments) as workspace, workspace.watcher(changes.put, polling=polling) as watcher:
            for text in watcher.notes:
                output.note(text)
            only = None
            while not stop():
                report = workspace.index(only=only, progress=output.ProgressLine(), cancelled=stop)
                if only is None or report.added or report.changed or report.removed or report.restored:
                    library_output.show_index(report, workspace.documents(status="failed"), (), arguments.json)
                only = _next_change(changes, stop)
        return 0

    def _sources(self, arguments: argparse.Namespace) -> int:
        with self._open(arguments) as workspace:
            library_output.show_sources(workspace.sources(), arguments.json)
        return 0

    def _source(self, arguments: argparse.Namespace) -> int:
        with self._open(arguments) as workspace:
            if arguments.bring_back:
                workspace.bring_back_source(_number(arguments.source))
            else:
                source_id = _source_id(workspace, arguments.source)
                if arguments.remove:
                    workspace.remove_source(source_id)
                    output.note(f"undo this with “rankscope source {source_id} --bring-back”")
                else:
                    workspace.configure_source(
                        source_id,
                        include=_given(arguments.include),
                        exclude=_given(arguments.exclude),
                        watch=None if arguments.watch is None else arguments.watch == "on",
                    )
            library_output.show_sources(workspace.sources(), arguments.json)
        return 0

    def _match(self, arguments: argparse.Namespace) -> int:
        from rankscope.core.documents.scan import tested

        folder = existing(arguments.folder)
        found = list(tested(folder, _patterns(arguments) or Patterns(), arguments.limit, self._stop()))
        library_output.show_match(found, arguments.limit, arguments.json)
        return 0

    def _duplicates(self, arguments: argparse.Namespace) -> int:
        with self._open(arguments) as workspace:
            library_output.show_duplicates(workspace.duplicates(), arguments.json)
        return 0

    def _removed(self, arguments: argparse.Namespace) -> int:
        with self._open(arguments) as workspace:
            if arguments.bring_back:
                known = {one.document_id for one in workspace.removed()}
                unknown = [str(one) for one in arguments.bring_back if one not in known]
                if unknown:
                    raise UsageError(
                        f"No removed document has the id {', '.join(unknown)}.", "See “rankscope removed”."
                    )
                workspace.bring_back(arguments.bring_back)
            library_output.show_removed(workspace.removed(), arguments.json)
        return 0

    def _compact(self, arguments: argparse.Namespace) -> int:
        stop = self._stop()
        with self._open(arguments) as workspace:
            report = workspace.compact(
                progress=output.ProgressLine(), cancelled=stop, forget_removed=arguments.forget_removed
            )
            library_output.show_compact(report, arguments.json)
        return 0

    def _switch(self, arguments: argparse.Namespace) -> int:
        stop = self._stop()
        with self._open(arguments) as workspace:
            info = workspace.switch_encoder(arguments.encoder, progress=output.ProgressLine(), cancelled=stop)
            output.show_info(info, workspace.sources(), arguments.json)
        return 0

    def _convert(self, arguments: argparse.Namespace) -> int:
        stop = self._stop()
        if arguments.give_up and (arguments.vectors or arguments.codec):
            raise UsageError("Something is either converted or given up.", "Leave out --give-up, or the other options.")
        with self._open(arguments) as workspace:
            if arguments.give_up:
                info = workspace.give_up()
            else:
                progress = output.ProgressLine()
                info = workspace.convert(arguments.vectors, arguments.codec, progress=progress, cancelled=stop)
            output.show_info(info, workspace.sources(), arguments.json)
        return 0


def _add_patterns(parser: argparse.ArgumentParser, whose: str) -> None:
    for name, what in (("include", "take only files that match"), ("exclude", "leave out files that match")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=None,
            metavar="PATTERN",
            help=f"{what} (as in .gitignore: “*.pdf”, “drafts/”) {whose}; may be repeated",
        )


def _given(patterns: list[str] | None) -> tuple[str, ...] | None:
    return None if patterns is None else tuple(one for one in patterns if one.strip())


def _patterns(arguments: argparse.Namespace) -> Patterns | None:
    include, exclude = _given(arguments.include), _given(arguments.exclude)
    return None if include is None and exclude is None else Patterns(include or (), exclude or ())


def _passwords(file: Path | None) -> tuple[str, ...]:
    if file is None:
        return ()
    try:
        return tuple(line for line in existing(file).read_text("utf-8").splitlines() if line)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The password file {displayed(str(file))} cannot be read.", "Save it as UTF-8.") from error


def _next_change(changes: queue.SimpleQueue[frozenset[int]], stop: Callable[[], bool]) -> frozenset[int]:
    """The sources that have changed, as soon as some have; looks for a stop twice a second."""
    found: frozenset[int] = frozenset()
    while not found and not stop():
        try:
            found = changes.get(timeout=0.5)
            while not changes.empty():
                found |= changes.get()
        except queue.Empty:
            continue
    return found


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"“{text}” is not the number of a source.", "See “rankscope sources”.") from None


def _source_id(workspace: Any, text: str) -> int:
    known = workspace.sources()
    if text.isdecimal():
        wanted = [one for one in known if one.source_id == int(text)]
    else:
        path = displayed(str(Path(text).expanduser().resolve()))
        wanted = [one for one in known if one.path in (text, path)]
    if not wanted:
        raise UsageError(f"There is no source “{displayed(text)}” in this workspace.", "See “rankscope sources”.")
    return int(wanted[0].source_id)
