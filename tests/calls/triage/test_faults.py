"""A document that cannot be used is refused in the language of whoever sent it."""

import ast
import re
from pathlib import Path

import pytest

from calls import triage
from calls.triage import rules
from calls.triage.conditions import NOT_IN_USE
from calls.triage.faults import IN_SPANISH
from calls.triage.reading import RuleSetFault
from tests.calls.triage.documents import a_document, a_rule


def raised() -> set[str]:
    """Every sentence that triage can raise, read from its code; one that is put together elsewhere fails the test."""
    found = set(NOT_IN_USE.values())
    for file in Path(triage.__path__[0]).glob("*.py"):
        tree = ast.parse(file.read_text())
        named = {
            text.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "why"
            for text in ast.walk(node.value)
            if isinstance(text, ast.Constant) and isinstance(text.value, str)
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "RuleSetFault":
                why = call.args[1]
                assert isinstance(why, ast.Constant | ast.Name | ast.Subscript), ast.unparse(call)
                found |= {str(why.value)} if isinstance(why, ast.Constant) else named
    return found


def test_every_fault_is_said_in_spanish_with_the_same_parts() -> None:
    assert raised() == set(IN_SPANISH)
    for english, spanish in IN_SPANISH.items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", spanish)), english


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "no such field: moon"), ("es-MX", "no existe ese campo: moon"), ("vi", "no such field: moon")],
)
def test_a_fault_follows_the_language_and_never_its_path(language: str, said: str) -> None:
    with pytest.raises(RuleSetFault) as fault:
        rules.parse(a_document(rules=[a_rule("R1", {"field": "moon", "is": "full"})]))

    assert (fault.value.path, fault.value.said(language)) == ("rules[0].when.field", said)


def test_what_a_stranger_wrote_is_shown_and_never_filled_in() -> None:
    with pytest.raises(RuleSetFault) as fault:
        rules.parse(a_document(rules=[a_rule("R1", {"field": "{path.__class__}", "is": 1})]))

    assert fault.value.said("es") == "no existe ese campo: {path.__class__}"
