"""Rules around moto: each one wraps one of its methods, and can be taken off again."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

# What wraps: it gets the wrapped method first, and then what that would get.
Around = Callable[..., Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What AWS does and moto does not.

    Attributes:
        name: What AWS does, as a sentence.
        owner: The class or module of moto that is changed.
        added: moto has no such attribute.
    """

    name: str
    owner: Any
    attribute: str
    around: Around
    added: bool = False


class Rules:
    """Collects the rules of a module."""

    def __init__(self) -> None:
        self.all: list[Rule] = []

    def around(self, owner: Any, *attributes: str) -> Callable[[Around], Around]:
        """Wrap methods or properties of moto in the decorated function, which names the rule."""

        def note(function: Around) -> Around:
            self.all += [
                Rule(name=_sentence(function), owner=owner, attribute=attribute, around=function)
                for attribute in attributes
            ]
            return function

        return note

    def add(self, owner: Any, attribute: str) -> Callable[[Around], Around]:
        """Give moto a method that it lacks."""

        def note(function: Around) -> Around:
            self.all.append(
                Rule(
                    name=_sentence(function),
                    owner=owner,
                    attribute=attribute,
                    around=lambda _, *args, **kwargs: function(*args, **kwargs),
                    added=True,
                )
            )
            return function

        return note


def install(rules: Iterable[Rule], exits: ExitStack) -> None:
    """Put rules on, until the stack is closed.

    Raises:
        AttributeError: This moto has not what a rule changes.
    """
    for rule in rules:
        _install(rule, exits)


def _install(rule: Rule, exits: ExitStack) -> None:
    original = None if rule.added else inspect.getattr_static(rule.owner, rule.attribute)
    own = rule.attribute in vars(rule.owner)
    if isinstance(original, property):
        getter = functools.partial(rule.around, original.fget)
        setattr(rule.owner, rule.attribute, property(getter, original.fset))
    elif isinstance(original, classmethod):
        setattr(rule.owner, rule.attribute, classmethod(_wrapped(rule, original.__func__)))
    else:
        setattr(rule.owner, rule.attribute, _wrapped(rule, original))
    if own:
        exits.callback(setattr, rule.owner, rule.attribute, original)
    else:
        exits.callback(delattr, rule.owner, rule.attribute)


def _wrapped(rule: Rule, original: Any) -> Around:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return rule.around(original, *args, **kwargs)

    wrapper.__name__ = rule.attribute  # moto finds some methods by their names
    return wrapper


def _sentence(function: Around) -> str:
    return function.__name__.replace("_", " ")
