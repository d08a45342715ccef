"""The content key of a score: what it depends on, as two hashes.

    asked   what was observed: the submission, the item and those it needs, how notebooks are run, this machine's
            software and data, the hidden cases, the code of ours that asks
    judged  what was made of it: options that only judge, the reference, the needed items that did not pass, our checks

A stored score with the same key stands. Where only `judged` differs it can be had from the recorded observations,
because they are found by the whole content of a probe: what the reference asks otherwise now is not among them.
Points and titles are in no key: they are applied to whatever was found.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import platform
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from grader import __version__, checks, datasets
from grader.errors import DataMissing
from grader.records import Assignment, Profile

_LIBRARIES = ("torch", "torchvision", "numpy")  # whose versions may change what a notebook computes


@dataclass(frozen=True, slots=True)
class Key:
    """What one score depends on."""

    asked: str
    judged: str

    @classmethod
    def parse(cls, text: str) -> Key:
        """The key that `str` wrote; one that equals no other for anything else."""
        asked, _, judged = text.partition(".")
        return cls(asked, judged)

    def __str__(self) -> str:
        """As it is stored."""
        return f"{self.asked}.{self.judged}"


@dataclass(frozen=True, slots=True)
class Conditions:
    """How notebooks are run, as far as marks may depend on it."""

    secret: bytes | None = field(repr=False)
    profile: Profile
    device: str
    sandboxed: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an assignment's scores, but for what differs from submission to submission.

    Args:
        asked: by item, a hash of what every submission is asked alike.
        judged: by item, a hash of what every submission is judged by alike.
    """

    asked: Mapping[str, str] = field(default_factory=dict)
    judged: Mapping[str, str] = field(default_factory=dict)

    def key(self, item: str, sha256: str, lacking: Collection[str]) -> Key:
        """The key of one score: of an item, for a submission with this hash, whose needed items `lacking` failed."""
        return Key(self.asked_of(item, sha256), self.judged_of(item, lacking))

    def asked_of(self, item: str, sha256: str) -> str:
        """The half of a key that is known before anything has been judged."""
        return _hash([self.asked[item], sha256])

    def judged_of(self, item: str, lacking: Collection[str]) -> str:
        """The other half."""
        return _hash([self.judged[item], sorted(lacking)]) if lacking else self.judged[item]

    def whole(self, sha256: str) -> str:
        """The key of a whole grade: of everything that is asked."""
        return _hash([sha256, self.asked])


def of(course: Path, assignment: Assignment, conditions: Conditions) -> Keys:
    """The keys of an assignment as rubric and reference are now, on this machine."""
    kinds = checks.kinds()
    everything = [
        __version__,
        _asking_code(),
        _software(),
        assignment.prelude,
        dataclasses.asdict(assignment.limits),
        conditions.device,
        conditions.sandboxed,
        hashlib.sha256(conditions.secret or b"").hexdigest(),
    ]
    reference = reference_hash(course, assignment.reference)
    notebooks = sorted(assignment.notebooks.glob("*.ipynb"))
    handed_out = [hashlib.sha256(path.read_bytes()).hexdigest() for path in notebooks]
    data = {name: _data(name) for name in {str(item.options.get("data", "")) for item in assignment.items}}
    asked: dict[str, str] = {}
    judged: dict[str, str] = {}
    for item in assignment.items:
        kind = kinds.get(item.check)  # a check that is not known has a key, too: binding it will say so
        asking, judging = _parted(item.options, kind.judges if kind else ())
        needed = [asked[need] for need in item.needs]
        own = [item.id, item.check, _provider(kind), item.target, asking, needed]
        own.append(data[str(item.options.get("data", ""))])
        if kind and not kind.captures:
            own.append(handed_out)  # a written answer is what a section says beyond it
        # Another package's check may look at the profile; of ours only those that train do.
        profile = "" if item.check in checks.CHECKS and not kinds[item.check].trains else conditions.profile.value
        asked[item.id] = _hash([everything, own, profile])
        judged[item.id] = _hash([judging, item.section, reference, _judging_code()])
    return Keys(asked, judged)


def reference_hash(course: Path, name: str) -> str:
    """A hash of the files of a reference, but for the styles, which only `grader verify` reads."""
    folder = course / "reference" / name
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if path.is_file() and within.parts[0] != "styles" and "__pycache__" not in within.parts:
            digest.update(_hash([within.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]).encode())
    return digest.hexdigest()


def answers_hash(course: Path, name: str) -> str:
    """What the answers of a reference depend on, beside versions: its files, and how it is asked."""
    return _hash([reference_hash(course, name), _asking_code()])


@functools.cache
def _asking_code() -> str:
    """A hash of the code of ours that reads notebooks, asks and measures: it changes under one version, too.

    Answers to one probe by two states of it cannot be compared, whoever gave them.
    """
    ours = ("answer_key.py", "probes.py", "seeds.py", "measuring", "notebook")
    return _code(*ours, *(f"kernel/{part}" for part in ("cells.py", "session.py", "submitted.py", "wire.py", "inside")))


@functools.cache
def _judging_code() -> str:
    """The same of the code that makes findings of answers. What it asks otherwise now has no recorded answer."""
    return _code("checks", "compare.py", "diagnosis", "judging.py", "scoring.py")


def _code(*places: str) -> str:
    package = Path(__file__).parent
    paths = [path for place in places for path in sorted((package / place).rglob("*.py")) or [package / place]]
    return _hash([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])


def _parted(options: Mapping[str, Any], judges: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options that ask, and those that a path of `judges` leads to."""
    asking: dict[str, Any] = {}
    judging: dict[str, Any] = {}
    for name, value in sorted(options.items(), key=str):
        inner = [path.partition(".")[2] for path in judges if path.partition(".")[0] in (name, "*")]
        if "" in inner:
            judging[name] = value
        elif inner and isinstance(value, Mapping):
            asking[name], judging[name] = _parted(value, inner)
        else:
            asking[name] = value
    return asking, judging


def _software() -> list[str]:
    return [platform.python_version(), *map(_version, _LIBRARIES)]


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _provider(kind: checks.Kind | None) -> str:
    """The package that offers a check of its own; ours come with the grader's version."""
    distribution = kind.entry.dist if kind else None
    return f"{distribution.name} {distribution.version}" if distribution else ""


def _data(name: str) -> str:
    """A hash of a data set, where an item names one that is here."""
    try:
        return datasets.fingerprint(name) if name else ""
    except DataMissing:
        return "missing"


def _hash(parts: Sequence[Any]) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
