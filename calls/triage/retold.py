"""What a stored decision says, in another language.

Its sentences are kept in English, as they were said; the rules and the phrases that they are made of have the words of
every language. What was made of neither stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from calls.triage import phrases
from calls.triage.phrases import say
from calls.triage.reading import Text, words

_PLAIN = [
    value
    for value in (*vars(phrases).values(), *phrases.OFF_HOURS.values())
    if isinstance(value, dict) and isinstance(value.get("en"), str) and "{" not in value["en"]
]
_THINGS = [{language: text + "." for language, text in thing.items()} for thing in phrases.THINGS.values()]
_FILLED = [
    phrases.STILL_OPEN, phrases.CANNOT_SAY, phrases.MORE_OPEN, phrases.WITHOUT_THAT, phrases.CHOSEN,
    phrases.ASKED_IN_DANGER, phrases.ASKED, phrases.NOT_APPROVED,
]  # fmt: skip


def known(*documents: Mapping[str, Any], names: Iterable[Text] = ()) -> dict[str, Text]:
    """Every text of rule sets and floors by its English, the phrases, and what else is named in several languages."""
    texts = [*_PLAIN, *_THINGS, *names]
    for document in documents:
        texts += _texts(document)
    return {text["en"]: text for text in texts}


def retell(sentence: str, language: str, texts: Mapping[str, Text]) -> str:
    """The sentence in the language, its parts too."""
    if sentence in texts:
        return words(texts[sentence], language)
    for number, phrase in enumerate(_FILLED):
        found = _pattern(number).fullmatch(sentence)
        if found:
            return say(
                phrase, language, **{name: retell(part, language, texts) for name, part in found.groupdict().items()}
            )
    return sentence


def besides_open(sentences: Iterable[str], language: str) -> list[str]:
    """Without the sentences that name what is still to be asked, for whoever shows that in a list."""
    opens = [_pattern(_FILLED.index(phrase), language) for phrase in (phrases.STILL_OPEN, phrases.MORE_OPEN)]
    return [sentence for sentence in sentences if not any(pattern.fullmatch(sentence) for pattern in opens)]


@cache
def _pattern(number: int, language: str = "en") -> re.Pattern[str]:
    text = re.escape(words(_FILLED[number], language))
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", text), re.DOTALL)


def _texts(part: object) -> Iterator[Text]:
    """The texts by language that stand anywhere in a document."""
    if isinstance(part, list):
        for entry in part:
            yield from _texts(entry)
    elif isinstance(part, dict):
        if isinstance(part.get("en"), str):
            yield part
        else:
            for entry in part.values():
                yield from _texts(entry)
