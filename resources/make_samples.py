"""Write the sample documents: the handbook "How retrieval works", in the formats that Rankscope reads.

    python resources/make_samples.py [OUTPUT]

The chapters are Markdown files in ``handbook/chapters``; OUTPUT is ``resources/samples`` unless given. Nothing is ever
deleted: files of OUTPUT that no chapter makes are named at the end. The same chapters always give the same bytes.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from rankscope.resources.handbook import paper, plain_text, web_page, word_file
from rankscope.resources.handbook.blocks import Chapter, read_chapters

HERE = Path(__file__).resolve().parent
CHAPTERS = HERE / "handbook" / "chapters"
SAMPLES = HERE / "samples"


def _render_markdown(chapter: Chapter) -> bytes:
    return chapter.body.encode()


RENDERERS = {
    "docx": word_file.render,
    "html": web_page.render,
    "md": _render_markdown,
    "pdf": paper.render,
    "txt": plain_text.render,
}


def make_samples(output: Path) -> dict[str, int]:
    """Write every chapter under ``output``; the size in bytes of each file by its path there."""
    sizes = {}
    for chapter in read_chapters(CHAPTERS):
        data = RENDERERS[chapter.format](chapter)
        path = output / chapter.folder / f"{chapter.name}.{chapter.format}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        sizes[path.relative_to(output).as_posix()] = len(data)
    return sizes


def main(arguments: list[str]) -> int:
    """Write the samples and say what was written; the exit status."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        print("usage: python resources/make_samples.py [OUTPUT]", file=sys.stderr)
        return 2
    output = Path(arguments[0]) if arguments else SAMPLES
    sizes = make_samples(output)
    for name, size in sizes.items():
        print(f"{size:>8,}  {name}")
    formats = Counter(name.rsplit(".", 1)[1] for name in sizes)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(formats.items()))
    print(f"{len(sizes)} files ({kinds}), {sum(sizes.values()):,} bytes, in {output}")
    for path in sorted(output.rglob("*")):
        if path.is_file() and path.relative_to(output).as_posix() not in sizes:
            print(f"no chapter makes {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
