"""Pipelines: named, ordered lists of stages, read from small TOML files; running one gives a trace."""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from rankscope.core.errors import UsageError
from rankscope.core.progress import stop_if
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.stages.base import Stage
from rankscope.core.ranking.stages.registry import STAGES
from rankscope.core.ranking.trace import Ranking, StageTrace

DEFAULT = "hybrid"
# In the order in which menus and help show them.
PRESETS = ("hybrid", "late", "dense", "lexical", "plaid", "fde")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages in the order in which they run; the last one's output is the ranking."""

    name: str
    title: str
    description: str
    stages: tuple[Stage, ...]

    @property
    def needs_encoder(self) -> bool:
        return any(stage.needs_encoder for stage in self.stages)


@cache
def preset(name: str) -> Pipeline:
    """A pipeline that ships with Rankscope. Raises UsageError for an unknown name."""
    if name not in PRESETS:
        raise UsageError(f"There is no pipeline “{name}”.", f"Choose one of {', '.join(PRESETS)}, or give a TOML file.")
    text = (files("rankscope.resources") / "pipelines" / f"{name}.toml").read_text("utf-8")
    return parse(text, name)


def find(name: str) -> Pipeline:
    """A preset by name, or a pipeline file by path. Raises UsageError."""
    if not name.endswith(".toml"):
        return preset(name)
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The pipeline file {name} cannot be read ({error}).") from error
    return parse(text, Path(name).stem)


def parse(text: str, name: str) -> Pipeline:
    """Read and check a pipeline.

    Raises:
        UsageError: it is not TOML, names an unknown kind or input, or a setting is wrong; says which and where.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The pipeline “{name}” is not valid TOML: {error}.") from error
    unknown = set(table) - {"title", "description", "stage"}
    if unknown:
        raise UsageError(f"The pipeline “{name}” has an unknown key “{sorted(unknown)[0]}”.")
    entries = table.get("stage")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"The pipeline “{name}” has no stages.", "Add at least one [[stage]].")
    stages: list[Stage] = []
    for entry in entries:
        stages.append(_stage(entry, name, [stage.name for stage in stages]))
    return Pipeline(name, str(table.get("title", name)), str(table.get("description", "")), tuple(stages))


def run(pipeline: Pipeline, search: SearchContext) -> tuple[StageTrace, ...]:
    """Run every stage; one trace entry per stage. Raises Cancelled."""
    if pipeline.needs_encoder:
        _ = search.encoded  # before the first clock starts: its time is reported apart
    outputs: dict[str, Ranking] = {}
    traces = []
    for stage in pipeline.stages:
        stop_if(search.cancelled)
        start = time.perf_counter()
        result = stage.run(search, {name: outputs[name] for name in stage.inputs})
        ms = (time.perf_counter() - start) * 1e3
        outputs[stage.name] = result.ranking
        traces.append(
            StageTrace(
                name=stage.name,
                kind=stage.kind,
                title=stage.title or stage.name,
                settings=stage.settings() | result.settings,
                inputs=stage.inputs,
                entered=result.entered,
                left=len(result.ranking),
                cut=result.cut,
                ms=ms,
                output=result.ranking,
                exact=result.exact,
                bytes_read=result.bytes_read,
                note=result.note,
            )
        )
    return tuple(traces)


def _stage(entry: object, pipeline: str, earlier: list[str]) -> Stage:
    if not isinstance(entry, dict):
        raise UsageError(f"A stage of the pipeline “{pipeline}” is not a table.", "Write [[stage]].")
    settings = dict(entry)
    kind, name = settings.pop("kind", None), settings.get("name", "?")
    where = f"The stage “{name}” of the pipeline “{pipeline}”"
    if kind not in STAGES:
        raise UsageError(f"{where} has the unknown kind “{kind}”.", f"Known kinds: {', '.join(sorted(STAGES))}.")
    try:
        stage = STAGES[kind].model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    if stage.name in earlier:
        raise UsageError(f"{where} has a name that an earlier stage has.")
    missing = [wanted for wanted in stage.inputs if wanted not in earlier]
    if missing:
        raise UsageError(f"{where} reads from “{missing[0]}”, which is not an earlier stage.")
    if not stage.min_inputs <= len(stage.inputs) <= stage.max_inputs:
        raise UsageError(
            f"{where} has {len(stage.inputs)} inputs and needs {stage.min_inputs}"
            + (f" to {stage.max_inputs}." if stage.max_inputs > stage.min_inputs else ".")
        )
    return stage
