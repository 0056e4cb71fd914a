"""Which of the agency's areas a place is in. An area is a set of H3 cells, as data: `Agency.settings["area_cells"]`."""

import h3

from agencies.models import Agency

RESOLUTION = 7


def area_of(agency: Agency, lat: float | None, lon: float | None) -> str:
    """The area's name, empty where the place is in none or has no position."""
    areas = agency.settings.get("area_cells")
    if not areas or lat is None or lon is None:
        return ""
    cell = h3.latlng_to_cell(lat, lon, RESOLUTION)
    return next((name for name, cells in areas.items() if cell in cells), "")


def cells_around(middles: dict[str, tuple[float, float]], *, rings: int = 3) -> dict[str, list[str]]:
    """Cells for areas of which only the middles are known: each cell within `rings` goes to the nearest middle."""
    cells = {
        cell for lat, lon in middles.values() for cell in h3.grid_disk(h3.latlng_to_cell(lat, lon, RESOLUTION), rings)
    }
    found: dict[str, list[str]] = {name: [] for name in middles}
    for cell in sorted(cells):
        here = h3.cell_to_latlng(cell)
        nearest = min(middles, key=lambda name: h3.great_circle_distance(here, middles[name]))
        found[nearest].append(cell)
    return found
