"""What a value of the student's is: whose definition, with what content, and a copy that stays as it is."""

from __future__ import annotations

import copy
import functools
import os
import sys
import types
from typing import Any

import torch
from torch import nn

_MAX_CLONED = 1_000_000  # elements
_MAX_READ = 10_000  # elements compared by value
_METHODS = (types.FunctionType, staticmethod, classmethod, property, functools.partial)


def content(value: Any, folder: str) -> Any:
    """What changes when a small tensor, module or class is changed in place."""
    try:
        if isinstance(value, torch.Tensor):
            return _fingerprint(value)
        if isinstance(value, nn.Module):
            return [_fingerprint(parameter) for parameter in value.parameters()]
        if isinstance(value, type):
            own = (owner for owner in value.__mro__ if is_students(owner, folder))
            return {(id(owner), name): method for owner in own for name, method in methods(owner).items()}
    except Exception:  # noqa: BLE001 - some tensors have no values to read, and a student's module may raise anything
        return "unreadable"
    return type(value).__name__


def methods(owner: type) -> dict[str, Any]:
    """The functions that stand in a class itself."""
    return {name: value for name, value in vars(owner).items() if isinstance(value, _METHODS)}


def same(one: Any, other: Any) -> bool:
    """Whether two bindings hold one object; a method is a new object whenever it is looked up."""
    return one is other or (isinstance(one, types.MethodType) and isinstance(other, types.MethodType) and one == other)


def _fingerprint(tensor: torch.Tensor) -> Any:
    if nn.parameter.is_lazy(tensor):
        return "lazy"
    version = 0 if tensor.is_inference() else tensor._version
    if tensor.numel() > _MAX_READ:
        return version
    # The version counter alone misses what is written through `.data` or numpy, as the book's 7.2.4 does.
    flat = tensor.detach().cpu().reshape(-1).clone(memory_format=torch.contiguous_format)
    return version, flat.view(torch.uint8).numpy().tobytes()


def clone(value: Any) -> Any:
    """A copy of a tensor or module, which are changed in place; anything else itself."""
    try:
        if isinstance(value, torch.Tensor):
            return value.detach().clone() if value.numel() <= _MAX_CLONED else value
        if isinstance(value, nn.Module):
            size = sum(0 if nn.parameter.is_lazy(p) else p.numel() for p in value.parameters())
            return copy.deepcopy(value) if size <= _MAX_CLONED else value
    except Exception:  # noqa: BLE001 - student code runs in deepcopy and may raise anything; the original serves too
        return value
    return value


def kind_of(name: str, value: Any, folder: str) -> tuple[str, str]:
    """Whether a binding is the student's own definition, an object of a library, or a plain value."""
    if isinstance(value, type):
        if not is_students(value, folder):
            return "library", f"`{name}` is the library's own {value.__name__}"
        base = next((b for b in value.__mro__[1:] if not is_students(b, folder)), object)
        added = [key for key in vars(value) if not key.startswith("__") or key in ("__init__", "__call__")]
        if base.__name__ == name and not added:
            return "library", f"`{name}` is the library's own class and adds nothing to it"
        return "definition", ""
    if isinstance(value, functools.partial):
        return ("definition", "") if _composed(value) else kind_of(name, value.func, folder)
    if isinstance(value, types.MethodType | types.BuiltinMethodType) and is_students(_owner(value), folder):
        return "definition", ""  # such as the `apply` of an own torch.autograd.Function
    if isinstance(value, types.FunctionType | types.MethodType | functools._lru_cache_wrapper):
        return ("definition", "") if is_students(value, folder) else ("library", f"`{name}` is a library function")
    if isinstance(value, types.BuiltinFunctionType | types.ModuleType):
        return "library", f"`{name}` is a library object"
    if isinstance(value, torch.Tensor):
        return "value", ""
    if callable(value):
        if is_students(type(value), folder) or any(is_students(inner, folder) for inner in _inner(value)):
            return "definition", ""
        return "library", f"`{name}` is an object of {type(value).__name__}"
    return ("nothing", "") if value is None else ("value", "")


def _owner(method: types.MethodType | types.BuiltinMethodType) -> type:
    bound = method.__self__
    return bound if isinstance(bound, type) else type(bound)


def _composed(value: functools.partial[Any]) -> bool:
    """Whether one of torch's functions, such as einsum, was given arguments: a function of the student's own making."""
    function, given = value.func, value.args or value.keywords
    module = getattr(function, "__module__", None) or "torch"  # functions written in C have none
    return bool(given) and not isinstance(function, type | types.MethodType) and module.partition(".")[0] == "torch"


def _inner(value: Any) -> list[Any]:
    """What an object of a library wraps: np.vectorize, decorators, torch.jit.script."""
    found = []
    for name in ("pyfunc", "__wrapped__", "_torchdynamo_inline"):
        try:
            found.append(getattr(value, name, None))
        except Exception:  # noqa: BLE001, S112 - a student's own __getattr__ may raise anything
            continue
    return [inner for inner in found if isinstance(inner, types.FunctionType)]


def is_students(value: Any, folder: str) -> bool:
    """Whether a function, class or module was written in the notebook or in a file beside it."""
    if isinstance(value, types.ModuleType):
        file = vars(value).get("__file__")
    else:
        module = getattr(value, "__module__", None)
        if module == "__main__":
            return True
        file = getattr(sys.modules.get(module) if isinstance(module, str) else None, "__file__", None)
    if not isinstance(file, str) or not (path := os.path.abspath(file)).startswith(folder + os.sep):
        return False
    return f"{os.sep}site-packages{os.sep}" not in path  # a virtual environment beside the notebook
