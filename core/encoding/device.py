"""Which device and precision to encode with, chosen from what this machine has."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rankscope.core.errors import UsageError

if TYPE_CHECKING:
    import torch

# Read when torch is loaded. Threads that wait for work by spinning take the cores from whoever has work: beside another
# program, scoring 1,000 candidates took 1.6 times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

NAMES = ("auto", "cuda", "mps", "xpu", "cpu")


@dataclass(frozen=True, slots=True)
class Device:
    """``name`` is torch's ("cuda", "mps", ...); ``precision`` "fp32", "bf16" or "fp16"; ``label`` is shown."""

    name: str
    precision: str
    label: str

    @property
    def dtype(self) -> torch.dtype:
        import torch

        return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[self.precision]


def choose_device(wanted: str = "auto") -> Device:
    """The device to encode on: the wanted one, or the fastest that is there (CUDA, MPS, XPU, CPU in this order).

    Raises:
        UsageError: the wanted device does not exist or is not on this machine.
    """
    if wanted not in NAMES:
        raise UsageError(f"There is no device “{wanted}”.", f"Choose one of {', '.join(NAMES)}.")
    present = {name: name == "cpu" or _is_available(name) for name in NAMES[1:]}
    if wanted != "auto":
        if not present[wanted]:
            raise UsageError(f"This machine has no {wanted.upper()} device.", "Use “auto” or “cpu”.")
        return _device(wanted)
    return _device(next(name for name, there in present.items() if there))


def respect_thread_limit() -> None:
    """Let torch use no more threads than OMP_THREAD_LIMIT allows.

    torch does not see that limit: it divides its work among threads that it then does not get, and what they should
    have done is left undone. Vectors are wrong without a word (seen with torch 2.13: cosines of 0.1 to 0.5 to the right
    ones).
    """
    import torch

    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    if limit.isdecimal() and 0 < int(limit) < torch.get_num_threads():
        torch.set_num_threads(int(limit))


def _is_available(name: str) -> bool:
    import torch

    if name == "mps":
        return torch.backends.mps.is_available()
    module = getattr(torch, name, None)
    return module is not None and module.is_available()


def _device(name: str) -> Device:
    import torch

    if name == "cuda":
        bf16 = torch.cuda.is_bf16_supported()
        return Device("cuda", "bf16" if bf16 else "fp16", f"GPU {torch.cuda.get_device_name()}")
    if name == "mps":
        return Device("mps", "fp16", "GPU Apple")
    if name == "xpu":
        return Device("xpu", "bf16", f"GPU {torch.xpu.get_device_name()}")
    precision = "bf16" if cpu_has_bf16() else "fp32"
    return Device("cpu", precision, f"CPU {precision}")


def cpu_has_bf16() -> bool:
    """True when the CPU multiplies bf16 in hardware. Elsewhere bf16 is emulated and slower than fp32."""
    import torch

    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    # torch has no public question for this yet; absent in a future version means "no", which is only slower.
    questions = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, question, lambda: False)() for question in questions)
