"""Where the definitions of a program stand: functions, classes and so on, each with the comment above it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node, Parser, Tree

from rankscope.core.documents.code_grammars import ANNOTATIONS, COMMENTS, FUNCTIONS, Grammar, language

_MAX_BYTES = 10_000_000  # a tree takes some thirty times the memory of its source
_SECONDS, _SECONDS_PER_BYTE = 0.5, 1e-6  # of the processor, for parsing: five times what real programs take
_DEEPEST = 40
_GENERICS = ("tree_sitter_java", "tree_sitter_c_sharp")
_OPEN_ANGLES = 1000
_SIGNATURE_LINES = 3
_LONGEST_SIGNATURE = 60
_NAME_LINES = 5
_LETTER = re.compile(rb"[A-Za-z\x80-\xff]")
_STATEMENT_END = re.compile(rb"[;{}]")
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a program that deserves a passage of its own begins at byte ``start``; ``start`` to ``end`` names it.
    ``level`` is its nesting, from 1."""

    start: int
    end: int
    level: int


def sections_of_code(source: bytes, grammar: Grammar) -> list[Section] | None:
    """The sections of a program in UTF-8, in order: its definitions, and the code that stands between them.

    A definition is named by its signature. The comment above it is a section of its own, named by its first line, so
    that it goes with what follows. None where the source is too large or too odd to be parsed in reasonable time.
    """
    tree = _parsed(source, grammar)
    if tree is None:
        return None
    return _Finder(source, grammar).sections(tree.root_node)


def _parsed(source: bytes, grammar: Grammar) -> Tree | None:
    if len(source) > _MAX_BYTES or (grammar.module in _GENERICS and _has_many_open_angles(source)):
        return None
    deadline = time.process_time() + _SECONDS + _SECONDS_PER_BYTE * len(source)
    try:
        return Parser(language(grammar.module, grammar.function)).parse(
            lambda offset, _point: source[offset : offset + _BLOCK],
            progress_callback=lambda _offset, _error: time.process_time() > deadline,
        )
    except ValueError:  # it was told to stop
        return None


def _has_many_open_angles(source: bytes) -> bool:
    """Whether there may be generics inside generics without end: memory grows with the square of their number."""
    return any(part.count(b"<") > _OPEN_ANGLES for part in _STATEMENT_END.split(source))


class _Finder:
    """Walks the parts of a tree that can hold definitions."""

    def __init__(self, source: bytes, grammar: Grammar) -> None:
        self._source = source
        self._grammar = grammar
        self._holders = dict(grammar.holders)
        self._looked_into = grammar.containers | {"ERROR"}
        self._found: list[Section] = []

    def sections(self, root: Node) -> list[Section]:
        """All sections, in order."""
        self._visit(root.named_children, 1, 0)
        return self._found

    def _visit(self, nodes: list[Node], level: int, depth: int) -> bool:
        """Takes up the definitions among these neighbours; whether there were any.

        Code behind a definition is cut where empty lines are, lest all of it goes by its first line.
        """
        defined = fresh = False  # whether a definition came before, and nothing since
        for first, node, apart in _pieces(nodes):
            inner = None if node is None else self._definition(node)
            if node is not None and inner is not None:
                self._take(first, node, inner, level, depth)
                defined = fresh = True
                continue
            if defined and (fresh or apart):
                self._name(first.start_byte, (node or first).end_byte, level)
                fresh = False
            if node is not None and node.type in self._looked_into and depth < _DEEPEST:
                fresh = self._visit(node.named_children, level, depth + 1)
                defined = defined or fresh
        return defined

    def _definition(self, node: Node) -> Node | None:
        """The definition that this node is or stands around; None where it is something else."""
        kind = node.type
        if kind in self._grammar.definitions:
            if kind in self._grammar.with_body and node.child_by_field_name("body") is None:
                return None
            return node
        field = self._holders.get(kind)
        if field is not None:
            value = node.child_by_field_name(field)
            return value if value is not None and value.type in FUNCTIONS else None
        if kind not in self._grammar.wrappers:
            return None
        found = [one for child in node.named_children[:6] if (one := self._definition(child)) is not None]
        if len(found) == 1:
            return found[0]
        return node if kind in self._grammar.prototypes and _declares_function(node) else None

    def _take(self, first: Node, node: Node, inner: Node, level: int, depth: int) -> None:
        """A definition, what stands above it beginning with ``first``, and the definitions in it."""
        start = _signature_start(node)
        if first.start_byte < start:
            self._name(first.start_byte, start, level)
        body = inner.child_by_field_name("body")
        if body is None:
            self._found.append(Section(start, self._signature_end(start, inner.end_byte, inner, cut=True), level))
            return
        between = [
            child
            for child in inner.named_children
            if child.type in COMMENTS and start < child.start_byte < body.start_byte
        ]
        limit = between[0].start_byte if between else body.start_byte
        self._found.append(Section(start, self._signature_end(start, limit, inner, cut=False), level))
        if inner.type not in self._grammar.closed and depth < _DEEPEST:
            self._visit([*between, *body.named_children], level + 1, depth + 1)

    def _signature_end(self, start: int, limit: int, inner: Node, cut: bool) -> int:
        """The end of the signature, or of the name in it where it is long: with the classes around it, it names every
        passage of the definition. ``cut`` where the tree shows no body: then braces and more lines are one."""
        signature = self._source[start:limit]
        if cut:
            signature = signature.partition(b"{")[0]
            if signature.count(b"\n") > _SIGNATURE_LINES:
                signature = signature.partition(b"\n")[0]
        signature = signature.rstrip(b" \t\r\n{:;")
        if len(signature) > _LONGEST_SIGNATURE:
            name_end = _name_end(inner) - start
            if 0 < name_end < len(signature):
                return start + name_end
        return start + max(1, len(signature))

    def _name(self, start: int, limit: int, level: int) -> None:
        """A section that is named by its first line with words on it."""
        end = start
        for _ in range(_NAME_LINES):
            line_end = self._source.find(b"\n", end, limit)
            begin, end = end, limit if line_end < 0 else line_end
            if _LETTER.search(self._source, begin, end) or end == limit:
                break
            end += 1
        name = self._source[start:end].rstrip()
        if name:
            self._found.append(Section(start, start + len(name), level))


def _pieces(nodes: list[Node]) -> Iterator[tuple[Node, Node | None, bool]]:
    """Each node with the comments right above it: the first of these or the node, the node (None for comments on their
    own), and whether an empty line sets them off from what comes before."""
    above: list[Node] = []
    last_row = -1  # of the piece before
    for node in nodes:
        is_comment = node.type in COMMENTS
        row = node.start_point.row
        if is_comment and not above and row <= last_row:
            continue  # it speaks of what stands left of it
        if above and row - _last_row(above[-1]) > 1:
            yield above[0], None, above[0].start_point.row - last_row > 1
            last_row = _last_row(above[-1])
            above = []
        if is_comment:
            above.append(node)
            continue
        first = above[0] if above else node
        yield first, node, first.start_point.row - last_row > 1
        above = []
        last_row = _last_row(node)


def _last_row(node: Node) -> int:
    """The row in which a node ends; some comments take the line end with them."""
    row, column = node.end_point
    return row - (column == 0)


def _declares_function(node: Node) -> bool:
    declarator = node.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    return declarator is not None


def _name_end(inner: Node) -> int:
    """Where the name of a definition ends; 0 where the grammar does not say."""
    name = inner.child_by_field_name("name")
    if name is None:  # in C, the name is the innermost of what is declared
        name = inner.child_by_field_name("declarator")
        while name is not None and (deeper := name.child_by_field_name("declarator")) is not None:
            name = deeper
    if name is None:
        name = inner.child_by_field_name("type")
    return 0 if name is None else name.end_byte


def _signature_start(node: Node) -> int:
    """Where a definition begins after its decorators or annotations."""
    first = node.child(0)
    if first is None or (first.type not in ANNOTATIONS and first.type != "modifiers"):
        return node.start_byte
    for child in node.children:
        if child.type == "modifiers":
            for modifier in child.children:
                if modifier.type not in ANNOTATIONS:
                    return modifier.start_byte
        elif child.type not in ANNOTATIONS:
            return child.start_byte
    return node.start_byte
