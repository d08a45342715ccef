"""By which hyper-parameters a notebook trains a class, as far as its source tells; nothing is executed.

    data = d2l.FashionMNIST(batch_size=128)
    trainer = d2l.Trainer(max_epochs=10)       ->  Recipe(cell=7, epochs=10, lr=0.1, batch_size=128)
    trainer.fit(LeNet(lr=0.1), data)

Calls of `fit`, of the earlier editions' train_ch6, and loops by hand are followed through variables and functions of
the notebook. What cannot be told is None: it is never held against anybody.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from grader.notebook.cells import Notebook
from grader.notebook.names import python_of
from grader.notebook.statements import PARSE_ERRORS, parsed

_DEEPEST: Final = 6  # functions of the notebook that call each other
_MOST: Final = 5000  # statements looked at
_FUEL: Final = 100_000  # expressions looked at: a function that calls another one twice, and so on, takes for ever
_LARGEST: Final = 1e12  # of a hyper-parameter; a number that is squared again and again fills the memory
_DATA: Final = ("FashionMNIST", "MNIST", "CIFAR10", "load_data_fashion_mnist", "DataLoader")
_UNCHANGED: Final = ("to", "cuda", "cpu", "train", "eval", "train_dataloader", "get_dataloader", "enumerate", "tqdm")
_OPERATIONS: Final[Mapping[type, Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b if b else None,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training of the class; None for what the source does not tell."""

    cell: int
    epochs: float | None
    lr: float | None
    batch_size: float | None


@dataclass(frozen=True, slots=True)
class _Model:
    lr: float | None = None


@dataclass(frozen=True, slots=True)
class _Data:
    batch_size: float | None = None


@dataclass(frozen=True, slots=True)
class _Trainer:
    epochs: float | None = None


@dataclass(frozen=True, slots=True)
class _Optimizer:
    model: object
    lr: float | None = None


_Names = dict[str, Any]  # what a name stands for: a number, one of the above, a function or class of the notebook


def recipes(notebook: Notebook, name: str, *, prelude: Sequence[str] = ()) -> tuple[Recipe, ...]:
    """The trainings of class `name` in a notebook, in the order of its cells."""
    reading = _Reading(name)
    for cell in notebook.legible:
        try:
            body = parsed(python_of(cell.source)).body
            reading.cell = cell.number
            reading.follow(body, reading.names)
        except (*PARSE_ERRORS, RecursionError):
            continue
    return tuple(dict.fromkeys(reading.found))


@dataclass(slots=True)
class _Reading:
    name: str
    cell: int = 0
    names: _Names = field(default_factory=dict)
    found: list[Recipe] = field(default_factory=list)
    _epochs: float | None = None  # of the loop around
    _depth: int = 0
    _seen: int = 0
    _fuel: int = _FUEL

    def follow(self, body: Sequence[ast.stmt], names: _Names) -> None:
        """Go through statements in their order."""
        for statement in body:
            self._seen += 1
            if self._seen > _MOST:
                return
            self._statement(statement, names)

    def _statement(self, statement: ast.stmt, names: _Names) -> None:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names[name] = statement
            case ast.Assign(targets=targets, value=value):
                made = self._value(value, names)
                for target in targets:
                    self._bind(target, made, names)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                names[name] = self._value(value, names)
            case ast.Expr(value=value):
                self._value(value, names)
            case ast.For():
                self._loop(statement, names)
            case ast.If(body=body, orelse=orelse) | ast.While(body=body, orelse=orelse):
                self.follow([*body, *orelse], names)
            case ast.With(body=body):
                self.follow(body, names)
            case ast.Try(body=body, finalbody=last):
                self.follow([*body, *last], names)

    def _bind(self, target: ast.expr, value: Any, names: _Names) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = value
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                many = value if isinstance(value, list) and len(value) == len(parts) else [value] * len(parts)
                for part, each in zip(parts, many, strict=True):
                    self._bind(part, each, names)

    def _loop(self, loop: ast.For, names: _Names) -> None:
        over = self._value(loop.iter, names)
        steps = any(_is_call(each, "backward") for each in ast.walk(loop))
        if steps and (isinstance(over, _Data) or not any(isinstance(each, ast.For) for each in _below(loop))):
            self._trained_by_hand(loop, over, names)
            return
        before = self._epochs
        if before is None and isinstance(over, int | float):  # of a range
            self._epochs = over
        self.follow(loop.body, names)
        self._epochs = before

    def _trained_by_hand(self, loop: ast.For, over: Any, names: _Names) -> None:
        """A loop that differentiates: whose optimiser steps tells the model."""
        epochs = self._epochs
        if epochs is None:
            epochs = over if isinstance(over, int | float) else 1
        for each in ast.walk(loop):
            if not _is_call(each, "step"):
                continue
            assert isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
            match self._value(each.func.value, names):
                case _Optimizer(model=_Model(), lr=lr):
                    batch = over.batch_size if isinstance(over, _Data) else None
                    self.found.append(Recipe(self.cell, epochs, lr, batch))

    # ---- expressions -------------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr, names: _Names) -> Any:
        """What an expression stands for; None where that is not known, or is no number that anybody trains with."""
        self._fuel -= 1
        value = self._meant(node, names) if self._fuel > 0 else None
        return None if isinstance(value, int | float) and not -_LARGEST < value < _LARGEST else value

    def _meant(self, node: ast.expr, names: _Names) -> Any:
        match node:
            case ast.Constant(value=bool()):
                return None
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=name):
                return names.get(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self._value(operand, names)
                return -value if isinstance(value, int | float) else None
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
                values = self._value(left, names), self._value(right, names)
                return _OPERATIONS[type(op)](*values) if all(isinstance(each, int | float) for each in values) else None
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return [self._value(part, names) for part in parts]
            case ast.Call():
                return self._call(node, names)
        return None

    def _call(self, call: ast.Call, names: _Names) -> Any:
        of = call.func.value if isinstance(call.func, ast.Attribute) else None
        tail = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        definition = names.get(tail) if of is None else None
        given = _Given(self, call, names)
        if definition is not None and isinstance(definition, ast.ClassDef) and self._is_model(definition, names):
            return _Model(self._own_lr(definition, given))
        if isinstance(definition, ast.FunctionDef):
            return self._called(definition, given, names)
        if tail == "Trainer" or (isinstance(definition, ast.ClassDef) and _base(definition) == "Trainer"):
            return _Trainer(given.number("max_epochs", 0))
        if tail in _DATA:
            return _Data(given.number("batch_size", 1 if tail == "DataLoader" else 0))
        if tail == "range" and len(call.args) == 1:
            return given.number("", 0)
        if tail == "fit" and of is not None and isinstance(trainer := self._value(of, names), _Trainer):
            self._fitted(trainer, given.value("model", 0), given.value("data", 1))
            return None
        if tail == "train_ch6" and isinstance(given.value("net", 0), _Model):
            data = given.value("train_iter", 1)
            batch = data.batch_size if isinstance(data, _Data) else None
            self.found.append(Recipe(self.cell, given.number("num_epochs", 3), given.number("lr", 4), batch))
            return None
        if (model := self._of_parameters(call, names)) is not None:
            return _Optimizer(model, given.number("lr", 1))
        if tail in _UNCHANGED:
            return self._value(of, names) if of is not None and tail != "tqdm" else given.value("", 0)
        return None

    def _fitted(self, trainer: _Trainer, model: Any, data: Any) -> None:
        if isinstance(model, _Model):
            batch = data.batch_size if isinstance(data, _Data) else None
            self.found.append(Recipe(self.cell, trainer.epochs, model.lr, batch))

    def _of_parameters(self, call: ast.Call, names: _Names) -> Any:
        """The model whose parameters a call is given, as an optimiser is."""
        match call.args[:1] or [each.value for each in call.keywords if each.arg == "params"]:
            case [ast.Call(func=ast.Attribute(value=model, attr="parameters"))]:
                value = self._value(model, names)
                return value if isinstance(value, _Model) else None
        return None

    def _called(self, function: ast.FunctionDef, given: _Given, names: _Names) -> Any:
        """A function of the notebook's own, with what it is given; what it gives back where that is one expression."""
        if self._depth >= _DEEPEST:
            return None
        arguments = function.args.args
        missing = len(arguments) - len(function.args.defaults)
        inner = dict(names)
        for number, argument in enumerate(arguments):
            default = function.args.defaults[number - missing] if number >= missing else None
            value = given.value(argument.arg, number)
            inner[argument.arg] = self._value(default, names) if value is None and default is not None else value
        self._depth += 1
        try:
            self.follow(function.body, inner)
            last = function.body[-1]
            return self._value(last.value, inner) if isinstance(last, ast.Return) and last.value else None
        finally:
            self._depth -= 1

    # ---- the class ---------------------------------------------------------------------------------------------------

    def _is_model(self, definition: ast.ClassDef, names: _Names) -> bool:
        """Whether a class is the one asked about or derived from it."""
        return any(each.name == self.name for each in self._line(definition, names))

    def _line(self, definition: ast.ClassDef, names: _Names) -> list[ast.ClassDef]:
        """A class with those of the notebook that it is derived from."""
        line = [definition]
        while len(line) < _DEEPEST and isinstance(base := names.get(_base(line[-1])), ast.ClassDef):
            line.append(base)
        return line

    def _own_lr(self, definition: ast.ClassDef, given: _Given) -> float | None:
        """The rate that an instance is made with; None where its optimiser takes another one."""
        methods: dict[str, ast.FunctionDef] = {}
        for owner in self._line(definition, given.names):
            methods = {each.name: each for each in owner.body if isinstance(each, ast.FunctionDef)} | methods
        optimizers = methods.get("configure_optimizers")
        if optimizers is not None and not any(
            isinstance(each, ast.Attribute) and each.attr == "lr" for each in ast.walk(optimizers)
        ):
            return None
        init = methods.get("__init__")
        names = [argument.arg for argument in init.args.args][1:] if init is not None else []
        if init is None or "lr" not in names:
            return None
        place = names.index("lr")
        if given.has("lr", place):
            return given.number("lr", place)
        from_end = place - len(names)
        default = init.args.defaults[from_end] if -from_end <= len(init.args.defaults) else None
        told = None if default is None else self._value(default, self.names)
        return told if isinstance(told, int | float) else None


@dataclass(frozen=True, slots=True)
class _Given:
    """The arguments of a call."""

    reading: _Reading
    call: ast.Call
    names: _Names

    def node(self, name: str, place: int) -> ast.expr | None:
        """The argument of this name or at this place."""
        named = [each.value for each in self.call.keywords if each.arg == name]
        return named[0] if named else self.call.args[place] if 0 <= place < len(self.call.args) else None

    def has(self, name: str, place: int) -> bool:
        """Whether there is one, or may be one that is not seen."""
        return self.node(name, place) is not None or any(each.arg is None for each in self.call.keywords)

    def value(self, name: str, place: int) -> Any:
        """What it stands for."""
        node = self.node(name, place)
        return None if node is None else self.reading._value(node, self.names)

    def number(self, name: str, place: int) -> float | None:
        """The same where that is a number."""
        value = self.value(name, place)
        return value if isinstance(value, int | float) else None


def _base(definition: ast.ClassDef) -> str:
    match definition.bases[:1]:
        case [ast.Name(id=name)] | [ast.Attribute(attr=name)]:
            return name
    return ""


def _is_call(node: ast.AST, method: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method


def _below(loop: ast.For) -> Iterator[ast.AST]:
    for statement in loop.body:
        yield from ast.walk(statement)
