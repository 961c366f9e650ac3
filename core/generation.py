"""What an index is made with: which encoder, and how texts are cut for it. All of a workspace's vectors share it."""

from __future__ import annotations

from pathlib import Path

from rankscope.core.encoding.registry import OFFLINE_DEFAULT, EncoderFiles, resolve
from rankscope.core.errors import WorkspaceError, WorkspaceTooNew
from rankscope.core.indexes.dense import EF_CONSTRUCTION, M
from rankscope.core.storage.layout import Layout, plain_layout, stored_codec
from rankscope.core.storage.manifest import Manifest

# Long enough for a paragraph or two, short enough that one passage is about one thing.
CHUNKING = {"max_tokens": 256, "target_tokens": 190, "overlap_tokens": 32}
VECTORS, CODEC = "levels", "float16"


def encoder_files(name: str) -> EncoderFiles:
    """The encoder of this name; a folder is remembered by its whole path, for the next program starts elsewhere.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    folder = Path(name).expanduser()
    is_folder = name != OFFLINE_DEFAULT and folder.is_dir()
    return resolve(str(folder.absolute()) if is_folder else name)


def new_manifest(files: EncoderFiles, vectors: str = VECTORS, codec: str = CODEC) -> Manifest:
    """The manifest of an index that is made with this encoder, kind of vectors and codec.

    Raises:
        UsageError: there is no such kind or codec, or the codec has to learn from vectors first.
    """
    return Manifest(
        encoder=files.identity.as_dict(),
        codec=plain_layout(vectors, codec, files.identity.dim).codec_name,
        chunking=_chunking(files.identity.max_tokens),
        index={"kind": "hnsw", "space": "ip", "M": M, "ef_construction": EF_CONSTRUCTION},
        vectors=vectors,
    )


def layout_of(manifest: Manifest, folder: Path) -> Layout:
    """What segments of this index hold. Raises WorkspaceError: the codec's file is damaged or missing."""
    codec = stored_codec(folder, manifest.codec, int(manifest.encoder["dim"]))
    return Layout.of(manifest.vectors, codec, manifest.codec)


def is_lost(manifest: Manifest, folder: Path) -> bool:
    """Whether the codec of this index cannot be read, and so none of its vectors. Raises WorkspaceTooNew."""
    try:
        layout_of(manifest, folder)
    except WorkspaceTooNew:
        raise
    except WorkspaceError:
        return True
    return False


def spec_of(manifest: Manifest) -> str:
    """The codec as people write it: “residual2”."""
    return manifest.codec.partition(":")[0]


def _chunking(max_tokens: int) -> dict[str, int]:
    """How to cut for an encoder that reads so many tokens: no longer than usual, and no longer than it reads."""
    usual = CHUNKING["max_tokens"]
    return dict(CHUNKING) if max_tokens >= usual else {k: v * max_tokens // usual for k, v in CHUNKING.items()}


def same_texts(one: Manifest, other: Manifest) -> bool:
    """Whether both indexes have the same passages and token vectors, however they store these."""
    return (one.encoder, one.chunking) == (other.encoder, other.chunking)


def is_made_alike(one: Manifest, other: Manifest) -> bool:
    """Whether both indexes hold the same."""
    return same_texts(one, other) and (one.vectors, one.codec) == (other.vectors, other.codec)
