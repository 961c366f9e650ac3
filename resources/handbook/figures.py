"""The figures of the PDF chapters, drawn as vectors. Each takes the width to fill, in points."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

_INK, _DIM, _LINE, _ACCENT, _WARM = "#1B2430", "#657080", "#CBD2DA", "#2F6FDE", "#D9730D"
# Six steps of cividis from low to high: readable without colour vision.
_HEAT = ("#00204D", "#31446B", "#666970", "#958F78", "#CBBA69", "#FFEA46")

# Cosines of token vectors, all-MiniLM-L6-v2 in float32, rounded; some tokens are left out.
# tests/resources/test_samples.py measures them again.
QUERY, PASSAGE = "how do bees find their way home?", "Insects navigate back to the hive by the sun."
QUERY_WORDS = ("bees", "find", "way", "home")
PASSAGE_WORDS = ("insects", "navigate", "back", "to", "hive", "by", "sun")
SIMILARITIES = (
    (0.60, 0.08, 0.08, 0.30, 0.54, 0.20, 0.35),
    (0.11, 0.55, 0.28, 0.50, 0.15, 0.48, 0.11),
    (0.04, 0.62, 0.39, 0.52, 0.14, 0.57, 0.05),
    (0.11, 0.36, 0.44, 0.40, 0.18, 0.31, 0.11),
)


class _Sheet:
    """A drawing with the few marks that the figures are made of; the origin is at the lower left."""

    def __init__(self, width: float, height: float) -> None:
        from reportlab.graphics.shapes import Drawing

        self.drawing = Drawing(width, height)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 8,
        color: str = _INK,
        at: str = "start",
        bold: bool = False,
    ) -> None:
        from reportlab.graphics.shapes import String
        from reportlab.lib.colors import HexColor

        font = "Helvetica-Bold" if bold else "Helvetica"
        self.drawing.add(String(x, y, words, fontName=font, fontSize=size, fillColor=HexColor(color), textAnchor=at))

    def line(
        self, points: Sequence[tuple[float, float]], *, color: str = _INK, width: float = 0.8, dash: bool = False
    ) -> None:
        from reportlab.graphics.shapes import PolyLine
        from reportlab.lib.colors import HexColor

        flat = [value for point in points for value in point]
        self.drawing.add(
            PolyLine(flat, strokeColor=HexColor(color), strokeWidth=width, strokeDashArray=[3, 2] if dash else None)
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str | None,
        edge: str | None = None,
        thick: float = 1,
    ) -> None:
        from reportlab.graphics.shapes import Rect
        from reportlab.lib.colors import HexColor

        self.drawing.add(
            Rect(
                x,
                y,
                width,
                height,
                fillColor=HexColor(fill) if fill else None,
                strokeColor=HexColor(edge) if edge else None,
                strokeWidth=thick if edge else 0,
            )
        )

    def dot(self, x: float, y: float, radius: float, *, fill: str | None = _INK, edge: str | None = None) -> None:
        from reportlab.graphics.shapes import Circle
        from reportlab.lib.colors import HexColor

        self.drawing.add(
            Circle(
                x,
                y,
                radius,
                fillColor=HexColor(fill) if fill else None,
                strokeColor=HexColor(edge) if edge else None,
                strokeWidth=0.9,
            )
        )


class _Plot(_Sheet):
    """A sheet with two axes; ``point`` turns values into places on it."""

    def __init__(
        self, width: float, height: float, x: tuple[float, float], y: tuple[float, float], titles: tuple[str, str]
    ) -> None:
        super().__init__(width, height)
        self.x, self.y = x, y
        self.left, self.bottom, self.right, self.top = 44.0, 34.0, width - 10, height - 20
        self.line([(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)], color=_DIM)
        self.text((self.left + self.right) / 2, 4, titles[0], color=_DIM, at="middle")
        self.text(4, height - 9, titles[1], color=_DIM)

    def point(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * (self.right - self.left), self.bottom + up * (self.top - self.bottom)

    def ticks(self, x: dict[float, str], y: dict[float, str]) -> None:
        for value, words in x.items():
            across, _ = self.point(value, self.y[0])
            self.line([(across, self.bottom), (across, self.bottom - 3)], color=_DIM)
            self.text(across, self.bottom - 12, words, size=7.5, at="middle")
        for value, words in y.items():
            _, up = self.point(self.x[0], value)
            self.line([(self.left, up), (self.right, up)], color=_LINE, width=0.4)
            self.text(self.left - 5, up - 2.6, words, size=7.5, at="end")

    def curve(self, points: Sequence[tuple[float, float]], *, color: str = _ACCENT, dash: bool = False) -> None:
        self.line([self.point(*p) for p in points], color=color, width=1.5, dash=dash)


def saturation(width: float) -> Any:
    """How often a word counts in BM25 when it stands 0 to 12 times in a passage of average length."""
    plot = _Plot(width, 190, (0, 12), (0, 4), ("times the word stands in the passage (tf)", "what it counts"))
    plot.ticks({n: str(n) for n in range(0, 13, 2)}, {0: "0", 1: "1", 2: "2", 3: "3"})
    steps = [n / 10 for n in range(121)]
    plot.curve([(x, x) for x in steps if x <= 4], color=_DIM, dash=True)
    plot.curve([(x, x * 2.2 / (x + 1.2)) for x in steps])
    plot.line([plot.point(0, 2.2), plot.point(12, 2.2)], color=_WARM, dash=True)
    for tf in (1, 2, 3, 5, 10):
        plot.dot(*plot.point(tf, tf * 2.2 / (tf + 1.2)), 2.4, fill=_ACCENT)
    x, y = plot.point(4.1, 3.7)
    plot.text(x, y, "plain counting", color=_DIM)
    x, y = plot.point(8.6, 1.55)
    plot.text(x, y, "BM25, k1 = 1.2", color=_ACCENT)
    x, y = plot.point(8.6, 2.34)
    plot.text(x, y, "limit: k1 + 1 = 2.2", color=_WARM)
    return plot.drawing


def layers(width: float) -> Any:
    """Three HNSW layers and the way of one search through them."""
    sheet = _Sheet(width, 250)
    nodes = [(0.06, 0.35), (0.16, 0.75), (0.25, 0.3), (0.33, 0.8), (0.42, 0.45), (0.51, 0.85), (0.58, 0.25)]
    nodes += [(0.67, 0.6), (0.76, 0.9), (0.82, 0.35), (0.91, 0.7), (0.97, 0.3)]
    members = (range(12), (0, 3, 4, 7, 9, 11), (0, 7))
    near = ((0, 1), (0, 2), (1, 3), (1, 2), (2, 4), (3, 4), (3, 5), (4, 6), (4, 5), (5, 7), (6, 7))
    edges = (
        (*near, (7, 8), (7, 9), (8, 10), (9, 10), (9, 11), (10, 11), (6, 9), (5, 8)),
        ((0, 3), (0, 4), (3, 4), (3, 7), (4, 7), (7, 9), (7, 11), (9, 11)),
        ((0, 7),),
    )
    paths = (((9, 10),), ((7, 9),), ((0, 7),))
    names = ("layer 0: every passage, short links", "layer 1: about 1 in M", "layer 2: about 1 in M x M")

    def place(node: int, layer: int) -> tuple[float, float]:
        x, y = nodes[node]
        return 6 + (x + 0.04 * y) * (width - 34), 8 + layer * 83 + y * 52

    for layer in range(3):
        low, high = 3 + layer * 83, 68 + layer * 83
        sheet.box(1, low, width - 2, high - low, fill="#F6F7F9", edge=_LINE, thick=0.6)
        sheet.text(5, high + 3.5, names[layer], size=7.5, color=_DIM)
        for a, b in edges[layer]:
            sheet.line([place(a, layer), place(b, layer)], color="#A9B3BF", width=0.7)
        for a, b in paths[layer]:
            sheet.line([place(a, layer), place(b, layer)], color=_WARM, width=2)
    for node, layer in ((7, 2), (9, 1)):
        sheet.line([place(node, layer), place(node, layer - 1)], color=_WARM, width=1.4, dash=True)
    for layer in range(3):
        for node in members[layer]:
            sheet.dot(*place(node, layer), 3, fill=_INK)
    for node, layer in ((0, 2), (7, 2), (7, 1), (9, 1), (9, 0), (10, 0)):
        sheet.dot(*place(node, layer), 3.4, fill=_WARM)
    x, y = place(0, 2)
    sheet.text(x + 6, y - 9, "entry point", size=7.5, color=_WARM)
    x, y = place(10, 0)
    sheet.text(x + 7, y - 1, "nearest", size=7.5, color=_WARM)
    return sheet.drawing


def similarity_matrix(width: float) -> Any:
    """The matrix of one query and one passage, the largest value of each row framed and added up."""
    sheet = _Sheet(width, 152)
    left, top, tall, sums = 52.0, 134.0, 27.0, 84.0
    wide = (width - left - sums) / len(PASSAGE_WORDS)
    for column, word in enumerate(PASSAGE_WORDS):
        sheet.text(left + (column + 0.5) * wide, top + 6, word, at="middle")
    sheet.text(left + len(PASSAGE_WORDS) * wide + 10, top + 6, "row maximum", color=_DIM)
    for row, (word, values) in enumerate(zip(QUERY_WORDS, SIMILARITIES, strict=True)):
        y = top - (row + 1) * tall
        sheet.text(left - 6, y + 9, word, at="end")
        best = max(values)
        for column, value in enumerate(values):
            x = left + column * wide
            shade = _HEAT[min(int(value * len(_HEAT)), len(_HEAT) - 1)]
            sheet.box(x + 1, y + 1, wide - 2, tall - 2, fill=shade)
            ink = "#000000" if shade in _HEAT[3:] else "#FFFFFF"
            sheet.text(x + wide / 2, y + 9.5, f"{value:.2f}", color=ink, at="middle", bold=value == best)
        column = values.index(best)
        sheet.box(left + column * wide + 1, y + 1, wide - 2, tall - 2, fill=None, edge=_WARM, thick=2)
        x = left + len(values) * wide + 10
        sheet.box(x, y + 7, 40 * best, tall - 14, fill="#C9D8F5")
        sheet.text(x + 46, y + 9.5, f"{best:.2f}", bold=True)
    total = sum(max(values) for values in SIMILARITIES)
    x = left + len(PASSAGE_WORDS) * wide + 10
    sheet.text(x, top - 4 * tall - 14, f"sum = {total:.2f}", size=9, bold=True)
    return sheet.drawing


def budgets(width: float) -> Any:
    """Five nested budgets as prefixes of one row of 64 stored vectors."""
    sheet = _Sheet(width, 138)
    pairs = ((1, 1), (2, 4), (4, 8), (8, 16), (16, 64))
    left = 62.0
    step = (width - left - 4) / 64
    for row, (queries, candidates) in enumerate(pairs):
        y = 104 - row * 24
        sheet.text(left - 8, y + 3.5, f"({queries}, {candidates})", at="end", bold=True)
        for n in range(64):
            sheet.box(left + n * step + 0.5, y, step - 1, 13, fill=_ACCENT if n < candidates else "#E1E5EA")
    sheet.text(left, 126, "the 64 stored vectors of one passage, in their fixed order", color=_DIM, size=7.5)
    return sheet.drawing


def discount(width: float) -> Any:
    """What a place in the ranking is worth to nDCG and to the reciprocal rank."""
    plot = _Plot(width, 190, (0.5, 10.5), (0, 1), ("place in the ranking", "weight of the place"))
    plot.ticks({n: str(n) for n in range(1, 11)}, {0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75", 1: "1"})
    ranks = range(1, 11)
    plot.curve([(n, 1 / math.log2(n + 1)) for n in ranks])
    plot.curve([(n, 1 / n) for n in ranks], color=_WARM, dash=True)
    for n in ranks:
        plot.dot(*plot.point(n, 1 / math.log2(n + 1)), 2.4, fill=_ACCENT)
        plot.dot(*plot.point(n, 1 / n), 2.4, fill=_WARM)
    x, y = plot.point(5.2, 0.45)
    plot.text(x, y, "nDCG: 1 / log2(rank + 1)", color=_ACCENT)
    x, y = plot.point(3.2, 0.17)
    plot.text(x, y, "reciprocal rank: 1 / rank", color=_WARM, at="end")
    return plot.drawing


def circle(width: float) -> Any:
    """Four passages on a circle: which pairs a query can put on top."""
    sheet = _Sheet(width, 158)
    middle_x, middle_y, radius = width * 0.27, 76.0, 62.0
    sheet.dot(middle_x, middle_y, radius, fill=None, edge=_LINE)
    spots = {"A": 90.0, "B": 0.0, "C": 270.0, "D": 180.0}
    places = {}
    for name, degrees in spots.items():
        angle = math.radians(degrees)
        places[name] = (middle_x + radius * math.cos(angle), middle_y + radius * math.sin(angle))
    for pair in ("AB", "BC", "CD", "DA"):
        sheet.line([places[pair[0]], places[pair[1]]], color=_ACCENT, width=1.4)
    for pair in ("AC", "BD"):
        sheet.line([places[pair[0]], places[pair[1]]], color=_WARM, width=1.2, dash=True)
    for name, (x, y) in places.items():
        sheet.dot(x, y, 9, fill="#FFFFFF", edge=_INK)
        sheet.text(x, y - 2.8, name, at="middle", bold=True)
    angle = math.radians(45)
    tip = (middle_x + (radius + 17) * math.cos(angle), middle_y + (radius + 17) * math.sin(angle))
    sheet.line([(middle_x + (radius - 4) * math.cos(angle), middle_y + (radius - 4) * math.sin(angle)), tip])
    sheet.text(tip[0] + 3, tip[1], "a query here finds A and B", size=7.5)
    x = width * 0.56
    sheet.line([(x, 82), (x + 22, 82)], color=_ACCENT, width=1.4)
    sheet.text(x + 28, 79, "4 pairs that some query can find")
    sheet.line([(x, 64), (x + 22, 64)], color=_WARM, width=1.2, dash=True)
    sheet.text(x + 28, 61, "2 pairs that no query can find")
    return sheet.drawing


def stress_life(width: float) -> Any:
    """An S-N curve: stress amplitude against cycles to failure, for a smooth and for a fretted surface."""
    plot = _Plot(width, 150, (3, 9), (0, 600), ("cycles to failure", "stress amplitude, MPa"))
    plot.ticks({n: f"1e{n}" for n in range(3, 10)}, {n: str(n) for n in range(0, 601, 200)})
    steps = [3 + n / 10 for n in range(61)]
    plot.curve([(x, 180 + 380 * math.exp(-(x - 3) / 1.6)) for x in steps])
    plot.curve([(x, 95 + 345 * math.exp(-(x - 3) / 1.5)) for x in steps], color=_WARM, dash=True)
    x, y = plot.point(6.2, 290)
    plot.text(x, y, "smooth", color=_ACCENT, size=7.5)
    x, y = plot.point(4.2, 120)
    plot.text(x, y, "fretted root", color=_WARM, size=7.5)
    return plot.drawing


DRAWINGS: dict[str, Callable[[float], Any]] = {
    "saturation": saturation,
    "layers": layers,
    "similarity_matrix": similarity_matrix,
    "budgets": budgets,
    "discount": discount,
    "circle": circle,
    "stress_life": stress_life,
}
