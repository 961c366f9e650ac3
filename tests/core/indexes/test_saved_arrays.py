"""Arrays in one file with a checksum: what comes back, and what no longer does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from rankscope.core.indexes.saved import load_arrays, save_arrays

TYPES = st.sampled_from([np.uint16, np.int64, np.float32, np.float16])
ARRAYS = TYPES.flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=1, max_dims=2, min_side=0), elements={})
)


@settings(deadline=None)
@given(st.text(), st.dictionaries(st.text(), ARRAYS, max_size=3))
def test_what_is_saved_comes_back(tmp_path_factory: object, key: str, arrays: dict[str, np.ndarray]) -> None:
    path = tmp_path_factory.mktemp("saved") / "indexes" / "some.index"  # type: ignore[attr-defined]
    save_arrays(path, key, arrays)
    found = load_arrays(path)
    assert found is not None and found[0] == key and list(found[1]) == list(arrays)
    for name, array in arrays.items():
        assert found[1][name].dtype == array.dtype and found[1][name].shape == array.shape
        assert found[1][name].tobytes() == array.tobytes()
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_not_whole_is_none(tmp_path: Path) -> None:
    path = tmp_path / "some.index"
    assert load_arrays(path) is None
    save_arrays(path, "key", {"a": np.arange(20), "b": np.eye(3, dtype=np.float32)})
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        spoiled = bytearray(whole)
        spoiled[at] ^= 0x10
        path.write_bytes(spoiled)
        assert load_arrays(path) is None
    for length in (0, 1, 39, 40, 41, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert load_arrays(path) is None
    path.write_bytes(whole + b"\0")
    assert load_arrays(path) is None
