"""Small made-up collections."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

ENTRIES: dict[str, tuple[str, str]] = {
    "kettle": ("Kettles", "An electric kettle boils a litre of water in about three minutes."),
    "tea pot": ("Teapots", "A teapot keeps tea warm when it is covered with a cosy."),
    "glacier": ("Glaciers", "A glacier is a river of ice that moves a few metres every year."),
    "iceberg": ("", "An iceberg has broken off a glacier and floats in the sea."),
    "violin": ("Violins", "The violin has four strings that are tuned in fifths and played with a bow."),
    "cello": (
        "Cellos",
        "The cello is played sitting, held between the knees; its strings sound an octave below a viola.",
    ),
    "rye": ("Rye bread", "Rye flour has little gluten, so rye bread is dense and is raised with sourdough."),
    "yeast": ("Yeast", "Yeast ferments sugar and makes the gas that raises bread dough."),
    "fox": ("Foxes", "The red fox hunts mice in the fields at night."),
    "owl": ("Owls", "The barn owl hears a mouse under the snow and flies without a sound."),
    "tide": ("Tides", "The moon and the sun pull the oceans, which rise and fall twice a day."),
    "eclipse": ("Eclipses", "In a solar eclipse the moon stands between the sun and the earth."),
    "loom": ("Looms", "A loom holds the warp threads under tension while the weft is woven through them."),
    "wool": ("Wool", "Wool is shorn from sheep in spring, washed, carded and spun into yarn."),
    "lens": ("Lenses", "A convex lens gathers parallel light in its focal point."),
    "mirror": ("Mirrors", "The mirror of a reflecting telescope is ground to a paraboloid."),
    "chess": ("Chess", "In chess the king is in check when an enemy piece attacks its square."),
    "go": ("Go", "In the game of go a group of stones without liberties is taken off the board."),
    "rain": ("Rain", "Rain falls when droplets in a cloud have grown too heavy to float."),
    "empty#1": ("", ""),
}
QUERIES = {
    "q1": "how fast does a kettle boil water",
    "q2": "ice that floats in the ocean",
    "q3": "string instruments played with a bow",
    "q 4": "what makes dough rise",
    "q5": "animals that hunt mice",
    "q6": "what causes the tides",
    "unjudged": "a question that nobody judged",
}
QRELS = {
    "q1": {"kettle": 2},
    "q2": {"iceberg": 2, "glacier": 1},
    "q3": {"violin": 2, "cello": 1},
    "q 4": {"yeast": 2, "rye": 1},
    "q5": {"fox": 1, "owl": 1},
    "q6": {"tide": 2, "eclipse": 0},
}


def write_beir(
    folder: Path,
    entries: Mapping[str, tuple[str, str]] = ENTRIES,
    queries: Mapping[str, str] = QUERIES,
    qrels: Mapping[str, Mapping[str, int]] = QRELS,
    split: str = "test",
) -> Path:
    """Write a BEIR folder."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    corpus = [json.dumps({"_id": i, "title": t, "text": x}, ensure_ascii=False) for i, (t, x) in entries.items()]
    (folder / "corpus.jsonl").write_text("\n".join(corpus) + "\n", "utf-8", newline="\n")
    asked = [json.dumps({"_id": i, "text": x}, ensure_ascii=False) for i, x in queries.items()]
    (folder / "queries.jsonl").write_text("\n".join(asked) + "\n", "utf-8", newline="\n")
    judged = [f"{q}\t{d}\t{r}" for q, entries_of in qrels.items() for d, r in entries_of.items()]
    lines = "\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n"
    (folder / "qrels" / f"{split}.tsv").write_text(lines, "utf-8", newline="\n")
    return folder
