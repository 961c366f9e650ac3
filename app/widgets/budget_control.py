"""The budget in the bar at the top: the slider, what it stands at, and what the last ranking cost with it."""

from __future__ import annotations

from textwrap import fill

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QWidget

from rankscope.app.models import budgets, wording
from rankscope.app.session import Session
from rankscope.app.theme import SPACE_S, SPACE_XS, Theme
from rankscope.app.translation import QT_TRANSLATE_NOOP
from rankscope.app.widgets.budget_slider import BudgetSlider
from rankscope.app.widgets.card import make_label
from rankscope.core.api import BUDGETS, Budget

_PRESETS: dict[str, str] = {
    "fast": QT_TRANSLATE_NOOP("budgets", "Fast"),
    "balanced": QT_TRANSLATE_NOOP("budgets", "Balanced"),
    "thorough": QT_TRANSLATE_NOOP("budgets", "Thorough"),
}
# Why there is nothing to choose and what helps, once for each of the two layouts.
_REASONS: dict[str, str] = {
    budgets.TOKENS: QT_TRANSLATE_NOOP(
        "budgets",
        "This workspace stores one vector for every word piece, so there is no budget to choose: all of them are "
        "compared. To get one: Menu > File > Convert vectors…, or “rankscope convert --vectors levels”.",
    ),
    budgets.PIPELINE: QT_TRANSLATE_NOOP(
        "budgets",
        "This pipeline compares no passage word by word, so there is no budget to choose. "
        "Choose “hybrid” or “late” under Pipeline.",
    ),
}
_PLAIN_REASONS: dict[str, str] = {
    budgets.TOKENS: QT_TRANSLATE_NOOP(
        "budgets",
        "This workspace is stored in a way that leaves no choice: every search takes the closest look. "
        "To get the choice: Menu > File > Convert vectors…",
    ),
    budgets.PIPELINE: QT_TRANSLATE_NOOP(
        "budgets",
        "The chosen way of searching takes no close look at passages. Choose another one in the Inspect layout.",
    ),
}
# What stands in the place of the pair then.
_INSTEAD: dict[str, str] = {
    budgets.TOKENS: QT_TRANSLATE_NOOP("budgets", "all"),
    budgets.PIPELINE: QT_TRANSLATE_NOOP("budgets", "none"),
}
_TIP_WIDTH = 84  # letters; Qt breaks no plain tooltip


def _tr(text: str) -> str:
    return QCoreApplication.translate("budgets", text)


def preset_title(name: str) -> str:
    """The name of a preset as people read it; "" for none."""
    return _tr(_PRESETS[name]) if name in _PRESETS else ""


def budget_text(budget: Budget) -> str:
    """A budget in few letters: "(8, 16)"."""
    return f"({budget.r_q}, {budget.r_c})"


def reason_text(obstacle: str, *, plain: bool = False) -> str:
    """Why no budget can be chosen, and what helps; "" when one can. ``plain`` for people who never heard of one."""
    if not obstacle:
        return ""
    return fill(_tr((_PLAIN_REASONS if plain else _REASONS)[obstacle]), _TIP_WIDTH)


class BudgetControl(QWidget):
    """Follows the session, and sets its budget when the slider is moved."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S)
        self._title = make_label(self.tr("Budget"), theme, "body", "dim", self)
        self.slider = BudgetSlider(theme, self)
        self.slider.setAccessibleName(self.tr("Budget"))
        self.pair = make_label("", theme, "body", parent=self)
        self.price = make_label("", theme, "small", "dim", self)
        self.price.setAccessibleName(self.tr("What the last ranking cost"))
        metrics = QFontMetrics(theme.font("body"))
        self.pair.setMinimumWidth(max(metrics.horizontalAdvance(budget_text(one)) for one in BUDGETS) + 1)
        for widget in (self._title, self.slider, self.pair, self.price):
            if widget is self.price:
                row.addSpacing(SPACE_XS)
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self.slider.setValue(budgets.stop_of(session.budget))
        self.slider.valueChanged.connect(self._moved)
        for signal in (session.settingsChanged, session.traceChanged, session.libraryChanged):
            signal.connect(self.refresh)
        self.refresh()

    @Slot(int)
    def _moved(self, stop: int) -> None:
        self._session.set_budget(BUDGETS[stop])

    @Slot()
    def refresh(self) -> None:
        """Show what the session says."""
        session = self._session
        stop = budgets.stop_of(session.budget)
        if stop != self.slider.value():
            self.slider.blockSignals(True)
            self.slider.setValue(stop)
            self.slider.blockSignals(False)
            self.slider.update()
        obstacle = session.budget_obstacle
        reason = reason_text(obstacle)
        price = budgets.price_of(session.trace) if session.trace is not None and not reason else None
        self.slider.setEnabled(not reason)
        for label in (self._title, self.pair):
            label.setProperty("role", "dim" if reason or label is self._title else "")
            label.style().polish(label)
        self.pair.setText(_tr(_INSTEAD[obstacle]) if obstacle else budget_text(session.budget))
        self.price.setText(self._price_text(price))
        tip = reason or self._tip(price)
        for widget in (self, *self.findChildren(QWidget)):
            widget.setToolTip(tip)
        self.slider.setAccessibleDescription(tip)

    def _price_text(self, price: budgets.Price | None) -> str:
        if price is None:
            return ""
        return f"{wording.milliseconds(price.ms)} · {wording.size(price.bytes_read)}"

    def _tip(self, price: budgets.Price | None) -> str:
        budget, library = self._session.budget, self._session.library
        name = preset_title(budgets.preset_of(budget))
        compared = self.tr("up to {r_q} vectors of the query are compared with up to {r_c} of each passage.").format(
            r_q=budget.r_q, r_c=budget.r_c
        )
        lines = [
            f"{name}: {compared}" if name else f"{compared[0].upper()}{compared[1:]}",
            self.tr("More see finer differences, fewer are quicker. Click, drag, or use the arrow keys."),
        ]
        if price is not None:
            lines.append(
                self.tr("Last ranking: {time} for {count} passages, {size} read.").format(
                    time=wording.milliseconds(price.ms),
                    count=wording.count(price.passages),
                    size=wording.size(price.bytes_read),
                )
            )
        if library is not None and budget != budgets.LARGEST:
            expected = budgets.predict(budget, library.info, price.passages if price is not None else 1)
            lines.append(
                self.tr(
                    "Expected against the largest budget: {flop} of the arithmetic (2 · r_q · r_c · D · N), {size} of "
                    "the bytes (r_c · bytes of a vector · N)."
                ).format(flop=wording.share(expected.flop_share), size=wording.share(expected.bytes_share))
            )
        return "\n".join(fill(line, _TIP_WIDTH) for line in lines)
