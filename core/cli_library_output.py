"""What the commands that look after a workspace print: for people, or one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rankscope.core.cli_output import note, print_json, printable
from rankscope.core.documents.scan import TestedFile
from rankscope.core.records import (
    CompactReport,
    DocumentInfo,
    Duplicates,
    IndexReport,
    RemovedDocument,
    SourceInfo,
)
from rankscope.core.storage.paths import displayed


def show_index(
    report: IndexReport, failed: Sequence[DocumentInfo], sources: Sequence[SourceInfo], as_json: bool
) -> None:
    """What an indexing run did, and which files gave no passages."""
    skipped: Counter[str] = Counter()
    for source in sources:
        skipped.update(dict(source.skipped))
    if as_json:
        failures = [{"document": d.path, "reason": d.reason, "message": d.message, "remedy": d.remedy} for d in failed]
        print_json({**asdict(report), "failures": failures, "skipped": dict(skipped)})
        return
    for text in report.notes:
        note(text)
    done = {
        "new": report.added,
        "changed": report.changed,
        "renamed": report.renamed,
        "brought back": report.restored,
        "removed": report.removed,
        "unchanged": report.unchanged,
    }
    print(", ".join(f"{n:,} {what}" for what, n in done.items() if n) or "Nothing to read", end=". ")
    print(f"{report.encoded:,} passages encoded in {report.seconds:.1f} s; {report.passages:,} in the workspace.")
    if report.copies:
        print(f"{report.copies:,} of the new files are copies of others (see “rankscope duplicates”).")
    if failed:
        print(f"{len(failed)} {'file' if len(failed) == 1 else 'files'} could not be indexed:")
    for document in failed:
        print(f"  {printable(document.path)}: {document.message} {document.remedy}".rstrip())
    if skipped:
        print(f"Not looked at, being of other kinds: {_kinds(tuple(skipped.most_common()))}.")


def show_sources(sources: Sequence[SourceInfo], as_json: bool) -> None:
    """The sources with their settings and counts."""
    if as_json:
        print_json({"sources": [asdict(source) for source in sources]})
        return
    if not sources:
        print("No sources. Add one with “rankscope index FOLDER”.")
    for source in sources:
        print(f"{source.source_id}. {printable(source.path)}{'' if source.reachable else ' (not there at the moment)'}")
        print(
            f"   {source.documents:,} files, {source.passages:,} passages, {source.errors:,} not read, "
            f"{source.copies:,} copies; {'watched' if source.watch else 'not watched'}"
        )
        for what, patterns in (("only", source.include), ("without", source.exclude)):
            if patterns:
                print(f"   {what} {', '.join(printable(pattern) for pattern in patterns)}")
        if source.skipped:
            print(f"   of other kinds: {_kinds(source.skipped)}")


def show_match(found: Sequence[TestedFile], limit: int, as_json: bool) -> None:
    """Which files patterns take, and why not the others."""
    taken = sum(one.taken for one in found)
    if as_json:
        files = [{"path": displayed(one.relative), "taken": one.taken, "why": one.why} for one in found]
        print_json({"files": files, "taken": taken, "complete": len(found) < limit})
        return
    for one in found:
        print(
            f"{'+' if one.taken else '-'} {printable(one.relative)}{'' if one.taken else f'  ({printable(one.why)})'}"
        )
    more = "" if len(found) < limit else f" (of the first {limit:,}; see --limit)"
    print(f"{taken:,} taken, {len(found) - taken:,} left out{more}.")


def show_duplicates(found: Sequence[Duplicates], as_json: bool) -> None:
    """Groups of files of the same content."""
    if as_json:
        print_json({"duplicates": [asdict(one) for one in found]})
        return
    for group in found:
        print(f"{printable(group.paths[0])} ({group.size:,} bytes)")
        for path in group.paths[1:]:
            print(f"  = {printable(path)}")
    copies = sum(len(group.paths) - 1 for group in found)
    print(f"{copies:,} copies of {len(found):,} documents; results show each document once.")


def show_removed(found: Sequence[RemovedDocument], as_json: bool) -> None:
    """What can be brought back."""
    if as_json:
        print_json({"removed": [asdict(one) for one in found]})
        return
    for one in found:
        state = "" if one.file_is_there else ", its file is gone"
        print(f"{one.document_id:6}. {printable(one.path)} ({one.passages:,} passages; {one.removed[:10]}{state})")
    print(f"{len(found):,} removed documents can be brought back with “rankscope removed --bring-back ID”.")


def show_compact(report: CompactReport, as_json: bool) -> None:
    """What tidying did."""
    if as_json:
        print_json(asdict(report))
        return
    for text in report.notes:
        note(text)
    print(
        f"{report.segments_before:,} segments became {report.segments_after:,}; {report.bytes_before / 1e6:,.1f} MB "
        f"became {report.bytes_after / 1e6:,.1f} MB."
    )
    if report.forgotten:
        print(f"{report.forgotten:,} removed documents can no longer be brought back.")


def _kinds(skipped: Sequence[tuple[str, int]], most: int = 8) -> str:
    named = ", ".join(f"{n:,} {printable(suffix)}" for suffix, n in skipped[:most])
    rest = sum(n for _, n in skipped[most:])
    return named + (f", {rest:,} more" if rest else "")
