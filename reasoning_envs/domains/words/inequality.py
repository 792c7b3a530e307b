"""The moves on inequalities in words: what their author does, and for a mistake what is wrong with it."""

__all__ = ["INEQUALITY_MISTAKES", "INEQUALITY_WORDS"]

INEQUALITY_WORDS: dict[str, str] = {
    "swap without turning": "swap the sides",
    "change signs without turning": "change the signs of both sides",
    "divide both sides and turn": "divide both sides by {}, which turns the sign round",
    "divide both sides without turning": "divide both sides by {}",
    "divide both sides without care": "divide both sides by {}",
    "divide both sides and turn without care": "divide both sides by {}, which turns the sign round",
    "multiply both sides and turn": "multiply both sides by {}, which turns the sign round",
    "multiply both sides without turning": "multiply both sides by {}",
    "multiply both sides without care": "multiply both sides by {}",
    "multiply both sides and turn without care": "multiply both sides by {}, which turns the sign round",
    "multiply by the square": "multiply both sides by the square of {}, which is positive",
    "distinguish cases": "multiply both sides by {}, which is positive or negative",
    "chart of signs": "read the solution off the signs of {}",
    "poles taken for zeros": "read the solution off the signs of {}, ends included",
    "signs of the factors": "look at the signs of the factors of {}",
    "each factor alone": "look at each factor of {}",
    "split the wrong way": "split the absolute value of {}",
    "join the intervals": "join two intervals that overlap",
    "keep one interval": "keep one of two intervals",
    "both bounds": "say two bounds by what both allow",
    "keep one bound": "keep one of two bounds",
    "no number meets both": "no number meets both bounds",
}
"""By rule: what its author believes to be doing; ``{}`` is the operand."""

INEQUALITY_MISTAKES: dict[str, str] = {
    "swap without turning": "the sign must be turned round with the sides",
    "change signs without turning": "the signs of both sides were changed, and the relation was not turned round",
    "divide both sides without turning": "dividing by {}, which is negative, turns the sign round",
    "multiply both sides without turning": "multiplying by {}, which is negative, turns the sign round",
    "divide both sides and turn": "{} is positive: dividing by it does not turn the sign round",
    "multiply both sides and turn": "{} is positive: multiplying by it does not turn the sign round",
    "divide both sides without care": "dividing by {} turns the sign round where it is negative",
    "divide both sides and turn without care": "dividing by {} turns the sign round only where it is negative",
    "multiply both sides without care": "multiplying by {} turns the sign round where it is negative",
    "multiply both sides and turn without care": "multiplying by {} turns the sign round only where it is negative",
    "poles taken for zeros": "a quotient has no value where its denominator is 0: that end is no solution",
    "each factor alone": "the sign of a product depends on the signs of all its factors together",
    "keep one interval": "the other interval holds solutions as well",
    "keep one bound": "the other bound was forgotten",
    "no number meets both": "there are numbers that meet both bounds",
}
"""By rule: why a step by it is wrong, where it is wrong. A rule that is missing is explained by what it loses."""
