"""The moves on systems in words: what their author does, and for a mistake what is wrong with it."""

__all__ = ["SYSTEM_MISTAKES", "SYSTEM_WORDS"]

SYSTEM_WORDS: dict[str, str] = {
    "drop a redundant equation": "drop equation {}, which says nothing new",
    "contradiction": "equation {} cannot hold",
    "tidy": "write equation {} in order",
    "scale": "divide an equation by {}",
    "roots": "solve equation {}, which has one unknown",
    "zero product": "a product is zero when a factor is",
    "one root alone": "solve equation {}, which has one unknown",
    "one factor alone": "a product is zero when a factor is",
    "solve for": "solve an equation for {}",
    "solve with a sign slip": "solve an equation for {}",
    "substitute": "put what {} is into an equation",
    "substitute without brackets": "put what {} is into an equation",
    "add a multiple": "add {} times an equation to another",
    "add with a sign slip": "add {} times an equation to another",
    "swap equations": "swap two equations",
    "drop an equation": "drop equation {}",
}
"""By rule: what its author believes to be doing; ``{}`` is the operand, for some the number of an equation."""

SYSTEM_MISTAKES: dict[str, str] = {
    "one root alone": "equation {} has more than one root",
    "one factor alone": "a product is zero when any of its factors is",
    "solve with a sign slip": "a term that moves to the other side changes its sign",
    "substitute without brackets": "all of what {} is has to be multiplied, not its first term alone",
    "add with a sign slip": "{} times the left side was added on the left, and on the right something else",
    "drop an equation": "equation {} is needed: the others have more solutions",
}
"""By rule: why a step by it is wrong, where it is wrong."""
