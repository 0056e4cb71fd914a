"""The catalogues of the pages' words: found in code and templates, written and compiled, with nothing but Python.

`make messages` brings `locale/<language>/LC_MESSAGES/django.po` up to date with what the pages say and compiles it.
What is left untranslated there fails `tests/test_catalogues.py`. Babel does it: Django's own command needs GNU gettext.
"""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
ROOMS = ("agencies", "ledger", "calls", "referrals", "dispatch", "api", "cso")
LANGUAGES = ("es",)
# What a function's arguments are: the message, the message and its plural, the context and the message.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...]] = {
    "_": (1,),
    "gettext": (1,),
    "gettext_lazy": (1,),
    "gettext_noop": (1,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
HEADER = "# The pages' words. `make messages` finds and compiles them; only the translations are written by hand."
# Dates and names that change without a word changing.
DATED = tuple(
    f'"{name}'
    for name in ("POT-Creation", "PO-Revision", "Last-Translator", "Language-Team", "Report-Msgid", "Generated-By")
)
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
Found = tuple[str, int, str | tuple[str, ...], str | None]


def found() -> Catalog:
    """Every message of the code and the templates, with the places where it stands."""
    catalog = Catalog(charset="utf-8")
    for path, line, message, context in sorted(_everything(), key=lambda f: (f[0], f[1])):
        catalog.add(message, locations=[(path, line)], context=context)
    return catalog


def path_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def kept(language: str) -> Catalog:
    """The catalogue as it stands in the repository."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, charset="utf-8")


def compiled(catalog: Catalog) -> bytes:
    """What gettext reads: the same bytes for the same words, whenever it is compiled."""
    out = BytesIO()
    catalog.creation_date = NO_DATE
    write_mo(out, catalog)
    return out.getvalue()


def update(language: str) -> int:
    """Brings the catalogue up to date; answers how many messages are left to translate."""
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = kept(language) if path.exists() else Catalog()
    catalog = Catalog(locale=language, header_comment=HEADER, project="cso-console", fuzzy=False, charset="utf-8")
    for message in found():
        if message.id:
            said = before.get(message.id, context=message.context)
            catalog.add(message.id, said.string if said else None, locations=message.locations, context=message.context)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False)
    kept_lines = [line for line in path.read_text().splitlines(keepends=True) if not line.startswith(DATED)]
    path.write_text("".join(kept_lines))
    path.with_suffix(".mo").write_bytes(compiled(kept(language)))
    return len(untranslated(catalog))


def untranslated(catalog: Catalog) -> list[str]:
    """The messages that have no translation, or not one for each plural form."""
    return [str(message.id) for message in catalog if message.id and not all(_strings(message.string) or [""])]


def _strings(given: object) -> tuple[str, ...]:
    """One message, several (singular and plural), or none, as the library has them."""
    if isinstance(given, str):
        return (given,)
    return tuple(given) if isinstance(given, tuple | list) else ()


def _everything() -> Iterator[Found]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield from _in_code(file.read_text(), file)
    for file in sorted((ROOT / "templates").rglob("*.*")):
        yield from _in_code(_as_code(file.read_text()), file)


def _as_code(template: str) -> str:
    """What a template translates, as calls of gettext in lines of Python."""
    from django.utils.translation.template import templatize

    calls = re.compile(r"\b(?:n|p|np)?gettext\((?:[^()\"']|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')*\)", re.S)
    lines = templatize(template).split("\n")
    return "\n".join("; ".join(calls.findall(line)) for line in lines)


def _in_code(text: str, file: Path) -> Iterator[Found]:
    where = str(file.relative_to(ROOT))
    for line, function, messages, _ in extract_python(BytesIO(text.encode()), dict.fromkeys(KEYWORDS), [], {}):
        given = _strings(messages)
        spec = KEYWORDS[str(function)]
        context = given[0] if isinstance(spec[0], tuple) else None
        ids = [given[n - 1] for n in spec if isinstance(n, int) and n <= len(given)]
        if ids and all(ids):
            yield where, line, ids[0] if len(ids) == 1 else tuple(ids), context


def main() -> None:
    os.environ.setdefault("CSO_OFFLINE", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")
    import django

    django.setup()
    for language in LANGUAGES:
        print(f"{language}: {update(language)} left to translate")


if __name__ == "__main__":
    main()
