"""Patterns: the rules of gitignore files, what cannot be used, names of every kind."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.documents import patterns as patterns_module
from rankscope.core.documents.patterns import Patterns
from rankscope.core.errors import UsageError


@pytest.mark.parametrize(
    ("exclude", "path", "taken"),
    [
        (("drafts/",), "drafts/a.txt", False),
        (("drafts/",), "deep/drafts/below/a.txt", False),
        (("drafts/",), "drafts", True),  # a file of that name
        (("drafts",), "drafts", False),
        (("/drafts/",), "deep/drafts/a.txt", True),
        (("deep/drafts/",), "deep/drafts/a.txt", False),
        (("deep/drafts/",), "very/deep/drafts/a.txt", True),
        (("**/cache/*.json",), "a/b/cache/x.json", False),
        (("a/**/z.txt",), "a/z.txt", False),
        (("*.tmp",), "a/b.tmp", False),
        (("*.tmp", "!keep.tmp"), "a/keep.tmp", True),
        (("!keep.tmp", "*.tmp"), "a/keep.tmp", False),
        (("drafts/", "!drafts/keep.txt"), "drafts/keep.txt", False),  # nothing comes back from an excluded folder
        (("drafts/*", "!drafts/keep.txt"), "drafts/keep.txt", True),
        (("drafts/**", "!drafts/keep.txt"), "drafts/keep.txt", True),
        (("drafts/", "!drafts/"), "drafts/a.txt", True),
        (("*", "!*/", "!*.pdf"), "a/b.pdf", True),
        (("report-202[0-3].txt",), "report-2022.txt", False),
        (("report-202[!0-3].txt",), "report-2022.txt", True),
        (("what?.txt",), "what\n.txt", False),
        (("*.txt",), "two\nlines/a.txt", False),
        (("*.txt",), "caf\udce9/\udce9.txt", False),
        (("Entwürfe/",), "Entwürfe/ä ö.txt", False),
        (("# a comment", "", "  "), "a.txt", True),
        ((r"\#notes.txt",), "#notes.txt", False),
        ((r"\!a.txt",), "!a.txt", False),
        (("with space/  ",), "with space/a.txt", False),
        (("[[]draft]*",), "[draft] a.txt", False),
    ],
)
def test_what_is_excluded(exclude, path, taken):
    assert Patterns(exclude=exclude).takes(path) is taken


def test_include_and_exclude_together():
    patterns = Patterns(include=["reports/", "*.md"], exclude=["*.bak.md"])
    assert [path for path in ("reports/x.xls", "a/b.md", "a/b.bak.md", "a/b.txt") if patterns.takes(path)] == [
        "reports/x.xls",
        "a/b.md",
    ]
    assert patterns == Patterns(("reports/", "*.md"), ("*.bak.md",)), "lists, as forms and JSON give them, are fine"
    assert pickle.loads(pickle.dumps(patterns)) == patterns
    assert not patterns.empty
    assert Patterns(("",), ("# nothing",)).empty


def test_verdicts_name_the_pattern_that_decided():
    patterns = Patterns(("*.txt",), ("*.old.*", "!best.old.txt"))
    assert (patterns.judged("a.old.txt").why, patterns.judged("a.old.txt").pattern) == (
        "excluded by *.old.*",
        "*.old.*",
    )
    assert (patterns.judged("best.old.txt").why, patterns.judged("best.old.txt").pattern) == ("taken", "*.txt")
    assert (patterns.judged("a.pdf").why, patterns.judged("a.pdf").pattern) == ("not included", "")
    assert Patterns(exclude=("*.txt", "!a.txt")).judged("a.txt").pattern == "!a.txt"


def test_what_may_be_entered():
    patterns = Patterns(exclude=("build/", "!src/build/", "tmp/**"))
    assert patterns.enters("")
    assert not patterns.enters("build")
    assert not patterns.enters("a/build/deep")
    assert patterns.enters("src/build")
    assert patterns.enters("tmp"), "what lies in it is excluded, not the folder itself"
    assert not patterns.enters("tmp/deep")
    assert patterns.excluding("a/build") == "build/"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("notes[.txt", "a bracket is not closed"),
        ("[z-a]", "runs backwards"),
        ("!", "not complete"),
        ("/", "names no file"),
        ("!/", "names no file"),
        ("drafts\\old", "separated by"),
        ("drafts\\", "separated by"),
        ("./drafts/", "leave that out"),
        ("../other/", "leave that out"),
        ("[[:digit:]]*", "not known here"),
        ("a\nb", "line break"),
    ],
)
@pytest.mark.parametrize("which", ["include", "exclude"])
def test_a_pattern_that_cannot_be_used_is_named(pattern, why, which):
    with pytest.raises(UsageError, match=why) as caught:
        Patterns(**{which: ("fine/", pattern)})
    assert pattern.split("\n")[0] in caught.value.message
    assert "fine" not in caught.value.message
    assert ".gitignore" in caught.value.remedy


def test_case_matters_where_the_system_says_so(monkeypatch):
    patterns = Patterns(exclude=("Drafts/", "*.TMP"))
    paths = ("Drafts/a.txt", "drafts/a.txt", "a.tmp", "É.tmp")
    patterns_module._rules.cache_clear()
    monkeypatch.setattr(patterns_module, "_ONE_CASE", False)
    assert [path for path in paths if patterns.takes(path)] == ["drafts/a.txt", "a.tmp", "É.tmp"]
    patterns_module._rules.cache_clear()
    monkeypatch.setattr(patterns_module, "_ONE_CASE", True)
    assert not [path for path in paths if patterns.takes(path)]
    assert (
        Patterns(exclude=("\N{LATIN CAPITAL LETTER E WITH ACUTE}*",)).takes("E\N{COMBINING ACUTE ACCENT}.txt") is False
    )
    patterns_module._rules.cache_clear()


FOLDERS = ("", "a", "b", "a/b", "a/b/a", "ab", "b/ab", "x y")
FILES = sorted(f"{folder}/{name}".lstrip("/") for folder in FOLDERS for name in ("a.txt", "keep.txt", "ab.md", "c"))
parts = st.sampled_from("a b ab * ** a* *b ? [ab] [!a] keep.txt *.txt x?y c".split())
lines = st.builds(
    lambda negated, anchored, segments, folder: "!" * negated + "/" * anchored + "/".join(segments) + "/" * folder,
    st.booleans(),
    st.booleans(),
    st.lists(parts, min_size=1, max_size=3),
    st.booleans(),
).filter(lambda line: not line.endswith("**/"))  # a folder below: the library takes it for everything below


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for file in FILES:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


@settings(max_examples=60, deadline=None)
@given(exclude=st.lists(lines, min_size=1, max_size=4))
def test_the_same_files_are_excluded_as_by_git(repository, exclude):
    (repository / ".git" / "info" / "exclude").write_text("\n".join(exclude) + "\n", "utf-8")
    asked = subprocess.run(
        ["git", "-C", str(repository), "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(FILES),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    patterns = Patterns(exclude=tuple(exclude))
    assert [file for file in FILES if not patterns.takes(file)] == [file for file in asked.stdout.split("\0") if file]
