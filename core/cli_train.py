"""``rankscope train``: what learns on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankscope.core import cli_output as output
from rankscope.core.encoding.registry import OFFLINE_DEFAULT
from rankscope.core.errors import UsageError

if TYPE_CHECKING:
    from rankscope.core.training.meta import CurvePoint
    from rankscope.core.training.pairs import Pairs


class TrainCommand:
    """The command and its options. Defaults of the training stand in :class:`TrainSettings`."""

    def __init__(
        self,
        command: Callable[..., argparse.ArgumentParser],
        opened: Callable[[argparse.Namespace], Any],
        stop: Callable[[], Any],
    ) -> None:
        self._opened, self._stop = opened, stop
        train = command("train", self._run, "Train meta tokens for an encoder, from pairs or from your own documents.")
        train.add_argument(
            "what", choices=("meta",), help="meta: nested vectors that are read from an encoder's states"
        )
        train.add_argument(
            "--pairs", action="append", type=Path, metavar="FILE",
            help="JSON lines with query and positive, gzipped or not; may be repeated (default: the workspace's texts)",
        )  # fmt: skip
        train.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to put the trained tokens")
        train.add_argument("--encoder", default=OFFLINE_DEFAULT, metavar="NAME", help="which encoder they are for")
        train.add_argument("--most", type=int, metavar="N", help="pairs of each file")
        for name, kind, told in (
            ("steps", int, "steps of training"),
            ("batch", int, "queries in a step"),
            ("rate", float, "highest learning rate"),
            ("temperature", float, "of the scores"),
            ("contrastive", float, "weight of the contrastive loss on the pairs' labels"),
            ("distillation", float, "weight of the distillation from all tokens"),
            ("rank", int, "of the residuals"),
            ("blocks", int, "of attention before pointing"),
            ("seed", int, "the same seed and pairs give the same tokens"),
            ("every", int, "steps between two points of the curve, and between two states to go on from"),
        ):
            train.add_argument(f"--{name}", type=kind, metavar="N", help=told)

    def _run(self, arguments: argparse.Namespace) -> int:
        from rankscope.core.training.meta import TrainSettings, train

        chosen = {field.name: getattr(arguments, field.name) for field in fields(TrainSettings)}
        settings = TrainSettings(**{name: value for name, value in chosen.items() if value is not None})
        if arguments.most is not None and arguments.most < 1:
            raise UsageError(f"--most is {arguments.most}.", "It has to be at least 1.")

        def show(point: CurvePoint) -> None:
            mrr = " ".join(f"{value:.3f}" for value in point.mrr)
            output.note(f"step {point.step}: loss {sum(point.loss) / len(point.loss):.4f}, MRR@10 {mrr}")

        def run(source: Any) -> Any:
            return train(
                source,
                arguments.output,
                settings,
                most=arguments.most,
                encoder_name=arguments.encoder,
                device=arguments.device,
                progress=output.ProgressLine(),
                found=show,
                refused=_warn,
                cancelled=self._stop(),
            )

        if arguments.pairs:
            trained = run(arguments.pairs)
        else:
            with self._opened(arguments) as workspace:
                trained = run(workspace)
        output.show_training(trained.folder, [asdict(point) for point in trained.curve], arguments.json)
        return 0


def _warn(pairs: Pairs) -> None:
    if pairs.n_refused:
        output.note(f"{pairs.n_refused:,} lines are left out, such as {'; '.join(pairs.refused)}.")
