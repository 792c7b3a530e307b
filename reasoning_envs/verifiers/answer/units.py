"""Units of measurement: what ``250 cm`` is in ``m``, exactly.

A unit expression is a product of units with integer powers: ``m``, ``km/h``, ``kg*m/s^2``, ``cm^2``, ``square metres``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.expression import Expr, const, div, mul, num, power

__all__ = ["Unit", "UnitError", "parse_unit", "split_quantity"]


class UnitError(ValueError):
    """A text that is no unit expression of the table. The message says which part."""


class Unit(NamedTuple):
    """A scale and its dimension.

    Attributes:
        scale: how many base units it is: a rational number times ``pi^turns``.
        turns: power of pi in the scale (angles in degrees).
        dimension: base dimension and its power, sorted.
    """

    scale: Fraction
    turns: int
    dimension: tuple[tuple[str, int], ...]

    def factor_to(self, target: Unit) -> Expr:
        """What a number of this unit is multiplied by to be one of ``target``.

        Raises:
            UnitError: the two measure different things.
        """
        if self.dimension != target.dimension:
            raise UnitError("the units measure different things")
        factor = num(self.scale / target.scale)
        turns = self.turns - target.turns
        if turns == 0:
            return factor
        pi = const("pi")
        if turns > 0:
            return mul(factor, pi if turns == 1 else power(pi, num(turns)))
        return div(factor, pi if turns == -1 else power(pi, num(-turns)))


def _table() -> dict[str, tuple[Fraction, int, Mapping[str, int]]]:
    table: dict[str, tuple[Fraction, int, Mapping[str, int]]] = {}

    def enter(names: str, scale: Fraction | int | str, dimension: Mapping[str, int], turns: int = 0) -> None:
        for name in names.split():
            table[name] = (Fraction(scale), turns, dimension)

    length, mass, duration = {"length": 1}, {"mass": 1}, {"time": 1}
    prefixes = {
        "": Fraction(1),
        "k": Fraction(1000),
        "d": Fraction(1, 10),
        "c": Fraction(1, 100),
        "m": Fraction(1, 1000),
    }
    small = {"u": Fraction(1, 10**6), "µ": Fraction(1, 10**6), "n": Fraction(1, 10**9)}
    for prefix, scale in {**prefixes, **small}.items():
        enter(f"{prefix}m", scale, length)
        enter(f"{prefix}g", scale / 1000, mass)
        enter(f"{prefix}s", scale, duration)
        enter(f"{prefix}L {prefix}l", scale / 1000, {"length": 3})
        enter(f"{prefix}A", scale, {"current": 1})
        enter(f"{prefix}mol", scale, {"amount": 1})
        enter(f"{prefix}N", scale, {"mass": 1, "length": 1, "time": -2})
        enter(f"{prefix}J", scale, {"mass": 1, "length": 2, "time": -2})
        enter(f"{prefix}W", scale, {"mass": 1, "length": 2, "time": -3})
        enter(f"{prefix}Pa", scale, {"mass": 1, "length": -1, "time": -2})
        enter(f"{prefix}Hz", scale, {"time": -1})
        enter(f"{prefix}V", scale, {"mass": 1, "length": 2, "time": -3, "current": -1})
    words = {"": Fraction(1), "kilo": Fraction(1000), "centi": Fraction(1, 100), "milli": Fraction(1, 1000)}
    for prefix, scale in words.items():
        enter(f"{prefix}metre {prefix}metres {prefix}meter {prefix}meters", scale, length)
        enter(f"{prefix}gram {prefix}grams", scale / 1000, mass)
        enter(f"{prefix}litre {prefix}litres {prefix}liter {prefix}liters", scale / 1000, {"length": 3})
    enter("in inch inches", "0.0254", length)
    enter("ft foot feet", "0.3048", length)
    enter("yd yard yards", "0.9144", length)
    enter("mi mile miles", "1609.344", length)
    enter("gal gallon gallons", "0.003785411784", {"length": 3})
    enter("qt quart quarts", Fraction("0.003785411784") / 4, {"length": 3})
    enter("pt pint pints", Fraction("0.003785411784") / 8, {"length": 3})
    enter("cup cups", Fraction("0.003785411784") / 16, {"length": 3})
    enter("tbsp tablespoon tablespoons", Fraction("0.003785411784") / 256, {"length": 3})
    enter("tsp teaspoon teaspoons", Fraction("0.003785411784") / 768, {"length": 3})
    enter("acre acres", "4046.8564224", {"length": 2})
    enter("t tonne tonnes", 1000, mass)
    enter("lb lbs pound pounds", "0.45359237", mass)
    enter("oz ounce ounces", "0.028349523125", mass)
    enter("sec second seconds", 1, duration)
    enter("min minute minutes", 60, duration)
    enter("h hr hrs hour hours", 3600, duration)
    enter("day days", 86400, duration)
    enter("week weeks", 604800, duration)
    enter("month months", 1, {"month": 1})  # of no fixed number of days
    enter("year years yr yrs", 12, {"month": 1})
    enter("decade decades", 120, {"month": 1})
    enter("century centuries", 1200, {"month": 1})
    enter("mph", "0.44704", {"length": 1, "time": -1})
    enter("ha hectare hectares", 10000, {"length": 2})
    enter("rad radian radians", 1, {"angle": 1})
    enter("° deg degree degrees", Fraction(1, 180), {"angle": 1}, turns=1)
    # No conversion: an offset lies between the scales.
    enter("°C celsius", 1, {"degrees celsius": 1})
    enter("°F fahrenheit", 1, {"degrees fahrenheit": 1})
    enter("K kelvin kelvins", 1, {"temperature": 1})
    enter("$ dollar dollars USD", 1, {"dollar": 1})
    enter("cent cents", Fraction(1, 100), {"dollar": 1})
    enter("€ euro euros EUR", 1, {"euro": 1})
    enter("£ GBP", 1, {"pound sterling": 1})
    return table


_UNITS = _table()
_POWERS = {"²": "^2", "³": "^3", "⁻": "^-", "¹": "1"}
_PIECE = re.compile(r"\s*(?:(?P<join>[*·/]|\bper\b)|(?P<name>°[CF]?|[$€£]|[A-Za-zµ]+)(?:\^?(?P<power>-?\d+))?)")


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """A unit from its text.

    Raises:
        UnitError: no unit expression.
    """
    plain = text.strip()
    for sign, replacement in _POWERS.items():
        plain = plain.replace(sign, replacement)
    scale, turns = Fraction(1), 0
    dimension: Counter[str] = Counter()
    place, side, pending = 0, 1, 1
    expect_unit = True
    while place < len(plain):
        match = _PIECE.match(plain, place)
        if match is None or match.end() == place:
            raise UnitError(f"{text!r} is no unit: {plain[place:]!r} is not understood")
        place = match.end()
        if match["join"]:
            if expect_unit:
                raise UnitError(f"{text!r} is no unit: a unit is missing before {match['join']!r}")
            side = -1 if match["join"] in ("/", "per") else 1
            expect_unit = True
            continue
        name = match["name"]
        if name in ("square", "cubic"):
            pending = 2 if name == "square" else 3
            continue
        if name not in _UNITS:
            raise UnitError(f"{text!r} is no unit: {name!r} is not in the table")
        exponent = side * pending * int(match["power"] or 1)
        factor, turn, base = _UNITS[name]
        if abs(exponent) > 12:
            raise UnitError(f"{text!r} is no unit: the power of {name!r} is too high")
        scale *= factor**exponent
        turns += turn * exponent
        for key, times in base.items():
            dimension[key] += times * exponent
        side, pending, expect_unit = 1, 1, False
    if expect_unit:
        raise UnitError(f"{text!r} is no unit: it is empty or ends in the middle")
    return Unit(scale, turns, tuple(sorted((key, times) for key, times in dimension.items() if times)))


def split_quantity(text: str) -> tuple[str, Unit | None]:
    """A quantity as its number and its unit: ``"2.5 km/h"`` is ``("2.5", km/h)``, ``"$5"`` is ``("5", $)``.

    The unit is the longest ending of the text that is one; None where there is none.
    """
    plain = text.strip()
    if plain[:1] in ("$", "€", "£"):
        return plain[1:].strip(), parse_unit(plain[0])
    for match in re.finditer(r"(?<=[\d.)\s!])(?=[A-Za-zµ°$€£])", plain):
        try:
            return plain[: match.start()].strip(), parse_unit(plain[match.start() :])
        except UnitError:
            continue
    return plain, None
