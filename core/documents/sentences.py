"""Where sentences end, as exact offsets.

Sentencex finds the ends: it knows the abbreviations of some 300 languages, keeps every character and takes a few
milliseconds for a book. Which language a text is in is guessed from its small words, since only they decide whether
"z. B." or "p. ex." ends a sentence.
"""

from __future__ import annotations

import re
from itertools import accumulate

from sentencex import segment

# Time grows with the square of the length on texts made of opening brackets and quotes alone: so not all at once.
_BLOCK = 8192
_LANGUAGE_SAMPLE = 2000
_WIDE_BLANKS = re.compile(r"[^\S\n ]")
_WORD = re.compile(r"[^\W\d_]+")
_SMALL_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset("the of and to is in that it was for are with as on be this by".split()),
    "de": frozenset("der die das und ist nicht ein eine zu den mit sich auf für dem von wird".split()),
    "fr": frozenset("le la les des et est une dans que qui pour pas sur au du avec sont".split()),
    "es": frozenset("el los las que y en una por con para del se es como más su lo".split()),
    "it": frozenset("il di che e la per una con non del sono gli della è nel le si".split()),
    "pt": frozenset("o os que e do da em um uma para com não as dos no se é".split()),
    "nl": frozenset("de het een en van is dat niet op te zijn voor met aan die er".split()),
    "pl": frozenset("i w na nie się z do jest to że jak o po od ale za przez".split()),
    "sv": frozenset("och att det är en som på för av med inte den till ett har".split()),
}


_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _small in _SMALL_WORDS.items():
    for _word in _small:
        _LANGUAGES_OF.setdefault(_word, []).append(_language)


def guess_language(text: str) -> str:
    """The language whose small words are the most frequent at the text's start; "en" where none stands out."""
    counts = dict.fromkeys(_SMALL_WORDS, 0)
    for word in _WORD.findall(text[:_LANGUAGE_SAMPLE].lower()):
        for language in _LANGUAGES_OF.get(word, ()):
            counts[language] += 1
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] > counts["en"] else "en"


def sentence_ends(text: str, language: str | None = None) -> list[int]:
    """The offset behind each sentence with the white space that follows it; the last one is ``len(text)``.

    Paragraphs set off by an empty line, and list items, end sentences too.
    """
    language = language or guess_language(text)
    ends: list[int] = []
    start = 0
    while start < len(text):
        end = _block_end(text, start)
        block = text[start:end]
        ends.extend(start + offset for offset in _ends_in(block, language))
        start = end
    return ends


def _ends_in(block: str, language: str) -> list[int]:
    """The ends in one block. A block that Sentencex stumbles over counts as one sentence: offsets stay right."""
    try:
        # Sentencex 1.0 panics on blanks of more than one byte (such as U+00A0) next to an initial.
        narrow = block if block.isascii() else _WIDE_BLANKS.sub(" ", block)
        lengths = list(map(len, segment(language, narrow)))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of Rust code is no Exception
        return [len(block)]
    if sum(lengths) != len(block):
        return [len(block)]
    return [offset for offset in accumulate(lengths) if offset]


def _block_end(text: str, start: int) -> int:
    """The end of the next block: behind a paragraph, else a line, else a word."""
    end = start + _BLOCK
    if end >= len(text):
        return len(text)
    for border in ("\n\n", "\n", ". ", " "):
        found = text.rfind(border, start + _BLOCK // 2, end)
        if found >= 0:
            return found + len(border)
    return end
