"""Codecs on disk: bit for bit the same afterwards, and damage is named with the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from codec_samples import DIM, EVERY, fitted, unit
from safetensors.numpy import load_file, save_file

from rankscope.core.errors import WorkspaceError, WorkspaceTooNew
from rankscope.core.storage.codecs import FittedCodec, from_arrays, load, parse


@pytest.mark.parametrize("text", EVERY)
def test_a_codec_comes_back_bit_for_bit(text: str, tmp_path: Path) -> None:
    codec, rows, query = fitted(text, 90), unit(30, seed=1), unit(4, seed=2)
    codec.save(tmp_path / "codec.safetensors")
    for again in (load(tmp_path / "codec.safetensors"), from_arrays(codec.spec, codec.to_arrays())):
        assert (again.spec, again.dim, again.coded_dim) == (codec.spec, DIM, codec.coded_dim)
        codes = codec.encode(rows)
        assert np.array_equal(again.encode(rows), codes)
        assert np.array_equal(again.decode(codes), codec.decode(codes))
        assert np.array_equal(again.transform_query(query), codec.transform_query(query))
        assert np.array_equal(again.products(query, codes), codec.products(query, codes))


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, FittedCodec]:
    codec = fitted("pca12+residual2", 90)
    path = tmp_path / "mine.safetensors"
    codec.save(path)
    return path, codec


def expect_damaged(path: Path) -> None:
    with pytest.raises(WorkspaceError) as caught:
        load(path)
    assert path.name in str(caught.value)


def test_any_changed_byte_is_noticed(saved: tuple[Path, FittedCodec]) -> None:
    path, _ = saved
    whole = path.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(whole), 60).tolist():
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        expect_damaged(path)


@pytest.mark.parametrize("left", [0, 5, 200, -1])
def test_a_shortened_file_is_noticed(saved: tuple[Path, FittedCodec], left: int) -> None:
    path, _ = saved
    path.write_bytes(path.read_bytes()[:left])
    expect_damaged(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    expect_damaged(tmp_path / "gone.safetensors")


def test_a_foreign_file_is_named(saved: tuple[Path, FittedCodec]) -> None:
    path, _ = saved
    save_file(load_file(path), path)  # the same arrays without our notes
    expect_damaged(path)


def test_a_newer_format_says_so(saved: tuple[Path, FittedCodec]) -> None:
    path, codec = saved
    save_file(codec.to_arrays(), path, {"spec": "x", "format_version": "2", "sha256": "y"})
    with pytest.raises(WorkspaceTooNew, match="newer"):
        load(path)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="riting the codec"):
        fitted("int8", 5).save(tmp_path / "none" / "codec.safetensors")


@pytest.mark.parametrize("text", ["int8", "residual2", "pq4", "pca12+float16"])
def test_arrays_of_another_shape_are_refused(text: str) -> None:
    arrays = fitted(text, 60).to_arrays()
    for name in set(arrays) - {"dim"}:
        without = {key: array for key, array in arrays.items() if key != name}
        for wrong in (
            without,
            {**arrays, name: arrays[name][..., :0]},
            {**arrays, name: arrays[name].astype(np.float64)},
        ):
            with pytest.raises(ValueError):
                from_arrays(parse(text), wrong)
    with pytest.raises(ValueError):
        from_arrays(parse(text), {key: array for key, array in arrays.items() if key != "dim"})
