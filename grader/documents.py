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
