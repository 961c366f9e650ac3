"""Inner products by adding up table rows, which several codecs come down to.

A code byte means a fixed sub-vector, so its share of ⟨q, x⟩ is looked up instead of computed (asymmetric distance
computation: Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", TPAMI 2011). One table row
holds the shares for all query vectors, so that one look-up serves a whole multi-vector query.
"""

from __future__ import annotations

import numpy as np

MAX_QUERIES = 256  # beyond it tables outgrow the processor's caches, and decoding for one matrix product is better


class LookupTable:
    """Adds up, for each stored vector, one row from each of its tables.

    Args:
        tables: float32 [rows_i, q] each; the i-th index of a vector is a row of the i-th table.
    """

    def __init__(self, tables: list[np.ndarray]) -> None:
        import torch

        starts = np.cumsum([0] + [len(table) for table in tables[:-1]])
        self._starts = starts.astype(np.int32)
        self._table = torch.from_numpy(np.concatenate(tables))

    def sums(self, *indices: np.ndarray) -> np.ndarray:
        """Integer columns [n, k_i] that together index all tables in order; float32 [n, q]."""
        import torch

        rows = np.empty((len(indices[0]), len(self._starts)), np.int32)
        at = 0
        for columns in indices:
            upto = at + columns.shape[1]
            np.add(columns, self._starts[at:upto], out=rows[:, at:upto], casting="unsafe")
            at = upto
        np.minimum(rows, len(self._table) - 1, out=rows)  # a damaged code may name a row that there is not
        sums: np.ndarray = torch.nn.functional.embedding_bag(torch.from_numpy(rows), self._table, mode="sum").numpy()
        return sums


def tables_of_bytes(values: np.ndarray, query: np.ndarray) -> list[np.ndarray]:
    """One table for each byte of packed codes.

    Args:
        values: float32 [256, k]: the k coordinates that a byte stands for.
        query: float32 [q, dim]; byte i covers dimensions i·k to (i + 1)·k, the last one perhaps fewer.

    Returns:
        ⌈dim / k⌉ tables, float32 [256, q].
    """
    each = values.shape[1]
    parts = [query[:, at : at + each] for at in range(0, query.shape[1], each)]
    return [values[:, : part.shape[1]] @ part.T for part in parts]
