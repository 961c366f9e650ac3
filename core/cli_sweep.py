"""``rankscope sweep``: quality against milliseconds and bytes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rankscope.core import cli_output as output
from rankscope.core.budgets import BUDGETS, parse_budget
from rankscope.core.errors import UsageError
from rankscope.core.evaluation.collections import open_collection


class SweepCommand:
    """The command and its options."""

    def __init__(self, command: Callable[..., argparse.ArgumentParser], stop: Callable[[], Any]) -> None:
        self._stop = stop
        sweep = command("sweep", self._run, "Measure quality, time and size over budgets, codecs and first stages.")
        sweep.add_argument("collection", type=Path, metavar="COLLECTION", help="a BEIR folder or TREC files")
        sweep.add_argument("--split", default=None, help="which qrels, where there are several")
        sweep.add_argument("--budget", action="append", metavar="RQ,RC", help="may be repeated (default: all five)")
        sweep.add_argument(
            "--codec", action="append", metavar="CODEC", help="float16, int8, residual2, …; may be repeated"
        )
        sweep.add_argument(
            "--first-stage",
            action="append",
            metavar="NAME",
            help="dense, lexical, hybrid, plaid or fde; may be repeated (default: dense)",
        )
        sweep.add_argument("--tokens", action="store_true", help="also MaxSim over all token vectors")
        sweep.add_argument("--encoder", default=None, metavar="MODEL", help="default: the offline encoder")
        sweep.add_argument("--depth", type=int, default=1_000, metavar="N", help="candidates (default: 1000)")
        sweep.add_argument("--max-mb", type=float, default=None, metavar="MB", help="recommend within this size")
        sweep.add_argument("--max-ms", type=float, default=None, metavar="MS", help="recommend within this time")

    def _run(self, arguments: argparse.Namespace) -> int:
        from rankscope.core.evaluation.sweep import recommend, sweep

        found = sweep(
            open_collection(arguments.collection, split=arguments.split),
            budgets=[parse_budget(text) for text in arguments.budget] if arguments.budget else BUDGETS,
            codec_specs=arguments.codec or ("float16",),
            first_stages=arguments.first_stage or ("dense",),
            tokens=arguments.tokens,
            encoder=arguments.encoder,
            depth=arguments.depth,
            device=arguments.device,
            progress=output.ProgressLine(),
            cancelled=self._stop(),
        )
        shown = found.as_json()
        if arguments.max_mb is None and arguments.max_ms is None:
            output.show_sweep(shown, arguments.json)
            return 0
        try:
            best, why = recommend(found, max_mb=arguments.max_mb, max_ms=arguments.max_ms)
        except UsageError:  # what took so long to measure is worth seeing all the same
            output.show_sweep(shown, arguments.json)
            raise
        output.show_sweep({**shown, "recommended": {"row": found.rows.index(best), "why": why}}, arguments.json)
        return 0
