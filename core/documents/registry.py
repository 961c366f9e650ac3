"""The formats that Rankscope reads: a short name, its suffixes, and the module that reads it.

A new format is one module in :mod:`rankscope.core.documents.readers` with a function ``read(path) -> Extraction``,
which raises :class:`~rankscope.core.documents.failures.Unreadable`, and one line here. Its libraries are imported when
the first file of that format is read: listing formats costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePath
from types import ModuleType
from typing import TYPE_CHECKING

from rankscope.core.documents.model import Extraction

if TYPE_CHECKING:
    from rankscope.core.documents.unpacking import Packed

Reader = Callable[[Path], Extraction]


@dataclass(frozen=True, slots=True)
class Format:
    """One readable format. ``module`` stands in the package of readers; suffixes are lower case with their dot.

    ``family`` is what the first bytes of such a file look like: "text" (any text), "zip" and "ole" (containers that
    tell their kind inside), "pdf", "rtf", "image", "packed" (compressed), or "" where a reader only says why the
    format is not read. ``container`` formats hold further files: their module has a function
    ``members(path) -> Iterator[Packed]`` beside ``read`` (see :mod:`rankscope.core.documents.unpacking`).
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    family: str = "text"
    container: bool = False


_CODE = (
    ".py .pyi .js .mjs .cjs .jsx .ts .tsx .java .c .h .cc .cpp .cxx .hpp .hh .cs .go .rs .rb .php .sh .bash .zsh .sql "
    ".kt .swift .scala .lua .pl .pm .r .jl .m .mm .dart .ex .exs .erl .hs .clj .el .vb .ps1 .bat .css .scss .proto"
)
FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("pdf", (".pdf",), "pdf", "pdf"),
        Format("docx", (".docx", ".docm", ".dotx", ".dotm"), "docx", "zip"),
        Format("pptx", (".pptx", ".pptm", ".ppsx", ".potx"), "pptx", "zip"),
        Format("xlsx", (".xlsx", ".xlsm", ".xlsb", ".xltx"), "xlsx", "zip"),
        Format("xls", (".xls",), "xlsx", "ole"),
        Format("odt", (".odt", ".ott"), "odt", "zip"),
        Format("ods", (".ods", ".ots"), "xlsx", "zip"),
        Format("odp", (".odp", ".otp"), "odp", "zip"),
        Format("rtf", (".rtf",), "rtf", "rtf"),
        Format("epub", (".epub",), "epub", "zip"),
        Format("html", (".html", ".htm", ".xhtml"), "html"),
        Format("mhtml", (".mhtml", ".mht"), "mhtml"),
        Format("md", (".md", ".markdown"), "markdown"),
        Format("rst", (".rst", ".rest"), "rst"),
        Format("org", (".org",), "org"),
        Format("txt", (".txt", ".text", ".log", ".tex", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf"), "plain"),
        Format("csv", (".csv", ".tsv", ".tab"), "csv"),
        Format("json", (".json", ".jsonl", ".ndjson", ".geojson"), "json"),
        Format("xml", (".xml", ".xsl", ".xslt", ".xsd", ".rss", ".atom", ".opml"), "xml"),
        Format("code", tuple(_CODE.split()), "code"),
        Format("eml", (".eml", ".emlx"), "eml", container=True),
        Format("mbox", (".mbox", ".mbx"), "mbox", container=True),
        Format("msg", (".msg",), "msg", "ole", container=True),
        Format("zip", (".zip",), "zip", "zip", container=True),
        Format("tar", (".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"), "tar", "packed", container=True),
        Format("image", (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp"), "image", "image"),
        # What people expect to be read and is not: a reason and a remedy instead of silence.
        Format("doc", (".doc", ".dot"), "refused", ""),
        Format("ppt", (".ppt", ".pps"), "refused", ""),
        Format("iwork", (".pages", ".numbers", ".key"), "refused", ""),
        Format("heic", (".heic", ".heif", ".avif"), "refused", ""),
        Format("7z", (".7z", ".rar"), "refused", ""),
        Format("pst", (".pst", ".ost"), "refused", ""),
        Format("p7s", (".p7s", ".p7m"), "refused", ""),
    )
}
_BY_SUFFIX = {suffix: entry.name for entry in FORMATS.values() for suffix in entry.suffixes}


def supported_suffixes() -> tuple[str, ...]:
    """All suffixes that a scan takes, lower case with their dot, sorted."""
    return tuple(sorted(_BY_SUFFIX))


def format_of(path: str | PurePath) -> str | None:
    """The format that the file's name promises, or None when no reader takes it.

    A name without a suffix ("README") promises a text; its first bytes decide.
    """
    suffix = PurePath(path).suffix.lower()
    return _BY_SUFFIX.get(suffix) if suffix else "txt"


def reader(name: str) -> Reader:
    """The function that reads this format; its module is imported now.

    Raises:
        KeyError: no such format.
    """
    function: Reader = _module(name).read
    return function


def members_of(name: str) -> Callable[[Path], Iterator[Packed]] | None:
    """The function that lists what a file of this container format holds; None for all other formats."""
    if not FORMATS[name].container:
        return None
    function: Callable[[Path], Iterator[Packed]] = _module(name).members
    return function


def recogniser(name: str) -> Reader | None:
    """The function that reads a file of this format by OCR, after its reader raised NeedsRecognition."""
    return getattr(_module(name), "recognise", None)


def _module(name: str) -> ModuleType:
    return import_module(f"rankscope.core.documents.readers.{FORMATS[name].module}")
