"""The map's picture: lessons in a column for each part, arrows from what a lesson needs."""

from collections.abc import Sequence
from html import escape

from gancourse.course.overview.course_map import Stop

WIDTH, HEIGHT = 170, 44  # of a lesson's box, in pixels
ACROSS, DOWN = 215, 64  # from box to box
TOP, MARGIN = 46, 12
BOW = 28  # how far an arrow around boxes reaches to the side
LETTERS = 22  # on a line of a box
STYLE = (".lesson rect{fill:#fff;stroke:#4D4D4D;rx:6}.lesson text,.part{font:13px system-ui,"
         "sans-serif;fill:#222}.part{font-weight:600}.arrow{fill:none;stroke:#777;"
         "stroke-width:1.4;marker-end:url(#head)}")


def svg(stops: Sequence[Stop], parts: Sequence[str]) -> str:
    """Return the map as an SVG element; a box links to the lesson's entry on the same page.

    `parts` are the names of the parts, the first for part 1.  The drawing has a text for those who
    do not see it.
    """
    places = _places(stops)
    height = TOP + MARGIN + DOWN * max((row for _, row in places.values()), default=0) + HEIGHT
    columns = 1 + max((column for column, _ in places.values()), default=0)
    width = 2 * MARGIN + ACROSS * (columns - 1) + WIDTH + BOW
    words = "; ".join(f"{stop.number:02d} needs {', '.join(f'{need:02d}' for need in stop.needs)}"
                      for stop in stops if stop.needs)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'style="max-width:100%" aria-label="What needs what. {escape(words)}">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#777"/></marker></defs>',
    ]
    for number in sorted({stop.part for stop in stops}):
        column = next(places[stop.number][0] for stop in stops if stop.part == number)
        lines.append(f'<text class="part" x="{MARGIN + ACROSS * column}" y="24">'
                     f"{escape(parts[number - 1])}</text>")
    for stop in stops:
        lines += [_arrow(places[need], places[stop.number]) for need in stop.needs
                  if need in places]
    lines += [_box(stop, places[stop.number]) for stop in stops]
    return "\n".join([*lines, "</svg>"])


def _places(stops: Sequence[Stop]) -> dict[int, tuple[int, int]]:
    """The column and the row of each lesson: a column for each part."""
    columns = {part: i for i, part in enumerate(sorted({stop.part for stop in stops}))}
    rows = dict.fromkeys(columns, 0)
    places = {}
    for stop in stops:
        places[stop.number] = (columns[stop.part], rows[stop.part])
        rows[stop.part] += 1
    return places


def _corner(place: tuple[int, int]) -> tuple[int, int]:
    """The left upper corner of the box at a place."""
    return MARGIN + ACROSS * place[0], TOP + DOWN * place[1]


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A curve from one box to another: down within a column, else from side to side."""
    x0, y0 = _corner(start)
    x1, y1 = _corner(end)
    if start[0] == end[0] and end[1] == start[1] + 1:
        x = x0 + WIDTH // 2
        return f'<path class="arrow" d="M{x} {y0 + HEIGHT} L{x} {y1}"/>'
    if start[0] == end[0]:  # around the boxes between them
        y0, y1 = y0 + HEIGHT // 2, y1 + HEIGHT // 2
        x = x0 + WIDTH
        return f'<path class="arrow" d="M{x} {y0} C{x + BOW} {y0} {x + BOW} {y1} {x} {y1}"/>'
    x0, y0, y1 = x0 + WIDTH, y0 + HEIGHT // 2, y1 + HEIGHT // 2
    bend = (x1 - x0) // 2
    return (f'<path class="arrow" d="M{x0} {y0} C{x0 + bend} {y0} {x1 - bend} {y1} '
            f'{x1} {y1}"/>')


def _box(stop: Stop, place: tuple[int, int]) -> str:
    """A lesson's box with its number and title."""
    x, y = _corner(place)
    rows = _broken(f"{stop.number:02d} {stop.title}")
    first = y + HEIGHT // 2 + 5 - 8 * (len(rows) - 1)
    text = "".join(f'<tspan x="{x + 8}" y="{first + 16 * i}">{escape(row)}</tspan>'
                   for i, row in enumerate(rows))
    return (f'<a class="lesson" href="#lesson-{stop.number:02d}"><rect x="{x}" y="{y}" '
            f'width="{WIDTH}" height="{HEIGHT}"/><text>{text}</text></a>')


def _broken(text: str) -> list[str]:
    """A title on two lines at most, the second cut where it is too long."""
    if len(text) <= LETTERS:
        return [text]
    cut = text.rfind(" ", 0, LETTERS + 1)
    cut = cut if cut > 0 else LETTERS
    rest = text[cut:].strip()
    return [text[:cut], rest if len(rest) <= LETTERS else f"{rest[: LETTERS - 1].rstrip()}…"]
