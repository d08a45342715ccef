"""What has to be the same on every machine that grades one class."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, entry_points, version

from grader import __version__
from grader.kernel.sandbox import PACKAGE


@dataclass(frozen=True, slots=True)
class Software:
    """A machine's software, as far as marks may depend on it."""

    convgrader: str
    source: str  # a hash of the grader's own files
    checks: str  # other packages that offer checks
    python: str
    processor: str
    torch: str
    torchvision: str
    numpy: str

    @classmethod
    def here(cls) -> Software:
        """This machine's."""
        digest = hashlib.sha256()
        for path in sorted(PACKAGE.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(PACKAGE).as_posix().encode()
                digest.update(name + hashlib.sha256(path.read_bytes()).digest())
        offered = {each.dist for each in entry_points(group="grader.checks") if each.dist}
        others = ", ".join(sorted(f"{each.name} {each.version}" for each in offered))
        libraries = [_version(name) for name in ("torch", "torchvision", "numpy")]
        return cls(
            __version__, digest.hexdigest()[:12], others, platform.python_version(), platform.machine(), *libraries
        )

    def differs(self, there: Software) -> str:
        """How another machine's is different, in words; "" where it is not."""
        pairs = [(each.name, getattr(self, each.name), getattr(there, each.name)) for each in fields(self)]
        return ", ".join(f"{name} {its or 'none'} instead of {own or 'none'}" for name, own, its in pairs if own != its)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""
