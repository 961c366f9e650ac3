"""The command line: the same engine, for scripts, servers and CI.

Every command takes ``--workspace DIR``, prints for people by default and one JSON object with ``--json`` (progress
goes to stderr), and exits with 0 on success, 1 on a failure that it explains in one line on stderr, 2 on wrong usage.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rankscope.core import cli_output as output
from rankscope.core.budgets import Budget, parse_budget
from rankscope.core.cli_library import LibraryCommands
from rankscope.core.cli_sweep import SweepCommand
from rankscope.core.cli_train import TrainCommand
from rankscope.core.errors import Cancelled, RankscopeError, UsageError
from rankscope.core.places import default_workspace
from rankscope.core.ranking.filters import Filters
from rankscope.core.storage.paths import given
from rankscope.core.version import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names hold characters that some terminals do not know
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    if arguments.run is None:
        from rankscope.app.main import main as open_window

        return open_window(["--workspace", str(arguments.workspace)] if arguments.workspace else [])
    try:
        return int(arguments.run(arguments) or 0)
    except UsageError as error:
        output.complain(error)
        return 2
    except Cancelled:
        output.complain(Cancelled("Stopped; what was committed stays."))
        return 1
    except RankscopeError as error:
        output.complain(error)
        return 1
    except KeyboardInterrupt:
        output.complain(Cancelled("Stopped; what was committed stays."))
        return 130
    except BrokenPipeError:  # the reader of our output has gone, e.g. "| head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rankscope",
        description="Search your own documents on your own machine, and see exactly why each result ranks where it "
        "does. Without a command, opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"rankscope {__version__}")
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="the workspace to use (default: your own)")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    common = argparse.ArgumentParser(add_help=False)
    # SUPPRESS, so that "rankscope --workspace X search ..." is not overwritten by this parser's default.
    common.add_argument("--workspace", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="the workspace to use")
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--device", default="auto", help="auto, cuda, mps, xpu or cpu (default: auto)")

    ranking = argparse.ArgumentParser(add_help=False)
    ranking.add_argument(
        "--pipeline", default="hybrid", metavar="P", help="hybrid, late, dense, lexical, plaid, fde or a TOML file"
    )
    ranking.add_argument(
        "--budget",
        default=None,
        metavar="RQ,RC",
        help="how many vectors of the query and of each candidate take part: 1,1 to 16,64, fast, balanced or thorough",
    )
    limits = argparse.ArgumentParser(add_help=False)
    limits.add_argument("-k", type=int, default=10, help="how many results (default: 10)")
    limits.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="WHAT=VALUE",
        help="path=GLOB, type=pdf,docx, from=YYYY-MM-DD, to=YYYY-MM-DD; may be repeated",
    )

    def command(name: str, run: Any, help_text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=help_text, parents=[common, *parents])
        sub.set_defaults(run=run)
        return sub

    LibraryCommands(command, _open, _stop_on_signals)
    search = command("search", _search, "Search for passages.", ranking, limits)
    search.add_argument("query", metavar="QUERY")
    search.add_argument("--compare", action="store_true", help="the ranking before and after the last stage, and why")
    explain = command("explain", _explain, "Show why a passage has its score.", ranking)
    explain.add_argument("query", metavar="QUERY")
    explain.add_argument("--passage", type=int, required=True, metavar="ID")
    fate = command("fate", _fate, "Show where a document went.", ranking, limits)
    fate.add_argument("query", metavar="QUERY")
    fate.add_argument("--document", required=True, metavar="PATH")
    evaluation = command("eval", _eval, "Measure pipelines on a collection (BEIR folder or TREC files).")
    evaluation.add_argument("collection", type=Path, metavar="COLLECTION")
    evaluation.add_argument("--pipeline", action="append", metavar="P", help="may be repeated (default: all presets)")
    evaluation.add_argument("--split", default=None, help="which qrels, where there are several")
    evaluation.add_argument("--chunk", action="store_true", help="cut entries as documents are cut")
    evaluation.add_argument("--budget", default=None, metavar="RQ,RC", help="for late interaction, as for search")
    evaluation.add_argument("--vectors", choices=("levels", "tokens"), default="levels", help="default: levels")
    evaluation.add_argument("--encoder", default=None, metavar="MODEL", help="default: the offline encoder")
    evaluation.add_argument("--run", dest="run_file", type=Path, metavar="FILE", help="write a TREC run file")
    SweepCommand(command, _stop_on_signals)
    TrainCommand(command, _open, _stop_on_signals)
    command("info", _info, "Show what is in a workspace.")
    verify = command("verify", _verify, "Check that a workspace is whole.")
    verify.add_argument("--repair", action="store_true", help="repair what can be repaired")
    return parser


def _search(arguments: argparse.Namespace) -> int:
    with _open(arguments) as workspace:
        trace = workspace.search(
            arguments.query,
            pipeline=arguments.pipeline,
            k=arguments.k,
            filters=_filters(arguments.filter),
            budget=_budget(arguments),
            progress=output.ProgressLine(),
        )
        if arguments.compare and not arguments.json:
            output.show_compare(trace, workspace.evidence(trace, trace.final.ids.tolist()))
        else:
            output.show_search(trace, arguments.json)
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    with _open(arguments) as workspace:
        alignment = workspace.explain(
            arguments.query, arguments.passage, pipeline=arguments.pipeline, budget=_budget(arguments)
        )
        output.show_explain(alignment, arguments.json)
    return 0


def _fate(arguments: argparse.Namespace) -> int:
    with _open(arguments) as workspace:
        fate = workspace.fate(
            arguments.query,
            arguments.document,
            pipeline=arguments.pipeline,
            k=arguments.k,
            filters=_filters(arguments.filter),
            budget=_budget(arguments),
        )
        output.show_fate(fate, arguments.json)
    return 0


def _eval(arguments: argparse.Namespace) -> int:
    from rankscope.core.evaluation.collections import open_collection
    from rankscope.core.evaluation.evaluate import evaluate
    from rankscope.core.ranking.pipeline import PRESETS

    collection = open_collection(arguments.collection, split=arguments.split)
    result = evaluate(
        collection,
        arguments.pipeline or list(PRESETS),
        chunk=arguments.chunk,
        device=arguments.device,
        vectors=arguments.vectors,
        encoder=arguments.encoder,
        budget=_budget(arguments),
        progress=output.ProgressLine(),
        cancelled=_stop_on_signals(),
    )
    if arguments.run_file is not None:
        for written in result.write_run(arguments.run_file):
            output.note(f"wrote {written}")
    for text in result.notes:
        output.note(text)
    output.show_eval(result.as_json(), arguments.json)
    return 0


def _info(arguments: argparse.Namespace) -> int:
    with _open(arguments) as workspace:
        output.show_info(workspace.info(), workspace.sources(), arguments.json)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from rankscope.core.verify import repair, verify

    folder = given(_workspace_path(arguments))
    done = repair(folder, output.ProgressLine(), _stop_on_signals(), arguments.device) if arguments.repair else []
    report = verify(folder, output.ProgressLine())
    output.show_verify(report, done, arguments.json)
    return 0 if report.whole else 1


def _workspace_path(arguments: argparse.Namespace) -> Path:
    return arguments.workspace or default_workspace()


def _open(arguments: argparse.Namespace, **options: Any) -> Any:
    from rankscope.core.workspace import Workspace

    workspace = Workspace.open(_workspace_path(arguments), device=arguments.device, **options)
    for note in workspace.notes:
        output.note(note)
    return workspace


def _budget(arguments: argparse.Namespace) -> Budget | None:
    return parse_budget(arguments.budget) if arguments.budget else None


def _filters(given: Sequence[str]) -> Filters:
    names = {"path": "path", "type": "types", "from": "modified_from", "to": "modified_to"}
    fields: dict[str, Any] = {}
    for item in given:
        what, sign, value = item.partition("=")
        if not sign or what not in names:
            raise UsageError(f"The filter “{item}” is not understood.", f"Write one of {'=, '.join(names)}=.")
        if what == "type":
            fields["types"] = (*fields.get("types", ()), *(part.strip().lower() for part in value.split(",")))
        else:
            fields[names[what]] = value
    return Filters(**fields)


def _stop_on_signals() -> Any:
    """A cancelled check that turns True at the first Ctrl+C or SIGTERM, so that the batch in flight ends cleanly."""
    stopped: list[int] = []

    def stop(number: int, frame: Any) -> None:
        if stopped:  # the second time is meant
            raise KeyboardInterrupt
        stopped.append(number)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    return lambda: bool(stopped)


if __name__ == "__main__":
    sys.exit(main())
