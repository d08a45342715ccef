"""Which items a student means: by a function, class or layer, a name, a section, an item's id; or all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.errors import UsageError
from grader.probes import names_of
from grader.records import Assignment, Item
from grader.spelling import hint


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be checked.

    Args:
        title: in the student's words.
        items: in the rubric's order.
        given: by target the object that was given for it.
    """

    title: str
    items: Sequence[Item]
    given: Mapping[str, Any]


def wanted(assignment: Assignment, asked: Sequence[Any], namespace: Mapping[str, Any]) -> Wanted:
    """What these objects and words mean; everything where there are none.

    Args:
        assignment: whose items.
        asked: objects of the notebook, and words; 7.5 is as good as "7.5".
        namespace: of the notebook.

    Raises:
        UsageError: the assignment has nothing of that name.
    """
    if not asked:
        return Wanted(assignment.title, assignment.items, {})
    items: dict[str, Item] = {}
    given: dict[str, Any] = {}
    titles = []
    for each in asked:
        if isinstance(each, str | int | float) and not isinstance(each, bool):
            word, found = str(each), _by_word(assignment, str(each))
        else:
            word, found = _by_object(assignment, each, namespace)
            value = type(each) if word == type(each).__name__ and not isinstance(each, type) else each
            given.update({item.target: value for item in found if item.target == word})
        titles.append(word)
        items.update({item.id: item for item in found})
    return Wanted(", ".join(titles), [item for item in assignment.items if item.id in items], given)


def known_words(assignment: Assignment) -> Iterator[str]:
    """Everything that an item can be called."""
    for item in assignment.items:
        yield from (item.id, item.section, item.target, *names_of(item.target))


def _by_word(assignment: Assignment, word: str) -> list[Item]:
    found = [item for item in assignment.items if word in (item.id, item.section, item.target, *names_of(item.target))]
    if not found:
        raise _unknown(assignment, word)
    return found


def _by_object(assignment: Assignment, value: Any, namespace: Mapping[str, Any]) -> tuple[str, list[Item]]:
    """The name by which an object is known, and its items."""
    targets = {name for item in assignment.items for name in names_of(item.target)}
    for name in _called(value, targets, namespace):
        return name, [item for item in assignment.items if name in names_of(item.target)]
    if callable(value):
        raise _unknown(assignment, str(getattr(value, "__name__", type(value).__name__)))
    example = next(item.target for item in assignment.items if item.check != "answered")
    raise UsageError(
        f"A value of type {type(value).__name__} cannot be checked; give the function or class itself, without calling"
        f" it, as in check({names_of(example)[0]})."
    )


def _unknown(assignment: Assignment, word: str) -> UsageError:
    meant = hint(word, known_words(assignment))
    told = meant.replace("; did", "Did", 1) if "did you mean" in meant else ""
    names = ", ".join(dict.fromkeys(f"`{item.target}`" for item in assignment.items if item.check != "answered"))
    known = f"There are {names}, and sections such as {assignment.items[0].section}."
    return UsageError(" ".join(filter(None, (f"Nothing in this assignment is called `{word}`.", told, known))))


def _called(value: Any, targets: Collection[str], namespace: Mapping[str, Any]) -> Iterator[str]:
    """The names of targets that fit: what the notebook calls it, what it calls itself, what its class is called."""
    yield from (name for name in sorted(targets) if name in namespace and namespace[name] is value)
    for each in (value, type(value)):
        if isinstance(name := getattr(each, "__name__", None), str) and name in targets:
            yield name
