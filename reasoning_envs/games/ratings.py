"""Elo ratings with intervals from the results of a league, and the matrix of payoffs as a picture.

Ratings are the most likely ones of the model of Bradley and Terry ("Rank analysis of incomplete block designs",
Biometrika 1952) on Elo's scale: a player 400 points above another wins ten games of eleven. A draw is half a win for
each. A weak prior, normal around 0, keeps ratings finite where somebody has won every game; the order in which games
were played does not matter, as it does for ratings that are updated game by game.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.games.league import Results

__all__ = ["Rating", "elo", "payoff_picture"]

_POINTS = 400.0 / log(10.0)
"""Points of a unit of log odds."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One player's.

    Attributes:
        player: its name. elo: its rating; the mean of all players is 0.
        low, high: ends of the interval. games: that it rests on.
    """

    player: str
    elo: float
    low: float
    high: float
    games: int


def elo(results: Results, confidence: float = 0.95, prior: float = 600.0) -> list[Rating]:
    """The ratings of all players, the best first.

    Intervals are those of the normal distribution around the mode (Laplace), of the difference to the mean of all.

    Args:
        results: of the games.
        confidence: of the intervals, in (0, 1).
        prior: standard deviation, in points, of the prior around 0.

    Raises:
        ValueError: a number out of range. RuntimeError: the solver found no maximum; its message follows.
    """
    from scipy.optimize import root
    from scipy.special import expit
    from scipy.stats import norm

    if not 0.0 < confidence < 1.0 or not prior > 0.0:
        raise ValueError(f"confidence in (0, 1) and a prior above 0, got {confidence!r} and {prior!r}")
    names = results.players
    if not names:
        return []
    count = len(names)
    won = np.zeros((count, count))
    games = np.zeros(count, dtype=int)
    for row, first in enumerate(names):
        for column, second in enumerate(names):
            record = results.between(first, second)
            won[row, column] = record.wins + 0.5 * record.draws
            games[row] += record.games
    met = won + won.T
    weakness = (_POINTS / prior) ** 2

    def slope(odds: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = weakness * odds - (won - met * expit(odds[:, None] - odds[None, :])).sum(axis=1)
        return found

    def curvature(odds: NDArray[np.float64]) -> NDArray[np.float64]:
        apart = odds[:, None] - odds[None, :]
        weights = met * expit(apart) * expit(-apart)
        found: NDArray[np.float64] = np.diag(weights.sum(axis=1) + weakness) - weights
        return found

    # The negative log posterior is convex: where its slope is 0, and only there, is its minimum.
    found = root(slope, np.zeros(count), jac=curvature, tol=1e-12)
    if float(np.abs(slope(found.x)).max()) > 1e-6 * max(1.0, float(met.sum())):
        raise RuntimeError(f"no ratings fit these results: {found.message}")
    centred = np.eye(count) - 1.0 / count
    spread = centred @ np.linalg.inv(curvature(found.x)) @ centred.T
    points = _POINTS * (centred @ found.x)
    reach = _POINTS * norm.ppf(0.5 + confidence / 2) * np.sqrt(np.maximum(np.diag(spread), 0.0))
    ratings = [
        Rating(
            name,
            float(points[index]),
            float(points[index] - reach[index]),
            float(points[index] + reach[index]),
            int(games[index]),
        )
        for index, name in enumerate(names)
    ]
    return sorted(ratings, key=lambda rating: (-rating.elo, rating.player))


def payoff_picture(results: Results, path: str | PathLike[str]) -> None:
    """The matrix of scores, the best player first, as a picture: the row's share of the points against the column.

    Args:
        results: of the games.
        path: of the file; its ending says the format.

    Raises:
        ValueError: nobody has played. OSError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not results.players:
        raise ValueError("nobody has played: there is nothing to draw")
    ratings = elo(results)
    places = {name: index for index, name in enumerate(results.players)}
    order = [places[rating.player] for rating in ratings]
    matrix = results.matrix()[np.ix_(order, order)]
    size = 2.5 + 0.55 * len(order)
    figure = Figure(figsize=(size + 1.5, size), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    image = axes.imshow(np.ma.masked_invalid(matrix), cmap="RdBu", vmin=0.0, vmax=1.0)
    for (row, column), score in np.ndenumerate(matrix):
        if not np.isnan(score):
            ink = "white" if abs(score - 0.5) > 0.3 else "black"
            axes.text(column, row, f"{score:.2f}", ha="center", va="center", fontsize=7, color=ink)
    rows = [f"{rating.player}  {rating.elo:+.0f} [{rating.low:+.0f}, {rating.high:+.0f}]" for rating in ratings]
    axes.set_xticks(range(len(order)), [rating.player for rating in ratings], rotation=90, fontsize=7)
    axes.set_yticks(range(len(order)), rows, fontsize=7)
    axes.set_title("points of the row against the column; Elo with 95% intervals", fontsize=8)
    figure.colorbar(image, ax=axes, shrink=0.8)
    figure.savefig(path)
