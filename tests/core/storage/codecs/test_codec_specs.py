"""What people write for a codec: understood, written back the same, and refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.errors import UsageError
from rankscope.core.storage.codecs import CodecSpec, bytes_per_vector, fit, parse

CODECS = ["float32", "float16", "float8", "int8", "binary", "residual1", "residual2", "residual4", "pq48", "pq96"]


@given(st.sampled_from(CODECS), st.sampled_from(["", "pca192+", "truncate96+", "pca384+"]))
def test_a_specification_is_written_as_it_was_read(codec: str, reduction: str) -> None:
    assert str(parse(reduction + codec, 384)) == reduction + codec


def test_the_parts_of_a_specification() -> None:
    assert parse("float16") == CodecSpec("float16")
    assert parse(" PCA192+Residual2 ") == CodecSpec("residual", 2, "pca", 192)
    assert parse("truncate128+pq32") == CodecSpec("pq", 32, "truncate", 128)


@pytest.mark.parametrize(
    "text",
    "float64|residual3|residual8|residual|pq|pq0|pq-1|pq048||int8+|+int8|pca192|pca0+int8|int8+int8"
    "|pca192+truncate96+int8|pca1.5+int8|svd192+int8|float16 int8".split("|"),
)
def test_an_unknown_one_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="unknown") as caught:
        parse(text)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pq100", "pq100 does not divide 384"),
        ("pca512+int8", "pca512 is wider than 384"),
        ("truncate385+float32", "truncate385 is wider than 384"),
        ("pca192+pq36", "pq36 does not divide 192"),
        ("pq768", "pq768 does not divide 384"),
    ],
)
def test_one_that_does_not_fit_is_refused_with_the_reason(text: str, reason: str) -> None:
    spec = parse(text)
    sample = np.zeros((3, 384), np.float32)
    for attempt in (lambda: parse(text, 384), lambda: fit(spec, sample), lambda: bytes_per_vector(spec, 384)):
        with pytest.raises(UsageError, match=reason):
            attempt()


def test_the_remedy_for_pq_names_divisors() -> None:
    with pytest.raises(UsageError, match="pq64, pq96, pq128"):
        parse("pq100", 384)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("float32", 1536),
        ("float16", 768),
        ("float8", 384),
        ("int8", 384),
        ("binary", 48 + 2),
        ("residual1", 48 + 2),
        ("residual2", 96 + 2),
        ("residual4", 192 + 2),
        ("pq48", 48),
        ("pca192+int8", 192),
        ("truncate100+binary", 13 + 2),
        ("truncate3+residual2", 1 + 2),
    ],
)
def test_bytes_of_a_vector(text: str, expected: int) -> None:
    assert bytes_per_vector(parse(text), 384) == expected


@pytest.mark.parametrize("text", ["int8", "residual2", "pq4", "pca2+float16", "pca8+binary"])
def test_nothing_to_learn_from_is_a_plain_refusal(text: str) -> None:
    with pytest.raises(UsageError, match="there are none"):
        fit(parse(text), np.empty((0, 8), np.float32))


@pytest.mark.parametrize("text", ["float32", "float16", "float8", "binary", "truncate4+float16"])
def test_codecs_that_learn_nothing_need_no_sample(text: str) -> None:
    assert fit(parse(text), np.empty((0, 8), np.float32)).encode(np.eye(8, dtype=np.float32)).shape[0] == 8
