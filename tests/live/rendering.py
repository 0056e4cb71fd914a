"""A board as a browser holds it: rows by container, in order; and what a frame does to it."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from agencies.roles import Role
from dispatch.pictures import Frame

_BOX = {
    "alarms": re.compile(r'<ol id="alarms">(.*?)</ol>', re.S),
    "calls": re.compile(r'<tbody id="calls">(.*?)</tbody>', re.S),
    "units": re.compile(r'<tbody id="units">(.*?)</tbody>', re.S),
}
_ROW = re.compile(r"<(tr|li) id=.*?</\1>", re.S)
_NAME = re.compile(r'id="([^"]+)"')
_SORT = re.compile(r'data-sort="([^"]*)"')


@dataclass
class Shown:
    """What is on the screen: for each container its rows' HTML, from the first to the last."""

    rows: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, page: str) -> "Shown":
        boxes = {name: box.search(page) for name, box in _BOX.items()}
        assert all(boxes.values()), "the page has no such list"
        return cls({name: [m.group(0) for m in _ROW.finditer(box.group(1))] for name, box in boxes.items() if box})

    def apply(self, frame: Frame, *, role: Role = Role.DISPATCHER) -> None:
        """As static/js/stream.js does it, from the bytes that are sent."""
        data = next(line for line in frame.written(role).decode().splitlines() if line.startswith("data: "))
        said: dict[str, Any] = json.loads(data.removeprefix("data: "))
        if said["whole"]:
            known = {patch["id"] for patch in said["patches"]}
            said["remove"] = [name for rows in self.rows.values() for name in map(name_of, rows) if name not in known]
        for patch in said["patches"]:
            rows = [row for row in self.rows[patch["into"]] if name_of(row) != patch["id"]]
            place = next((i for i, row in enumerate(rows) if sort_of(row) > patch["sort"]), len(rows))
            self.rows[patch["into"]] = [*rows[:place], patch["html"], *rows[place:]]
        for name in said["remove"]:
            self.rows = {box: [row for row in rows if name_of(row) != name] for box, rows in self.rows.items()}


def name_of(row: str) -> str:
    found = _NAME.search(row)
    assert found
    return found.group(1)


def sort_of(row: str) -> str:
    found = _SORT.search(row)
    assert found
    return found.group(1)
