"""Plug points take an object or a ``"module:Name"`` string; this turns the one into the other."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from reasoning_envs.domains.protocol import Domain

__all__ = ["load", "open_domain"]


def load(name: str) -> Any:
    """The object that ``"module:Name"`` names; ``Name`` may be dotted.

    Raises:
        ValueError: the string has no such form, the module does not exist, or it holds no such name. An error inside
            the module itself is raised as it is.
    """
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        raise ValueError(f"{name!r} names no object: write it as 'package.module:Name'")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise
        raise ValueError(f"{name!r}: there is no module {error.name!r} on the import path") from error
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise ValueError(f"{name!r}: {module_name!r} holds no {part!r}") from error
    return found


def open_domain(domain: Domain | str, kwargs: Mapping[str, Any]) -> Domain:
    """The domain from an object, or from ``"module:Name"`` of a class (called with ``kwargs``) or of a ready object.

    Raises:
        TypeError: it is no :class:`~reasoning_envs.domains.protocol.Domain`, or does not take the keywords.
        ValueError: the string names nothing.
    """
    found = load(domain) if isinstance(domain, str) else domain
    if isinstance(domain, str) and callable(found):
        try:
            inspect.signature(found).bind(**kwargs)
        except TypeError as error:
            raise TypeError(f"neither the environment nor the domain {domain} takes these keywords: {error}") from None
        found = found(**kwargs)
    elif kwargs:
        raise TypeError(f"the environment knows no {', '.join(kwargs)}, and the domain is an object made already")
    if not isinstance(found, Domain):
        missing = [name for name in sorted(_DOMAIN_NAMES) if not hasattr(found, name)]
        raise TypeError(f"{domain!r:.80} is no domain: it lacks {', '.join(missing)}")
    return found


_DOMAIN_NAMES = {name for name in vars(Domain) if not name.startswith("_")} | set(Domain.__annotations__)
