"""Take out of a cell what a sandbox without internet cannot do and no mark depends on."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from grader.notebook.statements import PARSE_ERRORS, instead, is_other_language, parsed, split_head, statements

_INSTALLERS = r"(?<![\w./-])(?:pip3?|conda|mamba|micromamba|uv|apt|apt-get|wget|curl|gdown|git|kaggle|npm)\b"
_IDLE = re.compile(
    rf"""[ \t]*(?:
    %+\s*(?:pip|conda|mamba|micromamba|uv|cd|matplotlib|config|load_ext|reload_ext|autoreload|tensorboard
        |tensorflow_version|pdb|debug|timeit|time\s*$|capture)(?=\s|$)
    |(?:!|%(?:sx|system|shell)\b)[^\n]*?{_INSTALLERS}
    |(?:pip3?|conda|mamba|micromamba|uv|apt|apt-get)[ \t]+(?:-\S+[ \t]+)*
        (?:install|uninstall|update|upgrade|add|remove|sync|download|show|list|freeze|pip)(?:[ \t]+[^\s=(\[.]|[ \t]*$)
    |cd[ \t]+(?:/\w|~|\.\.)
    |matplotlib[ \t]+(?:inline|notebook|widget)\b)""",
    re.VERBOSE | re.MULTILINE,
)
_IDLE_VALUE = re.compile(rf"[ \t]*(\w[\w ,.]*=)[ \t]*![^\n]*?{_INSTALLERS}")
_CAPTURED = re.compile(r"[ \t]*%%capture\b(?:[ \t]+--no-\w+)*[ \t]+(\w+)")
_MOCK = '__import__("unittest.mock").mock.MagicMock()'
_TRY = re.compile(r"try\s*:")
_COLAB = re.compile(r"\b(?:colab|drive\s*\.|files\s*\.)")
_COLAB_CALLS = {"drive.mount", "drive.flush_and_unmount", "files.upload", "files.download", "files.view"}


def neutralised(source: str) -> str:
    """The cell with everything doing nothing that installs, downloads, mounts, measures or changes how things look.

    Such a line becomes `pass` or an empty value in its place, so that every other line keeps its number. Magics around
    the cell (`%%time`, `%%capture`) go as well: they hide from the kernel which line raised, and `%%timeit` keeps what
    the cell defines to itself. Text within strings stays; so do cells in another language (`%%bash`, `%%html`), which
    do no harm in a sandbox.
    """
    head, body = split_head(source)
    if is_other_language(body):
        return source
    kept = [_without_magic(line) for line in head.splitlines(keepends=True)]
    blocks: list[tuple[int, bool]] = []  # the blocks around a statement: how far indented, and whether a `try`
    for statement in statements(body):
        text = statement.lstrip()
        if text and not text.startswith("#"):
            indent = len(statement) - len(text)
            while blocks and blocks[-1][0] >= indent:
                blocks.pop()
            statement = _neutral(statement, tried=any(is_try for _, is_try in blocks))
            blocks.append((indent, _TRY.match(text) is not None))
        kept.append(statement)
    return "".join(kept)


def _without_magic(line: str) -> str:
    if not line.strip():
        return line
    captured = _CAPTURED.match(line)
    return f"{captured.group(1)} = {_MOCK}" + "\n" * line.count("\n") if captured else "pass" + "\n" * line.count("\n")


def _neutral(statement: str, *, tried: bool) -> str:
    if _IDLE.match(statement):
        return instead(statement, "pass")
    if value := _IDLE_VALUE.match(statement):
        return instead(statement, f"{value.group(1)} []")
    return _without_colab(statement, tried=tried) if _COLAB.search(statement) else statement


def _without_colab(statement: str, *, tried: bool) -> str:
    """Let what only Colab has succeed and do nothing.

    An import of google.colab inside `try` stays and fails: that is how notebooks ask whether they run on Colab.
    """
    try:
        nodes = parsed(statement.strip()).body
        stand_ins = [_stand_in(node, tried=tried) for node in nodes]
        if not any(stand_ins) or any(hasattr(node, "body") for node in nodes):
            return statement
        replacement = "; ".join(new or ast.unparse(node) for new, node in zip(stand_ins, nodes, strict=True))
    except PARSE_ERRORS:
        return statement
    return statement if "\n" in replacement else instead(statement, replacement)


def _stand_in(node: ast.stmt, *, tried: bool) -> str:
    """What stands for a statement that needs Colab; empty for any other."""
    match node:
        case ast.ImportFrom(module=str(module), names=names) if not tried and _is_colab(module, names):
            bound = [alias.asname or alias.name for alias in names if alias.name != "*"]
        case ast.Import(names=[ast.alias(name=name, asname=asname)]) if not tried and _is_colab(name, ()):
            bound = [asname or "google"]
        case ast.Expr(value=ast.Call(func=function)) if _is_colab_call(function):
            return "pass"
        case ast.Assign(targets=targets, value=ast.Call(func=function)) if _is_colab_call(function):
            return " = ".join([*map(ast.unparse, targets), "{}"])
        case _:
            return ""
    # A mock answers whatever later cells ask of it: userdata.get(...), auth.authenticate_user() ...
    return " = ".join([*bound, _MOCK]) if bound else "pass"


def _is_colab(module: str, names: Sequence[ast.alias]) -> bool:
    inside = module == "google.colab" or module.startswith("google.colab.")
    return inside or (module == "google" and [alias.name for alias in names] == ["colab"])


def _is_colab_call(function: ast.expr) -> bool:
    return ".".join(ast.unparse(function).split(".")[-2:]) in _COLAB_CALLS
