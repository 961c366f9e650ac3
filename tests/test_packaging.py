"""The package metadata fits the tree."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_every_package_is_listed() -> None:
    folders = {
        path.parent.relative_to(ROOT)
        for top in ("app", "core", "resources")
        for path in (ROOT / top).rglob("*.py")
        if "__pycache__" not in path.parts
    }
    names = {"rankscope." + ".".join(folder.parts) for folder in folders}
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    # The handbook's sources make the sample documents; they are a tool of the repository and are not installed.
    assert names - {"rankscope.resources.handbook"} == listed
    mapping = PROJECT["tool"]["setuptools"]["package-dir"]
    assert {name: mapping[name] for name in listed} == {
        name: name.removeprefix("rankscope.").replace(".", "/") for name in listed
    }


def test_the_constraints_cover_every_dependency() -> None:
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]
    names = {wish.split(">")[0].split("[")[0].strip().lower().replace("_", "-") for wish in wanted}
    assert names <= pinned
