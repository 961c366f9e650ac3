"""Programs: their own text, cut at definitions."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.readers.code import read


def write(tmp_path, text, name, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def outline(extraction):
    """The headings, each on one line and indented by its level."""
    return [
        "  " * (heading.level - 1) + " ".join(extraction.text[heading.start : heading.end].split())
        for heading in extraction.headings
    ]


PYTHON = '''"""What it does."""
import os

LIMIT = 1

# About load
# in two lines
@cached
async def load(path: str,
               limit: int = LIMIT) -> bytes:
    """Loads."""
    def inner():
        return 1
    return inner()


class Größe(Base):
    @property
    def value(self):
        return 1

    unit = "m"  # a trailing remark

    def long_name_of_a_method(self, first_argument: int, second_argument: int) -> int:
        return 2


if __name__ == "__main__":
    load("x")
'''


def test_python(tmp_path):
    extraction = read(write(tmp_path, PYTHON, "a.py"))
    assert extraction.text == PYTHON
    assert outline(extraction) == [
        "# About load",
        "async def load",
        "  def inner()",
        "  return inner()",
        "class Größe(Base)",
        "  @property",
        "  def value(self)",
        '  unit = "m"',
        "  def long_name_of_a_method",
        'if __name__ == "__main__":',
    ]
    assert (extraction.format, extraction.numbered_lines, extraction.warnings) == ("code", True, ())


SAMPLES = {
    "a.js": (
        "import x from 'y';\n/** Adds. */\nexport function add(a, b) { return a + b; }\n"
        "export default class Shop extends Base {\n  #open = 1;\n  // about\n  get value() { return 1; }\n}\n"
        "const later = async (a) => { return a; };\nmodule.exports = {\n  other: function () {} };\n",
        [
            "/** Adds. */",
            "export function add(a, b)",
            "export default class Shop extends Base",
            "  // about",
            "  get value()",
            "const later = async (a) =>",
            "module.exports = {",
            "other: function ()",
        ],
    ),
    "a.ts": (
        "interface Shape { area(): number; }\nenum Colour { Red }\nnamespace Shop { export function f(): void {} }\n"
        "abstract class Round<T> implements Shape {\n  @Logged() grow(by: number): void {}\n}\n",
        [
            "interface Shape",
            "  area(): number",
            "enum Colour",
            "namespace Shop",
            "  export function f(): void",
            "abstract class Round<T> implements Shape",
            "  @Logged()",
            "  grow(by: number): void",
        ],
    ),
    "a.tsx": ("export const View = () => { return <b>text</b>; };\n", ["export const View = () =>"]),
    "a.java": (
        "package a;\n/** A shop. */\n@Entity\npublic class Shop<T> extends Base {\n  private int x = 1;\n"
        "  @Override\n  public int size(int a) throws E { return a; }\n  Shop() {}\n  enum Kind { A }\n}\n",
        [
            "/** A shop. */",
            "public class Shop<T> extends Base",
            "  @Override",
            "  public int size(int a) throws E",
            "  Shop()",
            "  enum Kind",
        ],
    ),
    "a.c": (
        "#include <stdio.h>\n/* a point */\nstruct point { int x; };\nstatic int add(int a, int b);\n"
        "int *find(int a,\n          int b)\n{\n  return 0;\n}\n#ifdef X\nvoid log_it(void) {}\n#endif\n",
        [
            "/* a point */",
            "struct point",
            "static int add(int a, int b)",
            "int *find(int a, int b)",
            "#ifdef X",
            "void log_it(void)",
        ],
    ),
    "a.cpp": (
        "namespace shop {\n// a list\ntemplate <typename T>\nclass List : public Base<T> {\npublic:\n  List() : n(0) {}\n"
        "  int size() const { return n; }\n};\nint List<int>::find(int q) { return q; }\n}\n",
        [
            "namespace shop",
            "  // a list",
            "  template <typename T> class List : public Base<T>",
            "    List() : n(0)",
            "    int size() const",
            "  int List<int>::find(int q)",
        ],
    ),
    "a.h": (
        "/* Adds. */\nint add(int a, int b);\n\nclass Shop;\n",
        ["/* Adds. */", "int add(int a, int b)", "class Shop"],
    ),
    "a.go": (
        "package main\n// Shop sells.\ntype Shop struct {\n\tn int\n}\nfunc (s *Shop) Size(a int) (int, error) { return 1, nil }\n"
        "func main() {}\n",
        ["// Shop sells.", "type Shop struct", "func (s *Shop) Size(a int) (int, error)", "func main()"],
    ),
    "a.rs": (
        "use std::io;\n/// A shop.\n#[derive(Debug)]\npub struct Shop { n: i32 }\nimpl Trait for Shop {\n"
        "    /// Its size.\n    pub fn size(&self) -> i32 { 1 }\n}\ntrait Sells { fn sell(&self); }\nmod tests { fn t() {} }\n",
        [
            "/// A shop.",
            "pub struct Shop",
            "impl Trait for Shop",
            "  /// Its size.",
            "  pub fn size(&self) -> i32",
            "trait Sells",
            "  fn sell(&self)",
            "mod tests",
            "  fn t()",
        ],
    ),
    "a.rb": (
        "# a shop\nmodule Shops\n  class Shop < Base\n    # opens\n    def open(a, b = 1)\n      @a = a\n    end\n"
        "    def self.all\n      []\n    end\n  end\nend\n",
        [
            "# a shop",
            "module Shops",
            "  class Shop < Base",
            "    # opens",
            "    def open(a, b = 1)",
            "    def self.all",
        ],
    ),
    "a.cs": (
        "using System;\nnamespace Shops {\n  /// <summary>A shop.</summary>\n  [Serializable]\n  public class Shop : Base {\n"
        "    public int Size { get; set; }\n    public async Task<int> Open(int a) { return a; }\n  }\n}\n",
        [
            "namespace Shops",
            "  /// <summary>A shop.</summary>",
            "  public class Shop : Base",
            "    public int Size",
            "    public async Task<int> Open(int a)",
        ],
    ),
    "a.php": (
        "<?php\nnamespace Shops;\n/** a shop */\nabstract class Shop extends Base {\n  public function open(int $a): ?string { return null; }\n}\n"
        "function top($a) { return 1; }\n",
        [
            "/** a shop */",
            "abstract class Shop extends Base",
            "  public function open(int $a): ?string",
            "function top($a)",
        ],
    ),
    "a.sh": (
        "#!/bin/bash\nset -e\n# opens\nopen_it() {\n  echo 1\n}\nfunction close_it {\n  echo 2\n}\nopen_it\n",
        ["# opens", "open_it()", "function close_it", "open_it"],
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_each_language(tmp_path, name):
    source, expected = SAMPLES[name]
    extraction = read(write(tmp_path, source, name))
    assert extraction.text == source
    assert outline(extraction) == expected


@pytest.mark.parametrize("name", ["a.kt", "a.sql", "a.swift", "a.lua"])
def test_other_languages_are_text_with_lines(tmp_path, name):
    extraction = read(write(tmp_path, "first\r\nsecond\n", name))
    assert (extraction.text, extraction.headings, extraction.numbered_lines) == ("first\nsecond\n", (), True)


def test_passages_begin_at_definitions_and_say_in_which_class_they_stand(tmp_path, make_chunker):
    methods = "".join(
        f"    def method_{number}(self, value):\n"
        + "".join(f"        value = value + {step} * self.factor_{step}\n" for step in range(14))
        + "        return value\n\n"
        for number in range(6)
    )
    extraction = read(write(tmp_path, f"class Pricing:\n{methods}", "pricing.py"))
    passages = make_chunker().passages(extraction)
    starts = [passage for passage in passages if extraction.text.startswith("def ", passage.start)]
    assert len(starts) >= 5
    assert {passage.context for passage in starts} == {"class Pricing"}
    others = [passage.context for passage in passages[1:] if passage not in starts]
    assert all(context.startswith("class Pricing › def method_") for context in others)
    assert starts[-1].place == f"line {extraction.text.count(chr(10), 0, starts[-1].start) + 1}"


def test_line_ends_form_feeds_and_declared_encodings(tmp_path):
    source = "# -*- coding: iso-8859-2 -*-\r\n# Žluťoučký\r\n\x0c\r\ndef first():\r    pass\r\n"
    extraction = read(write(tmp_path, source, "a.py", "iso-8859-2"))
    assert extraction.text == "# -*- coding: iso-8859-2 -*-\n# Žluťoučký\n \ndef first():\n    pass\n"
    assert outline(extraction) == ["def first()"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="def class(){}:;\n \t#/*\"'@äx<>=", max_size=120), st.sampled_from(sorted(SAMPLES)))
def test_broken_programs_still_give_their_text(tmp_path_factory, source, name):
    extraction = read(write(tmp_path_factory.mktemp("code"), source, name))
    assert extraction.text == source
    starts = [heading.start for heading in extraction.headings]
    assert starts == sorted(starts)
    for heading in extraction.headings:
        assert extraction.text[heading.start : heading.end].strip()


@pytest.mark.parametrize("name", ["a.py", "a.js", "a.java", "a.cs", "a.cpp"])
@pytest.mark.parametrize("source", ["{" * 50_000, "a<b<c<" * 20_000, '"' * 50_000, "a=b(1,2);" * 20_000, "f(" * 50_000])
def test_hostile_programs_take_no_long_time(tmp_path, name, source):
    started = time.perf_counter()
    assert read(write(tmp_path, source, name)).text == source
    assert time.perf_counter() - started < 10


def test_a_huge_program_is_read_without_its_definitions(tmp_path):
    extraction = read(write(tmp_path, "def f():\n    pass\n" * 600_000, "a.py"))
    assert not extraction.headings and "too large" in extraction.warnings[0]


def test_binary_data_is_refused(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(Unreadable) as caught:
        read(path)
    assert caught.value.failure.reason == "wrong type"


def test_a_grammar_is_loaded_when_its_language_is_met(tmp_path):
    path = write(tmp_path, "def f(): pass\n", "a.py")
    code = (
        "import sys; from pathlib import Path; from rankscope.core.documents.readers.code import read;"
        f"read(Path({str(path)!r}));"
        "print([name for name in sys.modules if name.startswith('tree_sitter_')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tree_sitter_python" in run.stdout and "tree_sitter_java" not in run.stdout
