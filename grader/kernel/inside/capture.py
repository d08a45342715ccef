"""The student's definitions, each kept as it stood after the statement that made it.

Notebooks rebind names: `pool2d` becomes an nn.MaxPool2d, `K` changes, a cell defines `corr2d` again. So after every
statement the names the rubric asks for are looked at, and a new binding is kept as a version, with a shallow copy of
the namespace around it. Tensors and modules are changed in place later, so they are cloned; methods are replaced later
(`@d2l.add_to_class`), so those of the notebook's classes are remembered as well.

A target is a name (`corr2d`) or several that belong together (`X, K`).
"""

from __future__ import annotations

import builtins
import itertools
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from grader.kernel.inside.looking import clone, content, is_students, kind_of, methods, same
from grader.probes import Version, names_of

MAX_DEFINITIONS = 5  # per target; the first and the last ones are kept
MAX_VALUES = 40

Namespace = dict[str, Any]
Methods = dict[type, dict[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, because tensors have no one answer to `==`
class Captured:
    """One version of a target together with the namespace it lived in, and the methods of the classes there."""

    version: Version
    value: Any
    namespace: Namespace
    methods: Methods


class Captures:
    """All versions of all targets of one notebook."""

    def __init__(self, targets: Sequence[str], namespace: Namespace, folder: str) -> None:
        self.cell = 0  # the number of the cell being run
        self.note = ""  # of every definition that is kept from now on
        self.reasons: dict[str, str] = {}  # why a name is missing, by name
        self._names = {target: names_of(target) for target in targets}
        self._namespace = namespace
        self._folder = folder
        self._versions: dict[str, list[Captured]] = {target: [] for target in targets}
        self._seen: dict[str, tuple[tuple[Any, ...], list[Any]]] = {}
        self._definitions: Namespace = {}  # by name, the last function or class of the student's it was bound to
        self._first: Namespace = {}  # by name, the first one
        self._aside: dict[str, Captured] = {}  # by target, what is defined elsewhere than in the notebook's namespace
        self._passed: Namespace = {}  # by name, the callable seen last that is no definition of the student's
        self._modules: tuple[int, list[types.ModuleType]] = (0, [])
        # What stands behind this one was imported later. All names together lie on a thousand pages of memory, and a
        # copy of the template pays for each that it touches.
        sys.modules[__name__] = sys.modules.pop(__name__)

    def look(self) -> None:
        """Keep every target whose binding is new since the last look."""
        self._look_for_definitions()
        for target, names in self._names.items():
            if not all(name in self._namespace for name in names):
                self._look_aside(target)
                continue
            values = tuple(self._namespace[name] for name in names)
            contents = [content(value, self._folder) for value in values]
            seen = self._seen.get(target)
            self._seen[target] = (values, contents)  # holds the values, so that no address is used again
            if seen is None or not all(map(same, seen[0], values)):
                self._keep(target, names, values)
            elif seen[1] != contents:
                self._keep_changed(target, names, values, seen[1][0], contents[0])

    def __getitem__(self, target: str) -> list[Captured]:
        return self._versions.get(target, [])

    def table(self) -> dict[str, list[Version]]:
        """The versions of every target, oldest first."""
        return {target: [each.version for each in kept] for target, kept in self._versions.items()}

    def finish(self) -> None:
        """Add what is defined elsewhere alone, and each newest version once more, with the helpers of the end.

        A helper may be mended below what calls it, or spoilt by an experiment: the better of the two counts. The one
        with the helpers of its time stays last.
        """
        for target, captured in self._aside.items():
            if not _newest(self._versions[target], "definition"):
                self._versions[target].append(captured)
                self._definitions.setdefault(target, captured.value)
        for target, kept in self._versions.items():
            newest = _newest(kept, "definition") or _newest(kept, "value")
            if newest is None:
                continue
            mended = {
                name: self._definitions[name]
                for name, value in newest.namespace.items()
                if name in self._definitions and name not in self._names[target] and self._redefined(name, value)
            }
            if mended or _changed(newest.methods):
                again = replace(newest, namespace={**newest.namespace, **mended}, methods={})
                kept.insert(kept.index(newest), again)
            # A helper that stands below may have had another meaning than its name has at the end.
            first = {name: value for name, value in self._first.items() if name not in newest.namespace}
            if any(self._redefined(name, value) for name, value in first.items()):
                kept.insert(kept.index(newest), replace(newest, namespace={**newest.namespace, **first}))

    @contextmanager
    def around(self, captured: Captured, stand_ins: Namespace) -> Iterator[Namespace]:
        """Let the notebook's namespace be what `captured` saw, completed by what came later.

        The dictionary itself is refilled, because every function of the notebook holds it as its globals.
        """
        final, present = dict(self._namespace), {owner: methods(owner) for owner in captured.methods}
        later = {**final, **self._definitions}
        self._namespace.clear()
        # A name of Python's own that was taken only later had its own meaning until then.
        self._namespace.update((name, value) for name, value in later.items() if not hasattr(builtins, name))
        self._namespace.update(captured.namespace)
        self._namespace.update(stand_ins)
        replaced = [(other, {name: other[name] for name in stand_ins if name in other}) for other in self._elsewhere()]
        for other, own in replaced:
            other.update({name: stand_ins[name] for name in own})
        _restore(captured.methods)
        bases = _derived_from(captured, later, stand_ins)
        try:
            yield self._namespace
        finally:
            for owner, before in bases:
                _rebase(owner, before)
            _restore(present)
            for other, own in replaced:
                other.update(own)
            self._namespace.clear()
            self._namespace.update(final)

    def _redefined(self, name: str, value: Any) -> bool:
        """Whether a function or class was defined again later."""
        is_definition = callable(value) and not isinstance(value, nn.Module)
        return is_definition and not same(value, self._definitions[name])

    def _elsewhere(self) -> list[Namespace]:
        """Other namespaces that hold functions of the student's: attached modules, files that were run."""
        spaces = [vars(module) for module in self._attached()]
        spaces += [value.__globals__ for value in self._definitions.values() if isinstance(value, types.FunctionType)]
        return list({id(space): space for space in spaces if space is not self._namespace}.values())

    # ---- looking -----------------------------------------------------------------------------------------------------

    def _look_for_definitions(self) -> None:
        for name, value in self._namespace.items():
            if self._passed.get(name) is value or self._definitions.get(name) is value:
                continue
            if not callable(value) or isinstance(value, nn.Module) or name.startswith("_"):
                continue
            if kind_of(name, value, self._folder)[0] == "definition":
                self._definitions[name] = value
                self._first.setdefault(name, value)
            else:
                self._passed[name] = value

    def _look_aside(self, target: str) -> None:
        """Remember what a module or class of the student's has under a name that the notebook itself may never bind."""
        if target in self._aside or target in self._definitions:
            return
        found = [vars(module)[target] for module in self._attached() if target in vars(module)]
        for owner in self._definitions.values():
            if isinstance(owner, type) and isinstance(vars(owner).get(target), staticmethod | classmethod):
                found.append(getattr(owner, target))
        for value in found[:1]:
            kind, note = kind_of(target, value, self._folder)
            if kind == "definition":
                self._aside[target] = self._captured(Version(self.cell, kind, note=note), (target,), (value,))

    def _attached(self) -> list[types.ModuleType]:
        """The modules that were imported from attached files."""
        if self._modules[0] != len(sys.modules):
            new = list(itertools.takewhile(lambda name: name != __name__, reversed(sys.modules)))
            found = [sys.modules[name] for name in reversed(new) if is_students(sys.modules[name], self._folder)]
            self._modules = (len(sys.modules), found)
        return self._modules[1]

    # ---- keeping -----------------------------------------------------------------------------------------------------

    def _keep(self, target: str, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        kept = self._versions[target]
        kind, note = kind_of(names[0], values[0], self._folder) if len(values) == 1 else ("value", "")
        if kind == "nothing":
            return
        kept.append(self._captured(Version(self.cell, kind, note=note or self.note), names, values))
        same_kind = [each for each in kept if each.version.kind == kind]
        limit = MAX_DEFINITIONS if kind == "definition" else MAX_VALUES
        if len(same_kind) > limit:
            kept.remove(same_kind[limit // 2])

    def _keep_changed(
        self, target: str, names: tuple[str, ...], values: tuple[Any, ...], before: Any, now: Any
    ) -> None:
        """Keep what was changed in place; a class that only got more methods is still the same version."""
        kept = self._versions[target]
        grown = isinstance(values[0], type) and all(now.get(key) == method for key, method in before.items())
        if grown and kept and kept[-1].value is values[0]:
            kept[-1] = self._captured(kept[-1].version, names, values)
        else:
            self._keep(target, names, values)

    def _captured(self, version: Version, names: tuple[str, ...], values: tuple[Any, ...]) -> Captured:
        clones = tuple(clone(value) for value in values)
        namespace = {**self._namespace, **dict(zip(names, clones, strict=True))}
        classes = {
            owner
            for value in (*namespace.values(), *clones)
            if isinstance(value, type)
            for owner in value.__mro__
            if is_students(owner, self._folder)
        }
        return Captured(version, clones[0] if len(clones) == 1 else clones, namespace, {c: methods(c) for c in classes})


def _derived_from(captured: Captured, later: Namespace, stand_ins: Namespace) -> list[tuple[type, tuple[type, ...]]]:
    """Derive the student's classes from what stands in for their bases; those that were derived anew, with their own.

    A class keeps its bases where Python finds no order for the new ones.
    """
    replaced = [
        (space[name], made)
        for name, made in stand_ins.items()
        for space in (captured.namespace, later)
        if isinstance(made, type) and isinstance(space.get(name), type)
    ]
    changed = []
    for owner in captured.methods:
        bases = owner.__bases__
        wanted = tuple(next((made for own, made in replaced if own is base), base) for base in bases)
        if wanted != bases and _rebase(owner, wanted):
            changed.append((owner, bases))
    return changed


def _rebase(owner: type, bases: tuple[type, ...]) -> bool:
    """Give a class other bases, where Python can."""
    try:
        owner.__bases__ = bases
    except TypeError:
        return False
    return True


def _newest(kept: Sequence[Captured], kind: str) -> Captured | None:
    return next((each for each in reversed(kept) if each.version.kind == kind), None)


def _changed(remembered: Methods) -> bool:
    return any(vars(owner).get(name) is not method for owner, own in remembered.items() for name, method in own.items())


def _restore(remembered: Mapping[type, Mapping[str, Any]]) -> None:
    for owner, own in remembered.items():
        for name, method in own.items():
            if vars(owner).get(name) is not method:
                setattr(owner, name, method)
