"""Training meta tokens on a frozen backbone: resumable, and the same from the same seed and pairs.

Only the meta tokens learn (:mod:`rankscope.core.encoding.meta_tokens`), and they read the backbone's last states. So
the text pass is done once for all epochs (:mod:`.states`), and a plain loop over stored states trains on two CPU cores
what a trainer that encodes in every step would need a GPU for. That is why this is not ``MultiVectorEncoderTrainer``.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rankscope.core.budgets import BUDGETS
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.encoding.registry import OFFLINE_DEFAULT
from rankscope.core.errors import ModelError
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.storage.files import disk_errors, write_atomically
from rankscope.core.training.adapter import save_adapter
from rankscope.core.training.material import Material, load, neighbours, start_banks
from rankscope.core.training.pairs import Pairs, TrainingError, read_pairs, workspace_pairs
from rankscope.core.training.states import States

if TYPE_CHECKING:
    from rankscope.core.encoding.meta_tokens import MetaTokens
    from rankscope.core.workspace import Workspace

HELD_OUT = 500  # pairs that are not trained on, or a tenth where there are few
_LONGEST = 128  # tokens of a text that a step looks at; all of them are read when measuring and later in use
_CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What decides the result, beside the pairs and the encoder.

    ``contrastive`` and ``distillation`` weigh the two losses; without the first no label is used. ``batch`` queries a
    step, each with its passage and a hard negative; ``rate`` is the highest learning rate, reached after a tenth of the
    steps at most and falling by a cosine; ``rank`` and ``blocks`` are of the meta tokens.
    """

    steps: int = 3_000
    batch: int = 48
    rate: float = 1e-3
    temperature: float = 0.05
    contrastive: float = 1.0
    distillation: float = 1.0
    rank: int = 64
    blocks: int = 0
    seed: int = 0
    every: int = 250

    def check(self) -> None:
        """Raises TrainingError for a setting that makes no sense."""
        for name, least in (("steps", 1), ("batch", 2), ("rank", 1), ("blocks", 0), ("every", 1)):
            if getattr(self, name) < least:
                raise TrainingError(f"{name} is {getattr(self, name)}.", f"It has to be at least {least}.")
        if not (self.rate > 0 and self.temperature > 0):
            raise TrainingError("The learning rate and the temperature have to be above 0.")
        if min(self.contrastive, self.distillation) < 0 or not self.contrastive + self.distillation:
            raise TrainingError("The weights of the two losses have to be at least 0, and one of them above.")


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Where training stood after ``step`` steps: ``loss`` of each budget, mean since the last point, and ``mrr`` at 10
    of each budget on the pairs that are held out; ``seconds`` of training so far."""

    step: int
    loss: tuple[float, ...]
    mrr: tuple[float, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Trained:
    """The result: the adapter's folder and the whole curve."""

    folder: Path
    curve: tuple[CurvePoint, ...]


def train_meta(
    pairs: Pairs,
    output: Path,
    settings: TrainSettings | None = None,
    *,
    encoder: Encoder,
    progress: ProgressCallback = silent,
    found: Callable[[CurvePoint], None] = lambda point: None,
    cancelled: CancelledCheck = never,
) -> Trained:
    """Train meta tokens for an encoder, or go on where an earlier call with the same arguments stopped.

    Args:
        output: a folder for the adapter; what is needed to go on lies in its ``training`` until training has ended.
        found: told of every point of the curve, those of earlier calls included.

    Raises:
        Cancelled: the last state is kept; the next call goes on there.
        TrainingError: too few pairs, senseless settings, or the folder holds a training of something else.
        WorkspaceError: the disk is full or not writable.
    """
    settings = settings or TrainSettings()
    settings.check()
    if len(pairs.pairs) < 20:
        raise TrainingError(f"{len(pairs.pairs)} pairs are too few to train from.", "Give at least 20.")
    if len({pair.passage for pair in pairs.pairs}) < 2:
        raise TrainingError("All pairs have the same passage: there is nothing to tell apart.", "Give others.")
    work = output / "training"
    key = _claim(work, pairs, settings, encoder)
    run = _Run(load(pairs, work, encoder, key, progress, cancelled), settings, encoder, work)
    for point in run.curve:
        found(point)
    run.go(progress, found, cancelled)
    with disk_errors("saving the trained meta tokens", output):
        save_adapter(output, run.model, encoder.identity, asdict(settings), pairs, [asdict(p) for p in run.curve])
    curve = tuple(run.curve)
    del run  # it maps files that are no longer needed, and some systems delete no mapped file
    shutil.rmtree(work, ignore_errors=True)
    return Trained(output, curve)


def _claim(work: Path, pairs: Pairs, settings: TrainSettings, encoder: Encoder) -> str:
    """Note in the folder what is trained there, and return the key of its texts. Raises TrainingError."""
    note = {"pairs": pairs.sha256, "encoder": encoder.identity.sha256, **asdict(settings)}
    file = work / "run.json"
    with disk_errors("preparing the training", work):
        work.mkdir(parents=True, exist_ok=True)
        if file.is_file():
            there = json.loads(file.read_text("utf-8"))
            changed = sorted(name for name in note if there.get(name) != note[name])
            if changed:
                raise TrainingError(
                    f"{work} holds an unfinished training with other {', '.join(changed)}.",
                    "Go on with the same, choose another folder, or delete this one.",
                )
        write_atomically(file, json.dumps(note).encode())
    return f"{note['pairs']} {note['encoder']}"


class _Run:
    """One training: its state, and how it goes on."""

    def __init__(self, data: Material, settings: TrainSettings, encoder: Encoder, work: Path) -> None:
        import torch

        from rankscope.core.encoding.meta_tokens import MetaTokens

        self._data, self._settings, self._work = data, settings, work
        self._device, self._bf16 = encoder.device.name, encoder.device.precision == "bf16"
        order = np.random.default_rng(settings.seed).permutation(len(data.query_of))
        n_held = min(HELD_OUT, len(order) // 10 + 1)
        self._held, self._pairs = order[:n_held], order[n_held:]
        self._by_source = [self._pairs[data.sources[self._pairs] == name] for name in sorted(set(data.sources))]
        self._by_source = [part for part in self._by_source if len(part) >= 2]
        self._neighbours = neighbours(data)
        torch.manual_seed(settings.seed)
        self.model: MetaTokens = MetaTokens(encoder.identity.dim, settings.blocks, settings.rank, _heads(encoder))
        start_banks(self.model, data, settings.seed)
        self.model.to(self._device)
        self._optimizer = torch.optim.AdamW(self.model.parameters(), lr=settings.rate, weight_decay=0.01)
        self.curve: list[CurvePoint] = []
        self._step, self._seconds = 0, 0.0
        self._resume()

    def go(self, progress: ProgressCallback, found: Callable[[CurvePoint], None], cancelled: CancelledCheck) -> None:
        """Train to the end."""
        settings = self._settings
        losses: list[list[float]] = []
        began = time.monotonic() - self._seconds
        while self._step < settings.steps:
            stop_if(cancelled)
            progress(Progress(self._step, settings.steps, "meta tokens", "steps"))
            losses.append(self._one())
            self._step += 1
            if self._step % settings.every == 0 or self._step == settings.steps:
                self._seconds = time.monotonic() - began
                mean = tuple(round(float(value), 5) for value in np.mean(losses, axis=0))
                point = CurvePoint(self._step, mean, self._measured(), round(self._seconds, 1))
                losses = []
                self.curve.append(point)
                self._keep()
                found(point)
        progress(Progress(settings.steps, settings.steps, "meta tokens", "steps"))

    def _one(self) -> list[float]:
        """One step; what it draws depends on the seed and its number alone, so that a resumed run is the same."""
        import torch

        from rankscope.core.training import losses

        settings, data = self._settings, self._data
        rng = np.random.default_rng([settings.seed, 1, self._step])
        pool = self._pairs
        if self._by_source and rng.random() < 0.5:  # pairs of one source are harder to tell apart
            sizes = np.array([len(part) for part in self._by_source]) ** 0.7
            pool = self._by_source[rng.choice(len(sizes), p=sizes / sizes.sum())]
        chosen = rng.choice(pool, min(settings.batch, len(pool)), replace=False)
        right = data.passage_of[chosen]
        hard = [int(rng.choice(self._neighbours[text])) for text in right]
        passages = list(dict.fromkeys([*right.tolist(), *hard]))
        place = {text: i for i, text in enumerate(passages)}
        positives = torch.tensor([place[text] for text in right.tolist()], device=self._device)
        query, passage = (
            [part.to(self._device) for part in states.batch(texts, _LONGEST)]
            for states, texts in ((data.queries, data.query_of[chosen].tolist()), (data.passages, passages))
        )
        with torch.autocast(self._device, torch.bfloat16, enabled=self._bf16):
            with torch.no_grad():
                teacher = losses.teacher_scores(query[2], passage[2], query[0], query[1], passage[0], passage[1])
            query_vectors, weights, _ = self.model.read(*query, is_query=True)
            passage_vectors, _, _ = self.model.read(*passage, is_query=False)
            scores = losses.nested_scores(query_vectors, passage_vectors, weights.float())
        loss, parts = losses.matryoshka_loss(
            [score.float() for score in scores],
            teacher.float(),
            positives,
            temperature=settings.temperature,
            contrastive=settings.contrastive,
            distillation=settings.distillation,
        )
        for group in self._optimizer.param_groups:
            group["lr"] = settings.rate * _warm_and_fall(self._step, settings.steps)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()
        return parts

    def _measured(self) -> tuple[float, ...]:
        """MRR@10 of each budget on the held-out pairs, among their passages and as many others as four times them."""
        import torch

        from rankscope.core.training.losses import nested_scores

        data = self._data
        right = data.passage_of[self._held]
        others = np.random.default_rng(0).permutation(len(data.passages))[: 4 * len(right)]
        passages = list(dict.fromkeys([*right.tolist(), *others.tolist()]))
        place = {text: i for i, text in enumerate(passages)}
        with torch.no_grad():
            query, weights, _ = self.model.read(
                *self._on_device(data.queries, data.query_of[self._held].tolist()), is_query=True
            )
            columns = []
            for start in range(0, len(passages), 128):
                texts = passages[start : start + 128]
                vectors, _, _ = self.model.read(*self._on_device(data.passages, texts), is_query=False)
                columns.append(torch.stack(nested_scores(query, vectors, weights)))
            scores = torch.cat(columns, dim=2)  # [budgets, queries, passages]
            wanted = torch.tensor([place[text] for text in right.tolist()], device=scores.device)
            own = scores.gather(2, wanted[None, :, None].expand(len(BUDGETS), -1, 1))
            rank = (scores > own).sum(dim=2) + 1
        return tuple(round(float(value), 4) for value in torch.where(rank <= 10, 1 / rank, 0.0).mean(dim=1))

    def _on_device(self, states: States, texts: list[int]) -> list[Any]:
        return [part.to(self._device) for part in states.batch(texts)]

    def _keep(self) -> None:
        """Store all that the next call needs to go on here."""
        import io

        import torch

        data = io.BytesIO()
        state = {"model": self.model.state_dict(), "optimizer": self._optimizer.state_dict()}
        torch.save({**state, "curve": [asdict(point) for point in self.curve], "seconds": self._seconds}, data)
        with disk_errors("keeping the training's state", self._work):
            write_atomically(self._work / _CHECKPOINT, data.getvalue())

    def _resume(self) -> None:
        import torch

        file = self._work / _CHECKPOINT
        if not file.is_file():
            return
        try:
            kept = torch.load(file, map_location=self._device, weights_only=True)
            self.model.load_state_dict(kept["model"])
            self._optimizer.load_state_dict(kept["optimizer"])
        except Exception as error:
            raise TrainingError(
                f"{file} is damaged: the training cannot go on from there.", "Delete it to start the training anew."
            ) from error
        self.curve = [
            CurvePoint(point["step"], tuple(point["loss"]), tuple(point["mrr"]), point["seconds"])
            for point in kept["curve"]
        ]
        self._step, self._seconds = self.curve[-1].step, kept["seconds"]


def _warm_and_fall(step: int, steps: int) -> float:
    warm = min(100, max(1, steps // 10))
    return min(1.0, (step + 1) / warm) * max(0.02, 0.5 * (1 + math.cos(math.pi * step / steps)))


def _heads(encoder: Encoder) -> int:
    """As many attention heads as divide the encoder's dim into parts of about 64."""
    dim = encoder.identity.dim
    return max(n for n in range(1, max(1, dim // 64) + 1) if dim % n == 0)


def train(
    source: Sequence[Path] | Workspace,
    output: Path,
    settings: TrainSettings | None = None,
    *,
    most: int | None = None,
    encoder_name: str = OFFLINE_DEFAULT,
    device: str = "auto",
    progress: ProgressCallback = silent,
    found: Callable[[CurvePoint], None] = lambda point: None,
    refused: Callable[[Pairs], None] = lambda pairs: None,
    cancelled: CancelledCheck = never,
) -> Trained:
    """Read pairs from files or a workspace's own documents, load the encoder, and train; see :func:`train_meta`.

    Args:
        most: pairs of each file, or of the workspace. refused: told what was read, with what was left out and why.

    Raises:
        ModelError: the encoder cannot be loaded, or has meta tokens already. And all that :func:`train_meta` raises.
    """
    from rankscope.core.workspace import Workspace

    if isinstance(source, Workspace):
        pairs = workspace_pairs(source) if most is None else workspace_pairs(source, most)
    else:
        pairs = read_pairs(source, most)
    refused(pairs)
    encoder = Encoder.load(encoder_name, device)
    if encoder.identity.kind != "token-level":
        raise ModelError(f"“{encoder_name}” has meta tokens already.", "Train them for the encoder below.")
    return train_meta(pairs, output, settings, encoder=encoder, progress=progress, found=found, cancelled=cancelled)
