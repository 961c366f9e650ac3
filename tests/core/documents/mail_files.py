"""Mails made to order."""

from __future__ import annotations

from rankscope.core.documents.readers.eml import members, read

HEADERS = (
    "From: Ada Byron <ada@example.org>\nTo: bo@example.org\nSubject: Blades\nDate: Tue, 4 Mar 2003 10:20:30 +0100\n"
)
TOP = "Blades\n\nFrom: Ada Byron <ada@example.org>\nTo: bo@example.org\nDate: 4 March 2003, 10:20\n\n"


def parts(kind, *contents, boundary="-edge-"):
    """A multipart of contents that are headers, an empty line and a body each."""
    joined = "".join(f"--{boundary}\n{content}\n" for content in contents)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{joined}--{boundary}--\n'


PLAIN = "Content-Type: text/plain\n\nThey fail."
PAGE = "Content-Type: text/html\n\n<p>They <b>really</b> fail.</p>"


class MailFile:
    """A file for a mail: called with the mail's content, it gives what the reader makes of it."""

    def __init__(self, folder):
        self._folder = folder

    def __call__(self, content, name="a.eml"):
        path = self._folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(path)

    def members(self):
        """The attachments of the last mail, by name."""
        return {packed.name: packed.open().read() for packed in members(self._folder / "a.eml")}
