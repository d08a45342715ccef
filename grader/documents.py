"""Read YAML that people write by hand: plain values only, and no key twice."""

from __future__ import annotations

from typing import Any

import yaml


class _Strict(yaml.SafeLoader):
    """Reads plain values only, and refuses a key that comes twice: YAML itself would keep the last one in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node.

        Raises:
            yaml.constructor.ConstructorError: a key occurs twice.
        """
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge" and isinstance(key.value, str):
                if key.value in seen:
                    told = f"the key {key.value!r} occurs twice"
                    raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Texts(_Strict):
    """Takes every value as it is written, so that the student number 0123 stays one."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - the name and form are PyYAML's


def load(text: str, *, texts_only: bool = False) -> Any:
    """The value of a YAML document; with `texts_only` its numbers, dates and truth values are left as texts.

    Raises:
        ValueError: it is no YAML, or a key occurs twice; the message is one line.
    """
    try:
        return yaml.load(text, _Texts if texts_only else _Strict)  # noqa: S506 - both are SafeLoaders
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that no calendar has
        raise ValueError(f"not valid YAML: {' '.join(str(error).split())}") from error


def with_entry(text: str, section: str, key: str, entry: str) -> str:
    """A document with one more entry at the end of a top-level mapping; all else stays as it is written, byte for byte.

    Args:
        text: the document.
        section: the key of the mapping, such as `assignments`.
        key: of the new entry.
        entry: the lines below `key:`, indented from column 0 and by two spaces a level.

    Raises:
        ValueError: the document is no YAML, has no such mapping, writes it in braces, or has the key; one line.
    """
    before = load(text)
    known = before.get(section) if isinstance(before, dict) else None
    if not isinstance(before, dict) or section not in before or not isinstance(known, dict | None):
        raise ValueError(f"it has no mapping {section!r}")
    if known and key in known:
        raise ValueError(f"{section} has an entry {key!r} already")
    name, value, limit = _section(text, section)
    if getattr(value, "flow_style", False):
        if known:
            raise ValueError(f"{section} is written in braces; write each entry on lines of its own")
        text = text[: value.start_mark.index] + text[value.end_mark.index :]
        name, value, limit = _section(text, section)
    indent = value.value[0][0].start_mark.column if isinstance(value, yaml.MappingNode) else 2
    place = _end(text, name.end_mark.index, limit, indent)
    ends = "\r\n" if "\r\n" in text else "\n"
    lines = [f"{key}:", *(f"  {line}".rstrip() for line in entry.splitlines())]
    block = "".join(" " * indent + line + ends if line else ends for line in lines)
    head = text[:place] if text[:place].endswith("\n") else text[:place] + ends
    made = head + (ends if known else "") + block + text[place:]
    if load(made) != {**before, section: {**(known or {}), key: load(entry)}}:
        raise ValueError(f"{section} is written in a way that nothing can be added to; add the entry by hand")
    return made


def _section(text: str, section: str) -> tuple[yaml.Node, yaml.Node, int]:
    """A top-level key, its value, and the character at which the next key begins."""
    rows = yaml.compose(text, _Strict).value  # type: ignore[union-attr]  # it is a mapping, or load had refused it
    at = next(number for number, (key, _) in enumerate(rows) if key.value == section)
    limit: int = rows[at + 1][0].start_mark.index if at + 1 < len(rows) else len(text)
    return (*rows[at], limit)


def _end(text: str, start: int, limit: int, indent: int) -> int:
    """Behind the last line of a block mapping, whose keys are indented so far; comments indented more belong to it."""
    lines = text[start:limit].splitlines(keepends=True)
    place = end = start + len(lines[0] if lines else "")
    for line in lines[1:]:
        end += len(line)
        bare = line.strip()
        if bare and (not bare.startswith("#") or len(line) - len(line.lstrip()) > indent):
            place = end
    return place
