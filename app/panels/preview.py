"""Preview: the page or the text of the selected passage, with the heat of its words, and the way to its neighbours."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from rankscope.app.models.grid import HeatWord, heat_words
from rankscope.app.models.page_text import page_at, text_window
from rankscope.app.theme import SPACE_XS, Theme
from rankscope.app.widgets.controls import Notice
from rankscope.app.widgets.evidence_panel import EvidencePanel
from rankscope.app.widgets.heat import SHARED
from rankscope.app.widgets.heat_text import HeatText
from rankscope.app.widgets.opening import citation, open_document
from rankscope.app.widgets.page import PageCanvas
from rankscope.app.widgets.preview_controls import PreviewControls
from rankscope.core.api import DocumentText, PageView, PassageInfo

_KEPT_PAGES = 8
_PATIENCE_MS = 180  # a document usually arrives sooner; until then the one before it stays

_NOTICE, _PAGE, _TEXT = 0, 1, 2


class PreviewPanel(EvidencePanel):
    """Follows the session's selection. ``copied`` says that a citation went to the clipboard."""

    copied = Signal()

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self._page_index = 0
        self._wanted: tuple[int, int, int] | None = None  # document, page number, width of the picture asked for
        self._pages: OrderedDict[tuple[int, int, int], tuple[str, PageView]] = OrderedDict()  # with the text they show
        self._prefer_text = False
        self._heated: tuple[str, int] | None = None  # the query and passage whose heat is shown
        self._page_failed = False
        self._compact = False
        self.page = PageCanvas(theme)
        self.text = HeatText(theme)
        self.notice = Notice(theme)
        self.controls = PreviewControls(theme)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._build()
        self._listen()
        self.restyle()
        self._show_selection()

    def restyle(self) -> None:
        super().restyle()
        self.controls.restyle()
        self.text.restyle()
        self.notice.restyle()
        self._rescale_legend()
        self.page.viewport().update()

    def set_compact(self, compact: bool) -> None:
        """Without the scale of similarity (the Search layout), or with it (Inspect)."""
        self._compact = compact
        self._show_heat()

    @Slot(int)
    def show_word(self, start: int) -> None:
        """Bring the word at a document offset into sight and ring it."""
        document = self._document()
        if document is None:
            return
        if self._views.currentIndex() == _PAGE:
            index = page_at(document.pages, start)
            if index != self._page_index:
                self._go_to_page(index)
            self.page.set_current_word(start)
        elif self._views.currentIndex() == _TEXT:
            self.text.set_current_word(start)

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        controls = self.controls
        self._body = QWidget()
        self._views = QStackedLayout(self._body)
        for view in (self.notice, self.page, self.text):
            self._views.addWidget(view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        for part in (controls.head, controls.warning, controls.window_note):
            layout.addWidget(part)
        layout.addSpacing(SPACE_XS)
        layout.addWidget(self._body, 1)
        layout.addSpacing(SPACE_XS)
        layout.addWidget(controls.key)
        layout.addWidget(controls.foot)

    def _listen(self) -> None:
        session = self.session
        session.selectionChanged.connect(self._show_selection)
        session.documentChanged.connect(self._show_selection)
        session.workspaceChanged.connect(self._forget)
        session.alignmentChanged.connect(self._show_heat)
        session.failed.connect(self._failed)
        if hasattr(session, "wordActivated"):
            session.wordActivated.connect(self.show_word)
        self._patience.timeout.connect(self._give_up_waiting)
        self.page.widthWanted.connect(self._ask_page)
        self.page.pageStep.connect(self._step_page)
        self.controls.previous_page.clicked.connect(self._page_before)
        self.controls.next_page.clicked.connect(self._page_after)
        self.controls.previous_hit.clicked.connect(self._hit_before)
        self.controls.next_hit.clicked.connect(self._hit_after)
        self.controls.text_button.toggled.connect(self._choose_text)
        self.controls.open_button.clicked.connect(self._open)
        self.controls.cite_button.clicked.connect(self._cite)

    # -- what is selected ------------------------------------------------------------------------------------------

    def _info(self) -> PassageInfo | None:
        trace, selected = self.session.trace, self.session.selected
        return trace.passages.get(selected) if trace is not None and selected is not None else None

    def _document(self) -> DocumentText | None:
        info, document = self._info(), self.session.document
        if info is None or document is None or document.document_id != info.document_id:
            return None
        return document

    def hits(self) -> list[int]:
        """The passages of this document in the final ranking, in the order they stand in the document."""
        trace, info = self.session.trace, self._info()
        if trace is None or info is None:
            return []
        found = [trace.passages[item] for item in trace.final.ids.tolist() if item in trace.passages]
        same = [passage for passage in found if passage.document_id == info.document_id]
        return [passage.passage_id for passage in sorted(same, key=lambda passage: passage.start)]

    # -- what the session tells ------------------------------------------------------------------------------------

    @Slot()
    def _show_selection(self) -> None:
        info, document = self._info(), self._document()
        self._head(info, document)
        if info is None:
            self._patience.stop()
            self._say(
                self.tr("Nothing selected"),
                self.tr("Select a result to read its passage here, on the page it comes from."),
            )
        elif document is None:
            if not self._patience.isActive():
                self._patience.start()
        else:
            self._patience.stop()
            self._page_failed = False
            if document.pages and not self._prefer_text:
                self._show_page(info, document)
            else:
                self._show_text(info, document)
            self._show_heat()

    @Slot()
    def _show_heat(self) -> None:
        info, alignment, trace = self._info(), self.session.alignment, self.session.trace
        words: tuple[HeatWord, ...] = ()
        heated = None
        if info is not None and trace is not None:
            if alignment is None and self._heated == (trace.query, info.passage_id):
                return  # ranked again, perhaps with another budget: the new heat comes at once, so nothing flickers
            if alignment is not None and alignment.passage_id == info.passage_id:
                heated = (trace.query, info.passage_id)
                words = heat_words(alignment, info.text, info.start)
        self._heated = heated
        self.page.set_heat(words, SHARED)
        self.text.set_heat(words, SHARED)
        self.controls.legend.setVisible(bool(words) and not self._compact)

    @Slot()
    def _failed(self) -> None:
        """Something did not work. Where a picture is awaited, the text is shown instead of it."""
        self._heated = None
        self._show_heat()
        info, document = self._info(), self._document()
        if info is not None and document is not None and self._wanted is not None and not self.page.has_picture:
            self._wanted = None
            self._page_failed = True
            self._head(info, document)
            self._show_text(info, document)

    @Slot()
    def _forget(self) -> None:
        """Another workspace numbers its documents anew."""
        self._pages.clear()
        self._wanted = None
        self._show_selection()

    @Slot()
    def _give_up_waiting(self) -> None:
        if self._document() is None and self._info() is not None:
            self._say(self.tr("Reading the document"), self.tr("Its page appears here as soon as it is there."))

    # -- showing ---------------------------------------------------------------------------------------------------

    def _say(self, title: str, text: str) -> None:
        self.notice.say(title, text)
        self._show_view(_NOTICE)

    def _head(self, info: PassageInfo | None, document: DocumentText | None) -> None:
        controls = self.controls
        for part in (controls.head, controls.foot):
            part.setVisible(info is not None)
        controls.warning.setVisible(document is not None and document.changed)
        controls.show_note(self._note(document))
        if info is None:
            return
        title = info.title or info.document.rsplit("/", 1)[-1]
        place = "" if info.page is not None else info.place  # pages are counted below the page
        copies = document.copies if document is not None else ()
        elsewhere = [self.tr("The same content stands in:"), *copies] if copies else []
        controls.show_title(f"{title} · {place}" if place else title, "\n".join((info.document, *elsewhere)))
        hits = self.hits()
        controls.show_hit(hits.index(info.passage_id) + 1 if info.passage_id in hits else 0, len(hits))
        controls.text_button.setVisible(document is not None and bool(document.pages) and not self._page_failed)
        self._page_head(document)

    @staticmethod
    def _note(document: DocumentText | None) -> str:
        """What was left out when the document was read."""
        return document.note if document is not None else ""

    def _page_head(self, document: DocumentText | None) -> None:
        on_page = document is not None and not self._prefer_text and not self._page_failed
        self.controls.show_page(self._page_index, document.pages if on_page and document is not None else ())

    def _show_page(self, info: PassageInfo, document: DocumentText) -> None:
        self._show_view(_PAGE)
        self._go_to_page(page_at(document.pages, info.start))
        self.page.set_passage(info.start, info.end)

    def _show_text(self, info: PassageInfo, document: DocumentText) -> None:
        length = len(document.text)
        first, last = text_window(length, info.start, info.end)
        self._show_view(_TEXT)
        self.text.set_window(document.text[first:last], first)
        self.text.set_passage(info.start, info.end)
        part = self.tr("Characters {first} to {last} of {length}. Open the file to read all of it.").format(
            first=f"{first + 1:,}", last=f"{last:,}", length=f"{length:,}"
        )
        self.controls.show_note(
            self._note(document),
            self.tr("The page could not be drawn; this is its text.") if self._page_failed else "",
            part if last - first < length else "",
        )

    def showEvent(self, event: QShowEvent) -> None:
        """Pages are drawn only for a preview that is seen: ask for the one that was put off."""
        super().showEvent(event)
        if self._views.currentIndex() == _PAGE and not self.page.has_picture:
            self._body.layout().activate()  # type: ignore[union-attr]
            self._ask_page(self.page.wanted_width)

    def _show_view(self, index: int) -> None:
        self._views.setCurrentIndex(index)
        self._views.activate()
        self.setFocusProxy((self.notice, self.page, self.text)[index])
        self.controls.key.setVisible(index != _NOTICE)
        self._rescale_legend()

    def _rescale_legend(self) -> None:
        on_page = self._views.currentIndex() == _PAGE
        self.controls.legend.set_scale(SHARED, QColor("#FFFFFF") if on_page else self.theme.qcolor("panel"))

    # -- pages -----------------------------------------------------------------------------------------------------

    def _go_to_page(self, index: int) -> None:
        """Show a page of the present document: from the kept pictures, or blank until it is drawn."""
        document = self._document()
        if document is None or not document.pages:
            return
        self._page_index = min(max(0, index), len(document.pages) - 1)
        page = document.pages[self._page_index]
        key = (document.document_id, page.number, self.page.wanted_width)
        text, view = self._pages.get(key, ("", None))
        if view is not None and text == document.text:
            self._pages.move_to_end(key)
            self._wanted = None
            self.page.set_page(view, page.start)
        else:
            if self._wanted is None or self._wanted[:2] != key[:2]:
                self.page.set_blank(page.width, page.height)
            self._ask_page(key[2])
        self._page_head(document)

    @Slot(int)
    def _ask_page(self, width: int) -> None:
        document = self._document()
        if document is None or self._views.currentIndex() != _PAGE or not self.isVisible():
            return
        number = document.pages[self._page_index].number
        if self._wanted == (document.document_id, number, width):
            return
        self._wanted = (document.document_id, number, width)
        self.session.request_page(document.document_id, number, width, self._page_drawn)

    @Slot(object)
    def _page_drawn(self, view: PageView) -> None:
        document, wanted = self._document(), self._wanted
        if document is None or wanted is None or (document.document_id, view.page) != wanted[:2]:
            return
        self._wanted = None
        self._pages[wanted] = (document.text, view)
        while len(self._pages) > _KEPT_PAGES:
            self._pages.popitem(last=False)
        self.page.set_page(view, document.pages[self._page_index].start)

    @Slot(int)
    def _step_page(self, step: int) -> None:
        document = self._document()
        if document is not None and 0 <= self._page_index + step < len(document.pages):
            self._go_to_page(self._page_index + step)

    @Slot()
    def _page_before(self) -> None:
        self._step_page(-1)

    @Slot()
    def _page_after(self) -> None:
        self._step_page(1)

    # -- what the user does ----------------------------------------------------------------------------------------

    def _step_hit(self, step: int) -> None:
        hits = self.hits()
        if not hits:
            return
        selected = self.session.selected
        at = hits.index(selected) + step if selected in hits else 0
        if 0 <= at < len(hits):
            self.session.select(hits[at])

    @Slot()
    def _hit_before(self) -> None:
        self._step_hit(-1)

    @Slot()
    def _hit_after(self) -> None:
        self._step_hit(1)

    @Slot(bool)
    def _choose_text(self, text: bool) -> None:
        self._prefer_text = text
        self._wanted = None
        self._show_selection()

    @Slot()
    def _open(self) -> None:
        info, document = self._info(), self._document()
        if info is None:
            return
        path = document.file if document is not None else info.document
        if not open_document(path):
            self.session.failed.emit(
                self.tr("{path} could not be opened.").format(path=path),
                self.tr("Check that the file is still there and that a program for its type is installed."),
                "",
            )

    @Slot()
    def _cite(self) -> None:
        info = self._info()
        if info is not None:
            QGuiApplication.clipboard().setText(citation(info.title, info.document, info.place, info.text))
            self.copied.emit()
