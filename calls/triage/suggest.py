"""Which call type is meant: by code, by the words people use, by a penal or radio code. A suggestion, never a pick."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST_NARRATIVE = 20_000
COMMON_WORDS = (
    "a an and are at by for from has have in is it its my of on or our out she he so that the their there they this to "
    "was were will with you your not no "
    "al con de del el en es esta este ha hay la las lo los me mi no para por que se sin su sus un una y ya"
)
FEW = frozenset(COMMON_WORDS.split())
"""Words too common to mean a type by themselves; a synonym that has them still matches as a whole."""


@dataclass(frozen=True, slots=True)
class Suggestible:
    """A type as people may call it. `codes` are penal, radio and APCO codes; words may be in any language."""

    code: str
    names: tuple[str, ...]
    synonyms: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A type with how well it fits (0 to 1) and the words that made it fit."""

    code: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class _Phrase:
    code: str
    shown: str
    words: tuple[str, ...]
    weight: float


class Suggester:
    """The types of one agency, indexed once. Building takes a millisecond, a search a fraction of one."""

    def __init__(self, types: Iterable[Suggestible]) -> None:
        self._phrases: list[_Phrase] = []
        self._codes: dict[str, list[tuple[str, str]]] = {}
        self._order: dict[str, int] = {}
        for item in types:
            self._order[item.code] = len(self._order)
            for code in (item.code, *item.codes):
                self._codes.setdefault(_bare(code), []).append((item.code, code))
            for weight, phrases in ((1.0, item.names), (0.95, item.synonyms)):
                self._phrases += [_Phrase(item.code, p, _words(p), weight) for p in phrases if _words(p)]
        self._rarity = self._weigh_words()

    def search(self, text: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
        """For the type box: a code or its beginning, then words, the last of which may be half typed."""
        typed = text.strip()[:200]
        if not typed:
            return ()
        found = dict(self._by_code(_bare(typed)))
        sought = _words(typed)
        for phrase in self._phrases:
            score = phrase.weight * 0.9 * _covers(sought, phrase.words)
            _keep(found, Suggestion(phrase.code, round(score, 3), phrase.shown))
        return self._ranked(found, limit=limit)

    def from_narrative(self, text: str, *, limit: int = 3) -> tuple[Suggestion, ...]:
        """For the free words of a call, while they are typed."""
        said = _words(text[:LONGEST_NARRATIVE])
        heard = frozenset(said)
        found: dict[str, Suggestion] = {}
        for code, shown in self._spoken_codes(text):
            _keep(found, Suggestion(code, 0.97, shown))
        for phrase in self._phrases:
            if phrase.words[0] in heard and _holds(said, phrase.words):
                # A second phrase for the same type makes it a little surer than one alone.
                more = 0.04 if phrase.code in found else 0.0
                score = min(0.96, self._narrative_score(phrase) + more)
                _keep(found, Suggestion(phrase.code, round(score, 3), phrase.shown))
        return self._ranked(found, limit=limit)

    def _weigh_words(self) -> dict[str, float]:
        """A word that names one type says more than one that many share."""
        owners: dict[str, set[str]] = {}
        for phrase in self._phrases:
            for word in phrase.words:
                owners.setdefault(word, set()).add(phrase.code)
        return {word: 1 / len(codes) for word, codes in owners.items()}

    def _narrative_score(self, phrase: _Phrase) -> float:
        """Longer phrases and rarer words are surer; a lone common word is not enough to be sure."""
        content = [self._rarity[word] for word in phrase.words if word not in FEW]
        sure = min(1.0, 0.4 + 0.2 * len(content) + 0.2 * max(content, default=0.0))
        return round(phrase.weight * 0.95 * sure, 3) if content else 0.0

    def _by_code(self, typed: str) -> Iterator[tuple[str, Suggestion]]:
        best: dict[str, Suggestion] = {}
        for bare, meant in self._codes.items():
            if bare.startswith(typed) and (len(typed) > 1 or bare == typed):
                score = 1.0 if bare == typed else round(0.9 + 0.08 * len(typed) / len(bare), 3)
                for code, shown in meant:
                    _keep(best, Suggestion(code, score, shown))
        yield from best.items()

    def _spoken_codes(self, text: str) -> Iterator[tuple[str, str]]:
        """Codes inside a narrative: only those with a digit, or typed in capitals as codes are."""
        for token in re.findall(r"[\w.\-]+", text[:LONGEST_NARRATIVE]):
            if len(token) > 2 and (token.isupper() or _looks_like_code(token)):
                yield from self._codes.get(_bare(token), ())

    def _ranked(self, found: dict[str, Suggestion], *, limit: int) -> tuple[Suggestion, ...]:
        ranked = sorted(found.values(), key=lambda s: (-s.score, self._order[s.code]))
        return tuple(s for s in ranked if s.score > 0.3)[:limit]


def _keep(found: dict[str, Suggestion], new: Suggestion) -> None:
    old = found.get(new.code)
    if new.score and (old is None or new.score > old.score):
        found[new.code] = new


def _covers(sought: tuple[str, ...], words: tuple[str, ...]) -> float:
    """How much of what was typed the phrase answers, 0 when some typed word is not in it at all."""
    if not sought:
        return 0.0
    total = 0.0
    for n, word in enumerate(sought):
        best = max((_alike(word, other, last=n == len(sought) - 1) for other in words), default=0.0)
        if best == 0.0:
            return 0.0
        total += best
    return total / len(sought) * (0.85 + 0.15 * min(1.0, len(sought) / len(words)))


def _alike(typed: str, word: str, *, last: bool) -> float:
    if typed == word:
        return 1.0
    if last and len(typed) > 1 and word.startswith(typed):
        return 0.9
    if len(typed) > 3 and abs(len(typed) - len(word)) <= 1 and typed[0] == word[0] and _one_slip(typed, word):
        return 0.7
    return 0.0


def _one_slip(typed: str, word: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours swapped."""
    start = 0
    while start < min(len(typed), len(word)) and typed[start] == word[start]:
        start += 1
    a, b = typed[start:], word[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _holds(said: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    """Whether the phrase occurs in what was said, word after word."""
    first, length = phrase[0], len(phrase)
    return any(word == first and said[n : n + length] == phrase for n, word in enumerate(said))


@lru_cache(maxsize=20_000)
def _plain(word: str) -> str:
    """Without accents and capitals, and a plural as its singular, so that small differences do not count."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c))
    return bare[:-1] if len(bare) > 3 and bare.endswith("s") and not bare.endswith("ss") else bare


def _words(text: str) -> tuple[str, ...]:
    return tuple(_plain(word) for word in re.findall(r"\w+", text))


def _bare(code: str) -> str:
    return re.sub(r"[\W_]+", "", code).upper()


def _looks_like_code(token: str) -> bool:
    return sum(sign.isdigit() for sign in token) >= 3
