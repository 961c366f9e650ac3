"""How much of a document's text is recovered, against a second tool: pdftotext, LibreOffice, Python's mail library.

The share of the reference's words (lower-cased runs of letters and digits, each as often as it stands there) that are
in our text. For born-digital documents nearly all of them should be.
"""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

from rankscope.core.documents.chunking import Chunker
from rankscope.core.documents.reading import read_document
from rankscope.core.encoding.registry import resolve
from tests.benchmarks.figures import SHARED_DATA, Figure, Settings, at_least, say, skipped

GOAL = 0.98
_WORD = re.compile(r"[^\W_]+")
# How many documents of a kind, and where they lie below ../shared/data/docs: chosen before the first measurement, by
# name, evenly spread. Pictures of text are left out: there is no second opinion on them here.
_CHOSEN: tuple[tuple[str, int, str], ...] = (
    ("pdf", 3, "gov-reports/*.pdf"),
    ("pdf", 3, "financebench/*.pdf"),
    ("pdf", 3, "arxiv-papers/*.pdf"),
    ("docx", 5, "office-zoo-unstructured/**/*.docx"),
    ("pptx", 4, "office-zoo-unstructured/**/*.pptx"),
    ("xlsx", 4, "office-zoo-unstructured/**/*.xlsx"),
    ("odt", 2, "office-zoo-unstructured/**/*.odt"),
    ("rtf", 2, "office-zoo-unstructured/**/*.rtf"),
    ("html", 4, "office-zoo-unstructured/**/*.html"),
    ("eml", 4, "enron-eml/**/*.eml"),
)
_OFFICE_FILTER = {
    "docx": "txt:Text (encoded):UTF8",
    "odt": "txt:Text (encoded):UTF8",
    "rtf": "txt:Text (encoded):UTF8",
    "html": "txt:Text (encoded):UTF8",
    "pptx": "pdf",
    "xlsx": "csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,true,false,false,false,-1",
}


def run(settings: Settings) -> list[Figure]:
    """One figure per format: the mean share over its documents."""
    docs = SHARED_DATA / "docs"
    if not docs.is_dir():
        return [skipped("words recovered", f"{docs} is not here")]
    chunker = Chunker(resolve().tokenizer_json)
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    for name, most, pattern in _CHOSEN:
        files = sorted(docs.glob(pattern))
        chosen = files[:: max(1, len(files) // most)][: settings.choose(1, most)]
        for file in chosen:
            reference = _reference(name, file, settings.work)
            if reference is None:
                continue
            read = read_document(file, chunker)
            text = f"{read.extraction.title}\n{read.extraction.text}" if read.extraction else ""
            shares[name][str(file.relative_to(docs))] = share(reference, text)
        say(f"{name}: {len(shares[name])} documents")
    figures = []
    for name in dict.fromkeys(name for name, _, _ in _CHOSEN):
        found = shares[name]
        if not found:
            figures.append(skipped(f"words recovered: {name}", "the second tool is not installed"))
            continue
        how = f"mean over {len(found)} documents, against {_TOOL.get(name, 'LibreOffice')}"
        figures.append(
            at_least(f"words recovered: {name}", sum(found.values()) / len(found), GOAL, "share", how, documents=found)
        )
    return figures


def share(reference: str, text: str) -> float:
    """The share of the reference's words that are in the text, each as often as it stands there."""
    wanted, found = Counter(_words(reference)), Counter(_words(text))
    total = sum(wanted.values())
    return sum((wanted & found).values()) / total if total else 1.0


def _words(text: str) -> list[str]:
    # A word that is broken at a line's end is one word.
    return _WORD.findall(re.sub(r"[-\u00ad\u2010]\s*\n\s*", "", text).lower())


_TOOL = {"pdf": "pdftotext", "eml": "Python's mail library", "pptx": "LibreOffice and pdftotext"}


def _reference(name: str, file: Path, work: Path) -> str | None:
    if name == "pdf":
        return _pdftotext(file)
    if name == "eml":
        with file.open("rb") as stream:
            message = email.message_from_binary_file(stream, policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        return str(body.get_content()) if body is not None else ""
    office = shutil.which("libreoffice") or shutil.which("soffice")
    if office is None:
        return None
    out = work / "references" / file.name  # files of one stem in two formats are two documents
    subprocess.run(
        [office, f"-env:UserInstallation=file://{work / 'office'}", "--headless", "--convert-to", _OFFICE_FILTER[name],
         "--outdir", str(out), str(file)],
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    made = sorted(out.glob("*")) if out.is_dir() else []
    if not made:
        return None
    if name == "pptx":
        return _pdftotext(made[0])
    return "\n".join(path.read_text("utf-8", errors="replace") for path in made)


def _pdftotext(file: Path) -> str | None:
    tool = shutil.which("pdftotext")
    if tool is None:
        return None
    return subprocess.run([tool, "-enc", "UTF-8", str(file), "-"], capture_output=True, check=False).stdout.decode(
        "utf-8", "replace"
    )
