"""Web pages saved as one file (MHTML): a mail whose main part is the page."""

from __future__ import annotations

from pathlib import Path

from rankscope.core.documents import mail
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.letter import Body
from rankscope.core.documents.mail_parts import WrittenPart, sort
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.readers.eml import parsed_mail
from rankscope.core.documents.readers.html import PageTarget
from rankscope.core.documents.text import one_line, shown


def read(path: Path) -> Extraction:
    """Reads the main page. Title and date are those that the program that saved it wrote in front of it."""
    parsed = parsed_mail(path)
    texts = sort(parsed).texts
    main = next((text for text in texts if text.is_page), texts[0] if texts else None)
    if main is None:
        raise unreadable(
            "no text",
            f"{shown(path)} is a saved web page without the page itself.",
            "Open it in a browser and save it anew.",
        )
    return _extraction(main.body, main.page or PageTarget(), main, parsed)


def _extraction(body: Body, page: PageTarget, main: WrittenPart, parsed: mail.Part) -> Extraction:
    return Extraction(
        body.text,
        "mhtml",
        title=one_line(page.title or mail.header(parsed, "subject")),
        author=one_line(page.meta.get("author", "")),
        created=iso_date(mail.header(parsed, "date")),
        headings=body.headings,
        warnings=main.warnings,
    )
