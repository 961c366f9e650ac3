"""A second try at Office files that their libraries refuse although their text is whole."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from lxml import etree

from rankscope.core.documents.office_zip import Kind, member_name, opened, parse

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")


def mended(path: Path, kind: Kind) -> tuple[io.BytesIO, tuple[str, ...]]:
    """A copy in memory, and sentences about what it lacks.

    Members that cannot be unpacked are left out, and so are relations to members that are not there. Of XML that
    breaks off or breaks its rules, what can be understood is kept. Backslashes in names become slashes. The names that
    "Strict Open XML" files use become those of ordinary ones.

    Raises:
        Unreadable: it is no archive, or a bomb.
    """
    members: dict[str, bytes] = {}
    faults = 0
    with opened(path, kind) as archive:
        for entry in archive.infolist():
            try:
                members[entry.filename.replace("\\", "/")] = archive.read(entry)
            except Exception:  # a damaged member makes zipfile, zlib and the decompressors raise anything
                faults += 1
    for name in members:
        if name.endswith((".xml", ".rels")):
            members[name], faulty = _mended_xml(_STRICT.sub(_transitional, members[name]))
            faults += faulty
        if name.endswith(".rels"):
            faults += _drop_missing(name, members)
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    copy.seek(0)
    return copy, (_warning(faults),) if faults else ()


def _warning(faults: int) -> str:
    said = "One of its parts is" if faults == 1 else f"{faults:,} of its parts are"
    return f"{said} missing or damaged; what could not be understood is left out."


def _transitional(match: re.Match[bytes]) -> bytes:
    """The ordinary name for a strict one: .../ooxml/spreadsheetml/main is .../spreadsheetml/2006/main."""
    return b"http://schemas.openxmlformats.org/" + match.group(1) + b"/2006/"


def _mended_xml(data: bytes) -> tuple[bytes, bool]:
    """The XML, well-formed, and whether it was not."""
    if _is_xml(data):
        return data, False
    recovering = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        root = etree.fromstring(data, recovering)
    except etree.XMLSyntaxError:
        root = None
    understood = b"" if root is None else etree.tostring(root)
    return understood if _is_xml(understood) else b"<nothing/>", True


def _is_xml(data: bytes) -> bool:
    try:
        parse(data)
    except etree.XMLSyntaxError:
        return False
    return True


def _drop_missing(name: str, members: dict[str, bytes]) -> int:
    """Drops the relations to members that are not there. Returns how many they were."""
    root = parse(members[name])
    folder = name.rpartition("_rels/")[0]
    missing = [relation for relation in root if _is_missing(relation, folder, members)]
    for relation in missing:
        root.remove(relation)
    if missing:
        members[name] = etree.tostring(root)
    return len(missing)


def _is_missing(relation: Any, folder: str, members: dict[str, bytes]) -> bool:
    if relation.get("TargetMode") == "External":
        return False
    return member_name(folder, relation.get("Target", "")) not in members
