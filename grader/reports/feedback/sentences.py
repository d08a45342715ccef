"""The sentences of the checks in the reader's language, as far as they are known word for word.

A check composes its message of English sentences. Here stand the common ones as templates. A message is read from its
start, sentence by sentence; what fits no template, such as the sentence of a misconception, stays and is marked as
English. The values between our words are carried over unread.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from grader.reports.feedback.languages import Language
from grader.reports.feedback.languages import marked as _

_NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf|nan)"
_SHAPE = r"\((?:\d+(?:, ?\d+)*,?)?\)"
_LAYER = r"convolution|linear layer"
_NAME = r"`[^`]{1,200}`"
# What a placeholder may stand for. None of it is ever looked into.
_VALUES: Final = {
    "count": r"\d+",
    "asked": r"\d+",
    "greatest": _NUMBER,
    "allowed": _NUMBER,
    "seconds": _NUMBER,
    "accuracy": _NUMBER,
    "error": _NUMBER,
    "full": _NUMBER,
    "none": _NUMBER,
    "share": _NUMBER,
    "percent": "%",  # not in the template, where gettext's tools take `% o` for a placeholder of its own
    "index": _SHAPE,
    "expected": _SHAPE,
    "got": _SHAPE,
    "weight": rf"\({_NUMBER}(?:, {_NUMBER})*\)",
    "wanted": rf"\({_NUMBER}(?:, {_NUMBER})*\)",
    "name": _NAME,
    "names": rf"{_NAME}(?: and {_NAME})*",
    "helper": _NAME,
    "error_type": r"[A-Za-z_]\w{0,79}|an exception of its own",
    "line": r"`.{1,300}?`",
    "layer": _LAYER,
    "other": _LAYER,
    "duration": r"\d+ (?:days?|h|min|s)(?: \d+ (?:days?|h|min|s))?|a moment",
    "date": r"\d{4}-\d\d-\d\d \d\d:\d\d",
    "shape": r"\((?:-?\d+(?:, ?-?\d+)*,?)?\)",  # one that is asked for, in which -1 stands for what is left
    "section": r"[\w.-]{1,20}",
    "cell": r"\d+",
    "row": r"\d+",
    "saying": r"[^\n]{1,120}?",  # what Python says of a syntax error
    "items": r"[\w.-]+(?:, [\w.-]+)*",
    "class": r"[\w -]{1,30}",
    "runs": rf"{_NUMBER}(?:, {_NUMBER})*",
}

_UNIT: Final = re.compile(r"a moment|days?|min|h|s")
_AND: Final = _("` and `")
_UNITS: Final = (_("day"), _("days"), _("h"), _("min"), _("s"), _("a moment"))

TEMPLATES: Final = (
    _("Marked by a person."),
    _("{count} of {asked} cases agree with the reference."),
    _("{count} of {asked} cases are wrong."),
    _("Outputs and gradients agree with the reference in {count} of {asked} cases."),
    _("The first: Expected shape {expected}, got {got}."),
    _("Expected shape {expected}, got {got}."),
    _(
        "The first: {count} of {asked} elements differ; the greatest difference is {greatest} at index {index};"
        " {allowed} is allowed."
    ),
    _(
        "{count} of {asked} elements differ; the greatest difference is {greatest} at index {index};"
        " {allowed} is allowed."
    ),
    _(
        "The first: {count} of {asked} element differs; the greatest difference is {greatest} at index {index};"
        " {allowed} is allowed."
    ),
    _("{name} is still the stub: it raises NotImplementedError."),
    _("{name} raised {error_type} at {line}."),
    _("{name} raised {error_type}."),
    _(
        "{name} raised TypeError before its first line ran: does it take the arguments that are asked for,"
        " in this order and under these names?"
    ),
    _(
        "The values are right, but {name} changes the tensor that it is given. Whoever calls it goes on with other"
        " numbers: compute new tensors instead (no `+=`, no `X[...] = ...` and no `exp_()` on an argument)."
    ),
    _("Two tensors that are combined have sizes {count} and {asked} in dimension {row}."),
    _("A tensor of shape {expected} is to take in place what has the shape {got}."),
    _("Matrices of shapes {expected} and {got} cannot be multiplied: {count} and {asked} have to be equal."),
    _("{count} elements do not fit into the shape {shape}."),
    _("A convolution made for {count} input channels is given {asked}."),
    _("A batch normalisation made for {count} channels is given {asked}."),
    _("An index lies outside dimension {row}, which has size {asked}."),
    _("Tensors of shapes {expected} and {got} cannot be stacked."),
    _("It changes in place a tensor that it was given and that needs a gradient: compute a new tensor instead."),
    _("A tensor that the backward pass still needs is changed in place: compute a new tensor instead."),
    _("NumPy knows no gradients: compute with operations of torch."),
    _("What is differentiated depends on nothing that needs a gradient: is it cut off by detach, .data or .item()?"),
    _("Tensors of different dtypes meet."),
    _("The name {name} has no meaning where it is used."),
    _("The variable {name} is used before it has a value."),
    _("An object of type {name} has no attribute {helper}."),
    _("{name} knows no argument {helper}."),
    _("{name} gave no answer in {seconds} s."),
    _("{name} is not defined."),
    _("All {count} layers have the expected output shapes."),
    _("Layer {count} of {asked} should be a {layer} with output {expected}; the next {other} of yours gives {got}."),
    _("Layer {count} of {asked} should be a {layer} with output {expected}; yours has no further {other}."),
    _(
        "Layer {count} of {asked} should be a {layer} with output {expected}; yours comes later, after a {other} with"
        " output {got}."
    ),
    _("The layers are written in another way, and compute what those of the reference compute."),
    _("There is a layer too many: after all {count} comes a {layer} with output {got}."),
    _("The network gives {got}, expected {expected}."),
    _("Everything but one layer is built as it should be, which earns {share} {percent} of the points."),
    _("Linear and Conv2d weights are Xavier-uniform; nothing else was touched."),
    _("{names} give the expected values."),
    _("{name} gives the expected value."),
    _("All {count} values are the expected ones."),
    _("The value is the expected one."),
    _("All {count} layers give the expected values."),
    _("The learned weight {weight} is near {wanted}."),
    _("The learned weight {weight} is where {count} such steps lead with your values."),
    _("Judged by your own values, which are wrong: one mistake costs once."),
    _("The learned weight is {weight}; after ten steps it should be within {allowed} of {wanted}."),
    _("{names} is not defined: cell {cell} does not run: {error_type}."),
    _("{names} is not defined: cell {cell} does not run: {error_type} in its line {row} ({saying})."),
    _("No discussion of {section} was found."),
    _("{count} words wait for a reader."),
    _("One word waits for a reader."),
    _("Judged with a working {names}, because yours is wrong: one mistake costs once."),
    _("Judged with a working {names}, because yours are wrong: one mistake costs once."),
    _("The version in cell {cell} counts; a later one is wrong."),
    _("Cell {cell} uses {helper}, which only a later cell defines."),
    _("Run from top to bottom, your notebook stops there."),
    _("{name} is still the `...` that was handed out."),
    _("The gradients are those of what your {name} computes."),
    _("One mistake costs once."),
    _(
        "In train mode the outputs shrink to about {share} {percent} of those without dropout: "
        "divide what a dropout by hand leaves by 1 − p, so that its mean stays."
    ),
    _("Follows from {items}."),
    _("Not trained, because {items} did not pass."),
    _("Your notebook uses {names} without an import of its own; the grader's import was used."),
    _(
        "Test accuracy {accuracy} ± {error} on {count} images after {asked} steps; full credit from {full}."
    ),
    _("This is the median of three trainings: {runs}."),
    _("This is the better of two trainings: {runs}."),
    _("Of these trainings those that died of their start do not count: {runs}."),
    _("Nothing was learned up to {none}."),
    _("It answers {class} to every image."),
    _("Handed in {duration} after it was due ({date}): {share} {percent} of the points earned are taken off."),
    _("Handed in {duration} after it was due ({date}): {share} {percent} of the points are taken off."),
    _("Handed in {duration} after it was due ({date}); nothing is taken off."),
    _("Handed in {duration} after it was due ({date}), more than the {count} days after which nothing counts."),
    _("The LMS marked it as late without saying by how much; nothing is taken off."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message, and the language it is in."""

    text: str
    tag: str


def translated(message: str, language: Language, titles: Mapping[str, str]) -> list[Part]:
    """The message in the language, in pieces; neighbours in one language are one piece.

    Args:
        message: as the check composed it.
        language: of the reader.
        titles: of items by id; readers know no ids.
    """
    parts: list[Part] = []
    for part in _parts(message, language, titles):
        if parts and parts[-1].tag == part.tag:
            parts[-1] = Part(f"{parts[-1].text} {part.text}", part.tag)
        else:
            parts.append(part)
    return parts


def _parts(message: str, language: Language, titles: Mapping[str, str]) -> Iterator[Part]:
    rest = message.strip()
    while rest:
        for template, pattern in _patterns():
            if found := pattern.match(rest):
                values = found.groupdict()
                if names := values.get("names"):
                    values["names"] = names.replace(_AND, language(_AND))
                if ids := values.get("items"):
                    values["items"] = ", ".join(f"“{titles.get(id, id)}”" for id in ids.split(", "))
                if duration := values.get("duration"):
                    values["duration"] = _UNIT.sub(lambda unit: language(unit.group()), duration)
                yield Part(language(template, **values), language.tag)
                rest = rest[found.end() :].lstrip()
                break
        else:
            # The end of a sentence is guessed: a wrong guess costs nothing but a longer English piece.
            sentence = re.match(r".*?[.?!](?= |$)|.+", rest, re.DOTALL)
            assert sentence is not None
            yield Part(sentence.group(), "en")
            rest = rest[sentence.end() :].lstrip()


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((template, re.compile(f"{_pattern(template)}(?= |$)")) for template in TEMPLATES)


def _pattern(template: str) -> str:
    pieces = re.split(r"\{(\w+)\}", template)  # our words and placeholders in turn
    return "".join(
        re.escape(piece) if number % 2 == 0 else f"(?P<{piece}>{_VALUES[piece]})" for number, piece in enumerate(pieces)
    )
