"""Pictures: opening them, their failures in words for people, and what their frames look like on paper."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps

from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.text import shown

MAX_PIXELS = 100_000_000
MAX_FRAMES = 500  # of a scanned document
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")  # Pillow reads others by starting programs


class Picture:
    """A picture file. Use as a context manager.

    Attributes:
        image: the open file, not yet decoded; for its properties.
        pages: how many pages it has: those of a TIFF. One that moves has one, its first frame.
        moves: whether it has further frames that are not read.

    Raises:
        Unreadable: ("damaged", "too large").
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.open("rb").close()  # from here on an OSError is about what the file holds
        with _decoding(path):
            self.image: Image.Image = Image.open(path, formats=_FORMATS)
            frames = int(getattr(self.image, "n_frames", 1))
        many = self.image.format == "TIFF"
        self.pages = min(frames, MAX_FRAMES) if many else 1
        self.moves = frames > self.pages
        self._check_size()

    def page(self, number: int) -> Image.Image:
        """A page (from 1) as it looks on white paper, turned as it says it is to be seen; RGB or grey.

        Raises:
            Unreadable: ("damaged", "too large").
        """
        with _decoding(self._path):
            if number > 1:
                self.image.seek(number - 1)
                self._check_size()
            return _on_white(ImageOps.exif_transpose(self.image))

    def _check_size(self) -> None:
        if self.image.width * self.image.height > MAX_PIXELS:
            raise _too_large(self._path)

    def __enter__(self) -> Picture:
        return self

    def __exit__(self, *_: object) -> None:
        self.image.close()


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    """What Pillow raises on pictures that are damaged or bombs becomes the failure of this file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (Unreadable, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise _too_large(path) from None
    except Exception:  # on damaged files, whatever its arithmetic comes to
        raise unreadable(
            "damaged",
            f"{shown(path)} is a damaged picture.",
            "Copy it again, or open it in another program and save it anew.",
        ) from None


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    if image.mode.startswith(("I", "F")):  # finer shades than 256, which a plain conversion would cut off
        values = image.convert("F")
        low, high = (float(value) for value in values.getextrema()[:2])
        return values.point(lambda shade: (shade - low) * (255 / ((high - low) or 1))).convert("L")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _too_large(path: Path) -> Unreadable:
    return unreadable(
        "too large",
        f"{shown(path)} is a picture of more than {MAX_PIXELS // 1_000_000} million pixels.",
        "Make it smaller, or cut it to the part that holds text.",
    )
