"""What an exception says, where Python or torch says it in words that we know.

The message itself is never shown: a student's code may put into it what it was given, and that may be hidden. Only
sizes are taken over from it, and names that stand in the student's own line, which is shown anyway.
"""

from __future__ import annotations

import re
from typing import Final

_PLACES: Final = {  # in the beginnings of messages below
    "<n>": r"-?(\d{1,6})",
    "<shape>": r"\[((?:-?\d{1,6}(?:, |(?=\]))){0,5})\]",
    "<name>": r"'([^\W\d]\w{0,60})'",
    "<call>": r"(?:[\w.<>]{1,200}\.)?([^\W\d]\w{0,60}|<lambda>)\(\)",
    "<dtype>": r"\w{1,20}",
}
_DTYPES: Final = "Tensors of different dtypes meet."
_IN_PLACE: Final = (
    "It changes in place a tensor that it was given and that needs a gradient: compute a new tensor instead."
)
_SAID: Final = (
    (
        "The size of tensor a (<n>) must match the size of tensor b (<n>) at non-singleton dimension <n>",
        "Two tensors that are combined have sizes {0} and {1} in dimension {2}.",
    ),
    (
        "output with shape <shape> doesn't match the broadcast shape <shape>",
        "A tensor of shape ({0}) is to take in place what has the shape ({1}).",
    ),
    (
        "mat1 and mat2 shapes cannot be multiplied (<n>x<n> and <n>x<n>)",
        "Matrices of shapes ({0}, {1}) and ({2}, {3}) cannot be multiplied: {1} and {2} have to be equal.",
    ),
    ("shape '<shape>' is invalid for input of size <n>", "{1} elements do not fit into the shape ({0})."),
    (
        "Given groups=1, weight of size <shape>, expected input<shape> to have <n> channels, but got <n> channels",
        "A convolution made for {2} input channels is given {3}.",
    ),
    ("running_mean should contain <n> elements not <n>", "A batch normalisation made for {1} channels is given {0}."),
    (
        "index <n> is out of bounds for dimension <n> with size <n>",
        "An index lies outside dimension {1}, which has size {2}.",
    ),
    (
        "stack expects each tensor to be equal size, but got <shape> at entry <n> and <shape> at entry <n>",
        "Tensors of shapes ({0}) and ({2}) cannot be stacked.",
    ),
    ("a leaf Variable that requires grad is being used in an in-place operation", _IN_PLACE),
    ("a view of a leaf Variable that requires grad is being used in an in-place operation", _IN_PLACE),
    (
        "one of the variables needed for gradient computation has been modified by an inplace operation",
        "A tensor that the backward pass still needs is changed in place: compute a new tensor instead.",
    ),
    ("Can't call numpy() on Tensor that requires grad", "NumPy knows no gradients: compute with operations of torch."),
    (
        "element 0 of tensors does not require grad and does not have a grad_fn",
        "What is differentiated depends on nothing that needs a gradient: is it cut off by detach, .data or .item()?",
    ),
    ("expected m1 and m2 to have the same dtype", _DTYPES),
    ("mat1 and mat2 must have the same dtype", _DTYPES),
    ("expected scalar type <dtype> but found <dtype>", _DTYPES),
    ("name <name> is not defined", "The name `{0}` has no meaning where it is used."),
    ("cannot access local variable <name> where it", "The variable `{0}` is used before it has a value."),
    ("<name> object has no attribute <name>", "An object of type `{0}` has no attribute `{1}`."),
    ("<call> got an unexpected keyword argument <name>", "`{0}` knows no argument `{1}`."),
)
_CALLS: Final = (
    "<call> missing <n> required",
    "<call> takes <n> positional",
    "<call> takes from <n> to",
    "<call> got an unexpected keyword",
    "<call> got multiple values",
    "<call> got some positional-only",
)
_TYPES: Final = frozenset(
    {"NoneType", "Tensor", "bool", "dict", "float", "function", "int", "list", "ndarray", "str", "tuple"}
)
_LONGEST: Final = 1000


def _pattern(beginning: str) -> re.Pattern[str]:
    pieces = re.split("(<[a-z]+>)", beginning)
    return re.compile("".join(_PLACES.get(piece) or re.escape(piece) for piece in pieces))


_SENTENCES: Final = tuple((_pattern(beginning), sentence) for beginning, sentence in _SAID)
_OF_CALLS: Final = tuple(map(_pattern, _CALLS))


def explain_exception(message: str, line: str = "") -> str:
    """One sentence that says the same as an exception's message, or "" where it is none of those we know.

    Args:
        message: of the exception, as the student's process told it.
        line: of the student's source where it was raised.
    """
    for pattern, sentence in _SENTENCES:
        if found := pattern.match(message[:_LONGEST]):
            values = found.groups()
            return sentence.format(*values) if all(_may_be_told(each, line) for each in values) else ""
    return ""


def _may_be_told(value: str, line: str) -> bool:
    if not value.isidentifier() or value in _TYPES:
        return True
    return re.search(rf"\b{value}\b", line) is not None


def about_arguments(message: str) -> bool:
    """Whether Python says that a call does not fit what is called; no message may mean just that."""
    return not message or any(pattern.match(message[:_LONGEST]) for pattern in _OF_CALLS)
