"""Moving the budget slider over ten thousand passages: how often the ranking follows, and whether the window keeps up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.figures import ROOT, SHARED_DATA, Figure, Settings, below, info, say, skipped
from tests.benchmarks.slider_hand import DRAG_SECONDS, GIVE_UP_SECONDS, MOVE_MS

_COLLECTION = SHARED_DATA / "eval" / "dev" / "npl"
_DEPTHS = {"late": 100, "all": 10_000}


def run(settings: Settings) -> list[Figure]:
    """Drag the slider of the real window, offscreen, with 100 and with 10,000 candidates re-ranked at each step."""
    name = "passages re-ranked while the slider moves"
    if not _COLLECTION.is_dir():
        return [skipped(name, "evaluation data not found")]
    from rankscope.core.evaluation.collections import open_collection
    from rankscope.core.evaluation.corpus import corpus_workspace

    say("preparing npl")
    with corpus_workspace(open_collection(_COLLECTION)) as workspace:
        folder, n = workspace.path, len(workspace._vectors.current())
    return [figure for kind, depth in _DEPTHS.items() for figure in _figures(settings, folder, kind, min(depth, n))]


def _figures(settings: Settings, folder: Path, kind: str, depth: int) -> list[Figure]:
    work = settings.work / f"slider-{kind}"
    work.mkdir(parents=True)
    pipeline = work / f"{kind}.toml"
    stages = f'[[stage]]\nname = "dense"\nkind = "dense"\ndepth = {depth}\n'
    pipeline.write_text(f'title = "{kind}"\n{stages}[[stage]]\nname = "late"\nkind = "maxsim"\ninputs = ["dense"]\n')
    environment = os.environ | {
        "RANKSCOPE_CONFIG_DIR": str(work / "config"),
        "RANKSCOPE_DATA_DIR": str(work / "data"),
    }
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    say(f"moving the slider, {depth:,} candidates")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.slider_hand", str(folder), str(pipeline)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_SECONDS + 60,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the window failed: {done.stderr[-500:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found["candidates"] != depth:
        raise RuntimeError(f"{found['candidates']} candidates were re-ranked, not {depth}")
    how = (
        f"mouse events on the slider every {MOVE_MS} ms for {DRAG_SECONDS:.0f} s in the real window (Inspect layout, "
        f"offscreen), npl, each of {found['moves']} moves re-ranking {depth:,} candidates, the latest one winning"
    )
    what = f"{depth:,} candidates"
    return [
        info(
            f"rankings shown a second while the slider moves, {what}", found["rankings"] / found["seconds"], "1/s", how
        ),
        info(f"from the last move to its ranking, {what}", found["settled_ms"], "ms", how),
        below(f"UI stall while the slider moves, {what}, p99", found["p99"], 50.0, "ms", how, **found),
        info(f"UI stall while the slider moves, {what}, longest", found["max"], "ms", how),
    ]
