"""Episodes for people: a derivation as text, printed step by step in colour, or drawn on a card."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.types import Problem, Status, Step, Verdict

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

__all__ = ["CARD_SIZE", "Screen", "card", "derivation"]

CARD_SIZE = (960, 540)
"""Width and height of a card, in pixels: the same for every episode, so that cards make a video."""

_MARKS = {
    Status.VERIFIED: "✓",
    Status.REFUTED: "✗",
    Status.UNDECIDED: "?",
    Status.UNPARSED: "!",
    Status.UNSAFE: "!",
    Status.TIMEOUT: "?",
    Status.ERROR: "?",
}
_ANSI = {"✓": "32", "✗": "31", "?": "33", "!": "35"}
_RGB = {"✓": (26, 127, 55), "✗": (207, 34, 46), "?": (154, 103, 0), "!": (130, 80, 223)}
_INK, _FAINT, _PAPER, _RULE = (31, 35, 40), (101, 109, 118), (255, 255, 255), (208, 215, 222)


def derivation(
    problem: Problem, start: str, steps: Sequence[Step], outcome: Verdict | None, end: str, *, colour: bool = False
) -> str:
    """The episode as text: the problem, one line a step with its mark, move and score, and how it ended.

    Args:
        problem: what was asked.
        start: the line before the first step.
        steps: in order.
        outcome: the verdict on the whole, or None.
        end: why the episode ended; empty while it runs.
        colour: with ANSI colours.
    """
    parts = [_head(problem, start, colour)]
    parts.extend(_step_text(step, colour) for step in steps)
    if end:
        parts.append(_end_text(outcome, end, colour))
    return "\n".join(parts)


class Screen:
    """Prints an episode as it grows; nothing twice.

    Colours are used on a terminal only, and not where the environment variable ``NO_COLOR`` is set to anything or
    ``TERM`` is ``dumb``. Signs that the stream cannot encode are replaced.

    Args:
        stream: where to; None for ``sys.stdout`` as it is when something is printed.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._shown = -1
        self._ended = False

    def show(self, problem: Problem, start: str, steps: Sequence[Step], outcome: Verdict | None, end: str) -> None:
        """Print what is new since the last call."""
        stream = self._stream or sys.stdout
        colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        parts = []
        if self._shown < 0:
            parts.append(_head(problem, start, colour))
            self._shown = 0
        parts.extend(_step_text(steps[index], colour) for index in range(self._shown, len(steps)))
        self._shown = len(steps)
        if end and not self._ended:
            parts.append(_end_text(outcome, end, colour))
            self._ended = True
        if parts:
            encoding = stream.encoding or "utf-8"
            text = "\n".join(parts).encode(encoding, "replace").decode(encoding)
            print(text, file=stream, flush=True)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour and text else text


def _head(problem: Problem, start: str, colour: bool) -> str:
    level = f"  [{problem.level}]" if problem.level else ""
    return f"{_paint(problem.prompt, '1', colour)}{_paint(level, '2', colour)}\n       {start}"


def _step_text(step: Step, colour: bool) -> str:
    mark = _MARKS[step.verdict.status]
    line = f"{step.index + 1:3}. {_paint(mark, _ANSI[mark], colour)} {step.text:<40}"
    if step.score is not None:
        line += f" {step.score.value:.2f} "
    if step.move:
        line += f"  {_paint(step.move, '2', colour)}"
    notes = _notes(step)
    return "\n".join([line.rstrip(), *(f"         {_paint(note, _ANSI[mark], colour)}" for note in notes)])


def _notes(step: Step) -> list[str]:
    """What a reader should know beside the line: why it was not verified, what was assumed, what the PRM says."""
    notes = []
    verdict = step.verdict
    if isinstance(step.action, str) and verdict.status in (Status.UNPARSED, Status.UNSAFE):
        notes.append(f"not taken: {step.action!r:.60}")
    if verdict.status is not Status.VERIFIED and verdict.reason:
        notes.append(verdict.reason)
    if verdict.conditions:
        notes.append("if " + ", ".join(verdict.conditions))
    if step.score is not None and step.score.critique and step.score.critique != verdict.reason:
        notes.append(step.score.critique)
    return notes


_ENDS = {"step limit": "? no answer within the step limit", "stuck": "? no move is left"}


def _end_text(outcome: Verdict | None, end: str, colour: bool) -> str:
    if outcome is None:
        return _paint(f"     {_ENDS[end]}", _ANSI["?"], colour)
    mark = _MARKS[outcome.status]
    word = {Status.VERIFIED: "right", Status.REFUTED: "wrong"}.get(outcome.status, outcome.status.value)
    reason = f": {outcome.reason}" if outcome.reason else ""
    unscored = "" if outcome.scored else " (the episode is not scored)"
    return _paint(f"     {mark} {word}{reason}{unscored}", _ANSI[mark], colour)


def card(problem: Problem, start: str, steps: Sequence[Step], outcome: Verdict | None, end: str) -> NDArray[np.uint8]:
    """The episode as a picture: [540, 960, 3] uint8. Where not all steps fit, the last ones are shown.

    Raises:
        ImportError: Pillow is not installed.
    """
    from PIL import Image, ImageDraw

    width, height = CARD_SIZE
    image = Image.new("RGB", CARD_SIZE, _PAPER)
    draw = ImageDraw.Draw(image)
    small, medium, large = _font(15), _font(22), _font(24)
    left, right = 40, width - 40
    _write(draw, (left, 24), problem.prompt, large, _INK, right - left)
    if problem.level:
        _write(draw, (left, 58), problem.level, small, _FAINT, right - left)
    draw.line((left, 84, right, 84), fill=_RULE, width=1)
    row_height, top, foot = 48, 96, 56
    rows = (height - foot - top) // row_height
    first = max(0, len(steps) - rows + (1 if len(steps) < rows else 0))
    y = top
    if first == 0:
        _write(draw, (left + 76, y), start, medium, _INK, right - left - 76)
        y += row_height
    for step in steps[first:]:
        mark = _MARKS[step.verdict.status]
        _write(draw, (left, y + 3), f"{step.index + 1}", small, _FAINT, 28)
        _draw_mark(draw, (left + 40, y + 2), mark)
        score = "" if step.score is None else f"{step.score.value:.2f}"
        _write(draw, (left + 76, y), step.text, medium, _INK, 480)
        _write(draw, (left + 572, y + 4), score, small, _RGB[mark], 40)
        _write(draw, (left + 620, y + 4), step.move, small, _FAINT, right - left - 620)
        if step.verdict.status is not Status.VERIFIED:
            _write(draw, (left + 76, y + 27), step.verdict.reason, small, _RGB[mark], right - left - 76)
        y += row_height
    if end:
        _draw_end(draw, (left, height - foot), outcome, end, medium, right - left)
    return np.asarray(image, dtype=np.uint8).copy()


def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _write(
    draw: ImageDraw,
    place: tuple[int, int],
    text: str,
    font: FreeTypeFont | ImageFont,
    ink: tuple[int, int, int],
    width: int,
) -> None:
    """Text on one line, cut off with dots where it would run over ``width`` pixels."""
    text = text.replace("\n", " ")[:400]
    if draw.textlength(text, font=font) > width:
        fits, over = 0, len(text)
        while over - fits > 1:
            middle = (fits + over) // 2
            if draw.textlength(text[:middle] + "...", font=font) > width:
                over = middle
            else:
                fits = middle
        text = text[:fits] + "..."
    draw.text(place, text, fill=ink, font=font)


def _draw_mark(draw: ImageDraw, place: tuple[int, int], mark: str) -> None:
    """A disc with the mark drawn in strokes: the default font has no tick."""
    x, y = place
    draw.ellipse((x, y, x + 22, y + 22), fill=_RGB[mark])
    if mark == "✓":
        draw.line((x + 6, y + 12, x + 10, y + 16, x + 16, y + 7), fill=_PAPER, width=3)
    elif mark == "✗":
        draw.line((x + 7, y + 7, x + 15, y + 15), fill=_PAPER, width=3)
        draw.line((x + 15, y + 7, x + 7, y + 15), fill=_PAPER, width=3)
    else:
        draw.text((x + 11, y + 11), mark, fill=_PAPER, font=_font(16), anchor="mm")


def _draw_end(
    draw: ImageDraw,
    place: tuple[int, int],
    outcome: Verdict | None,
    end: str,
    font: FreeTypeFont | ImageFont,
    width: int,
) -> None:
    x, y = place
    mark, text = _end_text(outcome, end, colour=False).strip().split(" ", 1)
    draw.line((x, y - 6, x + width, y - 6), fill=_RULE, width=1)
    _draw_mark(draw, (x, y + 5), mark)
    _write(draw, (x + 36, y + 4), text, font, _RGB[mark], width - 36)
