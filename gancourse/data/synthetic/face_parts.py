"""The parts of a cartoon face, each painted on a whole group of faces at once.

How a part is painted and what a group `p` holds: `soft_shapes`.  Its attributes:
`faces.Attributes`.
"""

from types import SimpleNamespace

import numpy as np

from gancourse.data.synthetic.soft_shapes import ellipse, line, only, paint

EYE, MOUTH = -0.05, 0.33  # where they sit, in v
WHITE, DARK, GOLD, BLUSH = (255, 255, 255), (48, 40, 50), (250, 204, 72), (240, 96, 96)
LIP, MOUTH_INSIDE, TONGUE = (184, 64, 74), (104, 28, 42), (232, 116, 120)


def _body(p: SimpleNamespace) -> None:
    """Shoulders in plain or striped clothes, some with a collar."""
    def shoulders(u, v):
        return ellipse(u, v - 1.36, 0.86, 0.68)

    upright = SimpleNamespace(**vars(p) | {"cos": np.ones_like(p.x), "sin": np.zeros_like(p.x)})
    paint(upright, (0.95, 0.66, 1.1), p.cloth, shoulders)
    some = only(upright, p.pattern == 1)
    paint(some, (0.95, 0.66, 1.1), some.cloth * 0.4 + 153, lambda u, v: np.maximum(
        shoulders(u, v), np.abs((v - 0.03) * 7 % 1 - 0.5) / 7 - 0.034))
    some = only(upright, p.pattern == 2)
    paint(some, (0.48, 0.58, 1.04), some.cloth * 0.35 + 166, lambda u, v: np.maximum(
        np.abs(u) * 0.9 + v - 1, 0.62 - v))


def _hair_behind(p: SimpleNamespace) -> None:
    """The hair that the head covers: long, curls, buns."""
    some = only(p, p.hair_style == 2)
    end = 0.38 + 0.44 * some.length
    paint(some, (0.8, -0.82, 0.85), some.hair * 0.86, lambda u, v: np.maximum(ellipse(
        u, np.minimum(v + 0.05, 0), some.width * 1.22 + 0.025 * np.sin(11 * v),
        some.height * 1.12), (v - end + 0.4 * u * u) * 0.8))
    some = only(p, p.hair_style == 3)
    size = 1.12 + 0.2 * some.length

    def curls(u, v):
        turn = np.abs(np.cos(7 * np.arctan2(u, v + 0.12)))
        return ellipse(u, v + 0.12, (some.width + 0.09) * size * (0.92 + 0.1 * turn),
                       some.height * size * (0.92 + 0.1 * turn))

    paint(some, (0.9, -1, 0.75), some.hair * 0.9, curls)
    some = only(p, p.hair_style == 4)
    two = some.length > 0.5
    at = np.where(two, some.width * 0.75, 0)
    up = np.where(two, some.height * 0.9, some.height * 1.16)
    paint(some, (0.7, -1, -0.2), some.hair,
          lambda u, v: ellipse(np.abs(u) - at, v + up, 0.21, 0.2))
    paint(some, (0.7, -1, -0.2), some.hair * 0.8 + 50, lambda u, v: ellipse(
        np.abs(u) - at + 0.06, v + up + 0.06, 0.06, 0.05))


def _head(p: SimpleNamespace) -> None:
    """Neck, ears, head, cheeks and nose."""
    paint(p, (0.22, 0.02, 0.98), p.skin_tone * 0.84, lambda u, v: line(v - 0.5, u, 0.26, 0.18))
    paint(p, (0.7, -0.15, 0.22), p.skin_tone * 0.95,
          lambda u, v: ellipse(np.abs(u) - p.width, v - 0.04, 0.1, 0.14))
    paint(p, (0.65, -0.08, 0.15), p.skin_tone * 0.8,
          lambda u, v: ellipse(np.abs(u) - p.width - 0.02, v - 0.04, 0.045, 0.08))
    paint(p, (0.68, -0.66, 0.66), p.skin_tone,
          lambda u, v: ellipse(u / (1.04 - p.jaw * v), v, p.width, p.height))
    paint(p, (0.5, 0.03, 0.35), BLUSH, lambda u, v: ellipse(
        np.abs(u) - p.spacing - 0.1, v - 0.18, 0.11, 0.08), 0.2)
    size = 0.045 + 0.04 * p.nose
    paint(p, (0.12, 0, 0.25), p.skin_tone * 0.8, lambda u, v: ellipse(u, v - 0.13, size, 0.055))
    paint(p, (0.12, 0, 0.25), p.skin_tone * 0.9 + 25,
          lambda u, v: ellipse(u, v - 0.115, size * 0.85, 0.045))


def _beard(p: SimpleNamespace) -> None:
    """A full beard with room for the mouth, a moustache, or a goatee."""
    some = only(p, p.beard == 1)
    paint(some, (0.7, -0.05, 0.8), some.hair * 0.92, lambda u, v: np.maximum.reduce([
        ellipse(u / (1.06 - some.jaw * v * 0.8), v - 0.03, some.width, some.height * 1.06),
        -ellipse(u, v + 0.1, some.width * 0.86, 0.31), -v]))
    paint(some, (0.3, 0.17, 0.5), some.skin_tone,
          lambda u, v: ellipse(u, v - MOUTH - 0.01, 0.22, 0.115))
    some = only(p, p.beard == 2)
    paint(some, (0.3, 0.1, 0.36), some.hair * 0.92, lambda u, v: line(
        np.abs(u) - 0.11, v - 0.215 - 1.8 * (np.abs(u) - 0.08) ** 2, 0.09, 0.045))
    some = only(p, p.beard == 3)
    paint(some, (0.2, 0.32, 0.85), some.hair * 0.92,
          lambda u, v: ellipse(u, v - some.height + 0.05, 0.13, 0.11))


def _mouth(p: SimpleNamespace) -> None:
    """A line that smiles or sulks; an open mouth has teeth and a tongue."""
    def bow(q, u):
        return MOUTH + q.smile * (0.07 - 4.2 * u * u)

    shut = only(p, p.mouth_open == 0)
    paint(shut, (0.24, 0.15, 0.55), LIP, lambda u, v: line(
        u, (v - bow(shut, np.clip(u, -0.18, 0.18))) / (1 + 6 * np.abs(shut.smile * u)) ** 0.5,
        0.18, 0.026))
    wide = only(p, p.mouth_open == 1)

    def inside(u, v, more):
        top = bow(wide, u) - 0.05
        return np.maximum(top - v, (v - top - (0.17 - 4.6 * u * u)) * 0.7) - more

    paint(wide, (0.28, 0, 0.6), LIP, lambda u, v: inside(u, v, 0.022))
    paint(wide, (0.22, 0.1, 0.6), MOUTH_INSIDE, lambda u, v: inside(u, v, 0))
    paint(wide, (0.22, 0.1, 0.6), TONGUE, lambda u, v: np.maximum(inside(u, v, 0), ellipse(
        u, v - bow(wide, u * 0) - 0.12, 0.1, 0.07)))
    paint(wide, (0.22, 0.1, 0.6), WHITE, lambda u, v: np.maximum(
        inside(u, v, 0), np.maximum(v - bow(wide, u), np.abs(u) - 0.14)))


def _eyes(p: SimpleNamespace) -> None:
    """Lashes, whites, irises, pupils and a glint; both eyes look the same way."""
    def eye(u, v, grow, rise):
        return np.maximum(ellipse(np.abs(u) - p.spacing, v - EYE + rise, 0.115 + grow, 0.12 + grow),
                          EYE - 0.12 * p.lids - v - rise)

    def ball(u, v, width, height):
        to_side = np.abs(u) - p.spacing - 0.045 * p.gaze * np.sign(u)
        return np.maximum(ellipse(to_side, v - EYE - 0.005, width, height),
                          EYE - 0.12 * p.lids - v)

    box = (0.42, -0.22, 0.12)
    paint(p, box, DARK, lambda u, v: eye(u, v, 0.008, 0.024))
    paint(p, box, WHITE, lambda u, v: eye(u, v, 0, 0))
    paint(p, box, p.iris, lambda u, v: ball(u, v, 0.075, 0.085))
    paint(p, box, (24, 20, 26), lambda u, v: ball(u, v, 0.045, 0.052))
    paint(p, box, WHITE, lambda u, v: ellipse(
        u - np.copysign(p.spacing, u) - 0.045 * p.gaze + 0.025, v - EYE + 0.03, 0.026, 0.026))


def _hair_in_front(p: SimpleNamespace) -> None:
    """The hair above the forehead, with a fringe, and its shine."""
    some = only(p, p.hair_style > 0)
    tall = some.height * (1.07 + 0.14 * some.length * (some.hair_style < 4))
    curly = some.hair_style == 3

    def cap(u, v):
        across = u / some.width
        fringe = -0.36 + 0.1 * some.parting * across - some.arch * (0.12 - 0.3 * across * across)
        fringe += np.float32(0.05) * curly * np.abs(np.cos(10 * across))
        return np.maximum(ellipse(u, np.minimum(v, 0), some.width * 1.08, tall), v - fringe)

    paint(some, (0.68, -0.8, 0.1), some.hair, cap)
    paint(some, (0.32, -0.8, -0.2), some.hair * 0.7 + 76, lambda u, v: np.maximum.reduce([
        np.abs(ellipse(u, v, some.width, tall) + 0.085) - 0.022, np.abs(u + 0.14) - 0.14, v + 0.3]),
        0.55)


def _brows(p: SimpleNamespace) -> None:
    """Brows in the hair's colour, darker, sloping as the attribute says."""
    def brow(u, v):
        across = np.abs(u) - p.spacing
        return line(across, v + 0.255 + 0.3 * p.brows * across - 2 * across * across, 0.09, 0.026)

    paint(p, (0.4, -0.34, -0.15), p.hair * 0.72, brow)


def _hat(p: SimpleNamespace) -> None:
    """A beanie, a hat with a brim, or a party hat."""
    wears = only(p, p.hair_style == 5)
    some = only(wears, wears.hat == 0)
    dome = some.width * 1.14

    def beanie(u, v):
        return np.maximum(ellipse(u, v + 0.27, dome, some.height * 0.9), v + 0.27)

    paint(some, (0.14, -1.05, -0.6), WHITE,
          lambda u, v: ellipse(u, v + 0.29 + some.height * 0.93, 0.11, 0.11))
    paint(some, (0.72, -0.9, -0.25), some.bright, beanie)
    paint(some, (0.75, -0.45, -0.15), some.bright * 0.6 + 95,
          lambda u, v: line(u, v + 0.31, dome - 0.04, 0.08))
    some = only(wears, wears.hat == 1)

    def crown(u, v):
        return np.maximum(ellipse(u, v + 0.32, some.width * 0.98, some.height * 0.85), v + 0.32)

    paint(some, (0.65, -0.95, -0.3), some.bright * 0.85, crown)
    paint(some, (0.65, -0.55, -0.3), some.bright * 0.45,
          lambda u, v: np.maximum(crown(u, v), -0.46 - v))
    paint(some, (1.3, -0.5, -0.05), some.bright * 0.85,
          lambda u, v: ellipse(u, v + 0.34 - 0.12 * u * u, some.width * 1.45, 0.065))
    some = only(wears, wears.hat == 2)
    tip = -0.36 - some.height

    def cone(u, v):
        return np.maximum((np.abs(u) - (v - tip) * 0.62) * 0.85, v + 0.36 - 0.3 * u * u)

    paint(some, (0.5, -1.05, -0.25), some.bright, cone)
    paint(some, (0.5, -1.05, -0.25), some.bright * 0.35 + 165, lambda u, v: np.maximum(
        cone(u, v), np.abs(((v + 0.4 * u) * 4.5) % 1 - 0.5) / 4.5 - 0.05))
    paint(some, (0.12, -1.2, -0.75), GOLD, lambda u, v: ellipse(u, v - tip - 0.02, 0.085, 0.085))


def _glasses(p: SimpleNamespace) -> None:
    """Round or square glasses, or dark ones, with a bridge and temples."""
    def lens(q, u, v):
        across = np.abs(u) - q.spacing
        down = v - EYE - 0.01
        if q.square:  # a rounded box
            beyond = np.maximum(np.abs(across) - 0.1, 0), np.maximum(np.abs(down) - 0.07, 0)
            return np.sqrt(beyond[0] ** 2 + beyond[1] ** 2) - 0.075
        return ellipse(across, down, 0.172, 0.172)

    box = (0.45, -0.3, 0.2)
    for kind in (1, 2, 3):
        some = only(p, p.glasses == kind)
        some.square = kind > 1
        frame = DARK if kind == 3 else some.bright * 0.4
        paint(some, box, DARK if kind == 3 else WHITE, lambda u, v, q=some: lens(q, u, v),
              0.93 if kind == 3 else 0.22)
        paint(some, box, frame, lambda u, v, q=some: np.abs(lens(q, u, v)) - 0.02)
        paint(some, (0.62, -0.12, -0.02), frame, lambda u, v, q=some: np.maximum(
            np.abs(v - EYE + 0.02) - 0.02, np.maximum(np.abs(u) - q.width, 0.01 - lens(q, u, v))))
        if kind == 3:
            paint(some, box, WHITE, lambda u, v, q=some: np.maximum(lens(q, u, v) + 0.04, np.abs(
                u - np.copysign(q.spacing, u) + v * 0.7 - EYE * 0.7 + 0.03) - 0.025), 0.5)


def _earrings(p: SimpleNamespace) -> None:
    """A golden ball below each ear."""
    some = only(p, p.earrings == 1)
    paint(some, (0.72, 0.12, 0.34), GOLD,
          lambda u, v: ellipse(np.abs(u) - some.width - 0.015, v - 0.225, 0.055, 0.055))


PARTS = (_body, _hair_behind, _head, _beard, _mouth, _eyes, _hair_in_front, _brows, _hat, _glasses,
         _earrings)  # from back to front
