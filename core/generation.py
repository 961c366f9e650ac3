"""What an index is made with: which encoder, and how texts are cut for it. All of a workspace's vectors share it."""

from __future__ import annotations

from pathlib import Path

from rankscope.core.encoding.registry import OFFLINE_DEFAULT, EncoderFiles, resolve
from rankscope.core.indexes.dense import EF_CONSTRUCTION, M
from rankscope.core.storage import segments
from rankscope.core.storage.manifest import Manifest

# Long enough for a paragraph or two, short enough that one passage is about one thing.
CHUNKING = {"max_tokens": 256, "target_tokens": 190, "overlap_tokens": 32}


def encoder_files(name: str) -> EncoderFiles:
    """The encoder of this name; a folder is remembered by its whole path, for the next program starts elsewhere.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    folder = Path(name).expanduser()
    is_folder = name != OFFLINE_DEFAULT and folder.is_dir()
    return resolve(str(folder.absolute()) if is_folder else name)


def new_manifest(files: EncoderFiles) -> Manifest:
    """The manifest of an index that is made with this encoder."""
    return Manifest(
        encoder=files.identity.as_dict(),
        codec=segments.CODEC,
        chunking=_chunking(files.identity.max_tokens),
        index={"kind": "hnsw", "space": "ip", "M": M, "ef_construction": EF_CONSTRUCTION},
    )


def _chunking(max_tokens: int) -> dict[str, int]:
    """How to cut for an encoder that reads so many tokens: no longer than usual, and no longer than it reads."""
    usual = CHUNKING["max_tokens"]
    return dict(CHUNKING) if max_tokens >= usual else {k: v * max_tokens // usual for k, v in CHUNKING.items()}
