"""Counting a text's tokens with the encoder's own tokenizer: once for the text, then for any stretch of it.

Tokenizing takes longer than everything else in cutting a text into passages, and texts repeat their words. So each
word (what stands between blanks) is tokenized when it is first met, and its number of tokens is remembered.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from rankscope.core.errors import ModelError

IntArray = npt.NDArray[np.int64]

_BATCH = 8192  # characters given to the tokenizer at once, where there is a choice
_LONGEST_WORD = 16_384
_REMEMBERED_WORDS = 200_000
_REMEMBERED_LENGTH = 40
# Python counts these as white space, BERT's tokenizers drop them without a trace, so they end no word.
_DROPPED_ALL = "\x0b\x0c\x1c\x1d\x1e\x1f\x85"
_DROPPED = re.compile(f"[{_DROPPED_ALL}]")
_BLANKS = np.zeros(0x3002, dtype=bool)  # by code point; the last one stands for all beyond
_BLANKS[[code for code in range(0x3001) if chr(code).isspace() and chr(code) not in _DROPPED_ALL]] = True
# Next to these characters a BERT tokenizer always ends a word, so the tokens there do not depend on what is beyond.
# Brackets are not among them: the text may hold "[SEP]", which counts as one token.
_ENDS_A_WORD = frozenset(" \n\t.,;:!?(){}\"'/-。、！？")


class TokenCounter:
    """The tokenizer of one encoder.

    Counts of neighbouring stretches add up where tokens neither reach across a blank nor depend on it, as with BERT's
    WordPiece (``splits_at_blanks``). With other tokenizers every passage must be counted on its own.

    Raises:
        ModelError: the tokenizer file is missing or holds no tokenizer.
    """

    def __init__(self, tokenizer_json: Path | str) -> None:
        path = Path(tokenizer_json)
        try:
            source = path.read_text(encoding="utf-8")
            self._tokenizer = Tokenizer.from_str(source)
        except OSError as error:
            raise ModelError(f"The tokenizer {path} cannot be read.", "Install the encoder again.") from error
        except Exception as error:  # what the library raises is a plain Exception
            raise ModelError(f"{path} is no tokenizer.", "Install the encoder again.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.n_specials = len(self._tokenizer.encode("").ids)
        settings = json.loads(source)
        self.splits_at_blanks = (settings.get("pre_tokenizer") or {}).get("type") == "BertPreTokenizer" and not any(
            token.get("lstrip") or token.get("rstrip") or token.get("single_word")
            for token in settings.get("added_tokens", ())
        )
        self._known: dict[str, int] = {}

    def count(self, text: str) -> int:
        """The tokens of the text as the encoder will see it, special tokens included."""
        return len(self._tokenizer.encode(text).ids)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token of the text starts and ends, special tokens left out."""
        spans: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return spans

    def measure(self, text: str) -> MeasuredText:
        """The text with the number of tokens of each of its words; linear in its length."""
        words = (_DROPPED.sub("\x01", text) if any(character in text for character in _DROPPED_ALL) else text).split()
        codes = np.frombuffer(text.encode("utf-32-le", errors="replace"), dtype=np.uint32)
        blank = np.ones(len(codes) + 2, dtype=bool)
        blank[1:-1] = _BLANKS[np.minimum(codes, len(_BLANKS) - 1)]
        edges = np.flatnonzero(blank[1:] != blank[:-1])
        starts, ends = edges[::2], edges[1::2]
        torn: list[int] = []
        if len(words) and int((ends - starts).max()) > _LONGEST_WORD:
            words, starts, ends, torn = _torn(words, starts, ends)
        counts = np.fromiter(self._counts(words), dtype=np.int64, count=len(words))
        return MeasuredText(text, self, starts, ends, np.concatenate(([0], np.cumsum(counts))), torn)

    def _counts(self, words: Sequence[str]) -> Iterator[int]:
        known = self._known
        unknown = [word for word in dict.fromkeys(words) if word not in known]
        passing: dict[str, int] = {}
        if len(known) + len(unknown) > _REMEMBERED_WORDS:
            known.clear()
            unknown = list(dict.fromkeys(words))
        for word, n_tokens in self._tokenized(unknown):
            (known if len(word) <= _REMEMBERED_LENGTH else passing)[word] = n_tokens
        if passing:
            return (known[word] if word in known else passing[word] for word in words)
        return map(known.__getitem__, words)

    def _tokenized(self, words: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Each word with its number of tokens, many words at a time."""
        first = 0
        while first < len(words):
            last, length = first, 0
            while last < len(words) and (last == first or length + len(words[last]) < _BATCH):
                length += len(words[last]) + 1
                last += 1
            batch = words[first:last]
            token_starts = np.asarray([start for start, _ in self.spans(" ".join(batch))], dtype=np.int64)
            word_ends = np.cumsum([len(word) + 1 for word in batch])
            before = np.searchsorted(token_starts, word_ends)
            yield from zip(batch, np.diff(before, prepend=0).tolist(), strict=True)
            first = last


class MeasuredText:
    """A text whose stretches can be counted in tokens (special tokens not included).

    Args:
        starts, ends: where each word starts and ends.
        tokens: the number of tokens before each word, and at last that of the whole text.
        torn: where a word was cut only because it is so long.
    """

    def __init__(
        self, text: str, counter: TokenCounter, starts: IntArray, ends: IntArray, tokens: IntArray, torn: list[int]
    ) -> None:
        self.text = text
        self.n_tokens = int(tokens[-1])
        self._counter = counter
        self._starts = starts
        self._ends = ends
        self._tokens = tokens
        self._torn = torn
        self._inner: dict[int, list[int]] = {}  # where the tokens of a word start; only for words looked into

    def index(self, offset: int) -> int:
        """The number of tokens that start before ``offset``."""
        word = int(np.searchsorted(self._starts, offset))
        before = int(self._tokens[word])
        if word == 0 or self._ends[word - 1] <= offset:
            return before
        return int(self._tokens[word - 1]) + bisect_left(self._tokens_in(word - 1), offset)

    def indices(self, offsets: IntArray) -> IntArray:
        """:meth:`index` for many offsets at once."""
        words = np.searchsorted(self._starts, offsets)
        result = self._tokens[words]
        if len(self._starts):
            for place in np.flatnonzero((words > 0) & (self._ends[words - 1] > offsets)).tolist():
                result[place] = self.index(int(offsets[place]))
        return result

    def offset_of(self, token: int) -> int:
        """Where this token starts, counted from 0; the text's length for one beyond the last."""
        if token >= self.n_tokens:
            return len(self.text)
        word = int(np.searchsorted(self._tokens, token, side="right")) - 1
        within = token - int(self._tokens[word])
        return self._tokens_in(word)[within] if within else int(self._starts[word])

    def exact_count(self, start: int, end: int) -> int | None:
        """The tokens of ``text[start:end]`` on its own; None where only tokenizing it can tell."""
        if not (self._counter.splits_at_blanks and self._is_word_border(start) and self._is_word_border(end)):
            return None
        if self._torn:
            place = bisect_left(self._torn, start + 1)
            if place < len(self._torn) and self._torn[place] < end:
                return None
        return self.index(end) - self.index(start)

    def _is_word_border(self, offset: int) -> bool:
        text = self.text
        if offset in (0, len(text)):
            return True
        return text[offset - 1] in _ENDS_A_WORD or text[offset] in _ENDS_A_WORD

    def _tokens_in(self, word: int) -> list[int]:
        inner = self._inner.get(word)
        if inner is None:
            start, end = int(self._starts[word]), int(self._ends[word])
            inner = [start + first for first, _ in self._counter.spans(self.text[start:end])]
            self._inner[word] = inner
        return inner


def _torn(words: list[str], starts: IntArray, ends: IntArray) -> tuple[list[str], IntArray, IntArray, list[int]]:
    """Words that are too long, cut into pieces that count as words."""
    new_words: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    cuts: list[int] = []
    for word, start, end in zip(words, starts.tolist(), ends.tolist(), strict=True):
        for offset in range(0, len(word), _LONGEST_WORD):
            new_words.append(word[offset : offset + _LONGEST_WORD])
            new_starts.append(start + offset)
            new_ends.append(min(start + offset + _LONGEST_WORD, end))
            if offset:
                cuts.append(start + offset)
    return new_words, np.asarray(new_starts, dtype=np.int64), np.asarray(new_ends, dtype=np.int64), cuts
