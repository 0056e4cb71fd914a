"""Read untrusted JSON piece by piece; a fault says where and what in plain words."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from calls.triage.faults import IN_SPANISH

Text = Mapping[str, str]
"""The same words by language; English is always there."""

MAX_WORDS = 1_000
MAX_LANGUAGES = 20
IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}"
CODE = r"[a-z][a-z0-9_]{0,39}"
LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}"


class RuleSetFault(ValueError):
    """A document that cannot be used: `path` says where ("rules[3].when.all[0].field"), `words` why in English and
    `said` in another language. `why` is one of the sentences of `faults`, `parts` fill it in."""

    def __init__(self, path: str, why: str, /, **parts: object) -> None:
        self.path = path or "document"
        self._why, self._parts = why, parts
        self.words = why.format(**parts)
        super().__init__(f"{self.path}: {self.words}")

    def said(self, language: str) -> str:
        """The words in the language, else in English."""
        in_spanish = IN_SPANISH.get(self._why) if language.partition("-")[0] == "es" else None
        return in_spanish.format(**self._parts) if in_spanish else self.words


def below(path: str, key: str | int) -> str:
    """The path of a part: `below("rules", 3)` is "rules[3]"."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def shown(value: object) -> str:
    """A hostile value, short enough to stand in a sentence."""
    text = str(value)[:61]
    return text if len(text) <= 60 else text[:60] + "..."


def read_object(
    value: object, *, path: str, required: Collection[str], optional: Collection[str] = ()
) -> Mapping[str, Any]:
    """The value as an object that has every required key and no key that nobody knows."""
    if not isinstance(value, Mapping):
        raise RuleSetFault(path, "must be an object")
    for key in value:
        if key not in required and key not in optional:
            raise RuleSetFault(below(path, shown(key)), "no such key")
    for key in required:
        if key not in value:
            raise RuleSetFault(below(path, key), "is missing")
    return value


def read_list(value: object, *, path: str, most: int, least: int = 0) -> Sequence[Any]:
    """The value as a list of `least` to `most` items."""
    if not isinstance(value, list | tuple):
        raise RuleSetFault(path, "must be a list")
    if len(value) < least:
        why = "needs at least 1 item" if least == 1 else "needs at least {least} items"
        raise RuleSetFault(path, why, least=least)
    if len(value) > most:
        raise RuleSetFault(path, "has {n} items; at most {most} are allowed", n=len(value), most=most)
    return value


def read_words(value: object, *, path: str, most: int = MAX_WORDS) -> str:
    """The value as text that a person can read and a database can store."""
    if not isinstance(value, str):
        raise RuleSetFault(path, "must be text")
    if not value.strip():
        raise RuleSetFault(path, "is empty")
    if len(value) > most:
        raise RuleSetFault(path, "is longer than {most} characters", most=most)
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign != "\n" for sign in value):
        raise RuleSetFault(path, "has a control character")
    return value


def read_text(value: object, *, path: str) -> Text:
    """The value as words by language, English among them."""
    if not isinstance(value, Mapping):
        raise RuleSetFault(path, "must be an object of words by language")
    if len(value) > MAX_LANGUAGES:
        raise RuleSetFault(path, "at most {most} languages are allowed", most=MAX_LANGUAGES)
    for language in value:
        if not isinstance(language, str) or not re.fullmatch(LANGUAGE, language):
            raise RuleSetFault(below(path, shown(language)), "is not a language code such as en or es")
    if "en" not in value:
        raise RuleSetFault(below(path, "en"), "the English words are missing")
    return {language: read_words(words, path=below(path, language)) for language, words in value.items()}


def read_identifier(value: object, *, path: str) -> str:
    """The value as the id of a question, a rule, ...: short, and safe in an address."""
    if not isinstance(value, str) or not re.fullmatch(IDENTIFIER, value):
        raise RuleSetFault(path, "must be 1 to 40 letters, digits, dots, dashes or underscores")
    return value


def read_code(value: object, *, path: str) -> str:
    """The value as a question code such as `weapon`."""
    if not isinstance(value, str) or not re.fullmatch(CODE, value):
        raise RuleSetFault(path, "must be 1 to 40 small letters, digits or underscores, a letter first")
    return value


def read_choice(value: object, *, path: str, choices: Collection[str]) -> str:
    """The value as one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise RuleSetFault(
            path, "must be one of {choices}; not {value}", choices=", ".join(choices), value=shown(value)
        )
    return value


def read_whole(value: object, *, path: str, low: int, high: int) -> int:
    """The value as a whole number between low and high, both included."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise RuleSetFault(path, "must be a whole number")
    if not low <= value <= high:
        raise RuleSetFault(path, "must be between {low} and {high}", low=low, high=high)
    return value


def read_flag(value: object, *, path: str) -> bool:
    """The value as true or false."""
    if not isinstance(value, bool):
        raise RuleSetFault(path, "must be true or false")
    return value


def words(text: Text, language: str) -> str:
    """The words in the language, else in its main language (es for es-MX), else in English."""
    return text.get(language) or text.get(language.partition("-")[0]) or text["en"]
