"""Which module may import which: one direction, one door per third party, and little that runs with a student's code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.kernel.sandbox import INSIDE

ROOT = Path(__file__).parents[1]

# From top to bottom; a module imports from lower lines only. A package counts as one.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("commands", "selfcheck"),
    ("runners",),
    ("pipeline", "verifying", "reviewing"),
    ("judging", "measuring"),
    ("homes",),
    ("releases",),
    (
        "kernel",
        "answer_key",
        "checks",
        "gradebook",
        "reports",
        "exports",
        "recording",
        "packing",
        "listing",
        "keys",
        "kept_answers",
    ),
    ("marks", "deciding", "authoring", "logs", "similarity"),
    ("decisions", "storage"),
    (
        "rubric",
        "submissions",
        "notebook",
        "compare",
        "diagnosis",
        "scoring",
        "calibration",
        "datasets",
        "leases",
        "usage",
        "escaping",
        "joining",
        "rows",
        "lock",
        "mounts",
        "schema",
        "forgetting",
        "extensions",
        "seeds",
        "references",
    ),
    ("documents", "lateness", "roster", "policy"),
    ("mappings",),
    ("records", "probes", "errors", "spelling"),
    ("",),  # grader itself, which holds the version
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

# The imports within a line that are allowed, each with its reason.
ACROSS = {
    ("answer_key", "kernel"): "the reference is asked by the same code as a student, and its values take the same door",
    ("recording", "kernel"): "observations are stored in the format in which they travel",
    ("packing", "kernel"): "what lies on disk has the frames in which it travelled",
    ("recording", "packing"): "observations are kept one after the other",
    ("listing", "kernel"): "what is kept is read as strictly as what comes from a sandbox",
    ("answer_key", "kept_answers"): "the reference's answers outlive its process",
    ("kept_answers", "kernel"): "answers are kept in the format in which they travel",
    ("kept_answers", "packing"): "and packed as recordings are",
    ("scoring", "rows"): "points are rounded as they are shown",
    ("keys", "checks"): "the table of checks says which options only judge",
}

# The one way up, with its reason.
UPWARD = {("", "selfcheck"): "`from grader import check` is how students call it; it is imported when it is called"}

# Third parties, and the only places that may import them.
DOORS = {
    "torch": ("answer_key.py", "checks/", "commands/calibrate.py", "commands/doctor.py", "commands/isolation.py", "compare.py", "diagnosis/", "kernel/", "measuring/", "releases/", "runners/work.py", "selfcheck/", "commands/rescoring.py", "commands/release.py", "commands/verify.py", "verifying/candidates.py"),
    "numpy": ("answer_key.py", "datasets.py", "kernel/", "selfcheck/"),
    "IPython": ("kernel/", "notebook/", "selfcheck/"),
    "safetensors": ("kernel/inside/", "measuring/", "releases/"),
    "traitlets": ("kernel/inside/",),
    "pyseccomp": ("kernel/system_calls.py",),
    "torchvision": ("kernel/inside/",),
    "PIL": ("kernel/inside/", "reviewing/markdown.py"),
    "d2l": ("kernel/inside/",),
    "tqdm": ("kernel/inside/site/",),
    "matplotlib": ("kernel/inside/site/",),
    "matplotlib_inline": ("kernel/inside/site/",),
    "pandas": ("kernel/inside/site/",),
    "requests": ("kernel/inside/site/",),
    "yaml": ("documents.py",),
    "psutil": ("usage.py",),
    "jinja2": ("reports/web/templates.py", "reviewing/app.py"),
    "markupsafe": ("reports/classroom/", "reports/feedback/", "reports/web/", "reviewing/"),
    "flask": ("commands/review.py", "reviewing/"),
    "werkzeug": ("reviewing/",),
    "waitress": ("reviewing/serving.py",),
    "markdown_it": ("reviewing/markdown.py",),
    "mdit_py_plugins": ("reviewing/markdown.py",),
    "nh3": ("reviewing/markdown.py",),
    "latex2mathml": ("reviewing/markdown.py",),
    "ray": ("runners/joining.py", "runners/on_ray.py"),
    "rich": ("cli/", "reports/", "verifying/report.py"),
}  # fmt: skip
STANDARD_DOORS = {
    "sqlite3": ("gradebook.py", "forgetting.py", "storage.py", "deciding.py"),
    "argparse": ("cli/",),
}

# They run what they read.
UNPICKLERS = {"pickle", "_pickle", "dill", "marshal", "shelve", "cloudpickle", "joblib", "jsonpickle"}
LOADERS = {"torch.load", "torch.jit.load", "np.load", "numpy.load", "np.fromfile", "numpy.fromfile"}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, and where."""

    file: str  # relative to the package
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports(path: Path, folder: Path) -> Iterator[Import]:
    """Every import of a file, also those within functions, with full names."""
    file = path.relative_to(folder).as_posix()
    package = [folder.name, *path.relative_to(folder).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                yield Import(file, node.lineno, f"{module}.{alias.name}")


GRADER = [each for path in files(ROOT / "grader") for each in imports(path, ROOT / "grader")]


def component(module: str) -> str:
    """The part of the grader that a full name belongs to; "" for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LEVEL else ""


def own(file: str) -> str:
    """The part of the grader that a file belongs to."""
    first = file.split("/")[0].removesuffix(".py")
    return "" if first == "__init__" else first


def listed(problems: list[Import]) -> str:
    return "\n".join(map(str, problems))


# ---- one direction ---------------------------------------------------------------------------------------------------


def test_every_module_has_its_place() -> None:
    assert {own(path.relative_to(ROOT / "grader").as_posix()) for path in files(ROOT / "grader")} == set(LEVEL)


def test_imports_point_one_way() -> None:
    upward = [
        each
        for each in GRADER
        if each.module.split(".")[0] == "grader"
        and own(each.file) != component(each.module)
        and LEVEL[own(each.file)] >= LEVEL[component(each.module)]
        and (own(each.file), component(each.module)) not in {**ACROSS, **UPWARD}
    ]

    assert not upward, listed(upward)


def test_exceptions_are_between_neighbours_and_still_needed() -> None:
    found = {(own(each.file), component(each.module)) for each in GRADER if each.module.startswith("grader.")}

    assert all(LEVEL[one] == LEVEL[other] for one, other in ACROSS)
    assert set(ACROSS) <= found


def test_the_map_of_commands_names_every_module_that_is_no_command_and_none_that_is_not_there() -> None:
    folder = ROOT / "grader/commands"
    opening = {
        path.stem: ast.get_docstring(ast.parse(path.read_text()), clean=False) or "" for path in folder.glob("*.py")
    }
    rows = [line.strip() for line in opening.pop("__init__").splitlines() if line.startswith("  ")]
    mapped = {name for row in rows for name in row.partition("  ")[0].split()}

    assert {name for name, told in opening.items() if not told.startswith("`grader ")} <= mapped <= set(opening)


SHARED_BY_CHECKS = tuple(
    f"grader.checks.{name}"
    for name in (
        "asking",
        "banned",
        "descending",
        "doubts",
        "filled",
        "hyperparameters",
        "layouts",
        "module_answers",
        "picturing",
        "trainings",
    )
)


def test_a_check_imports_no_other_check() -> None:
    problems = [
        each
        for each in GRADER
        if each.file.startswith("checks/")
        and each.file != "checks/__init__.py"
        and each.module.startswith("grader.checks.")
        and not each.module.startswith(SHARED_BY_CHECKS)
    ]

    assert not problems, listed(problems)


# ---- one door per third party ----------------------------------------------------------------------------------------


def test_third_parties_come_in_by_their_doors() -> None:
    doors = {**DOORS, **STANDARD_DOORS}
    problems = [
        each
        for each in GRADER
        if (top := each.module.split(".")[0]) != "grader"
        and (top in doors or top not in sys.stdlib_module_names)
        and not each.file.startswith(doors.get(top, ()))
    ]

    assert not problems, listed(problems)


def test_every_door_leads_somewhere() -> None:
    for name, places in {**DOORS, **STANDARD_DOORS}.items():
        assert all((ROOT / "grader" / place).exists() for place in places), name


# ---- what runs beside a student's code -------------------------------------------------------------------------------


def test_what_is_in_the_sandbox_needs_nothing_that_is_not() -> None:
    allowed = ("grader.probes", "grader.kernel.channel", "grader.kernel.wire", "grader.kernel.inside")
    problems = [
        each
        for each in GRADER
        if each.file.startswith(tuple(INSIDE))
        and each.module.split(".")[0] == "grader"
        and each.module != "grader"
        and (own(each.file), component(each.module)) not in UPWARD  # the kernel replaces it before a cell runs
        and not f"{each.module}.".startswith(tuple(f"{name}." for name in allowed))
    ]

    assert not problems, listed(problems)


def test_what_is_in_the_sandbox_exists() -> None:
    assert all((ROOT / "grader" / name).exists() for name in INSIDE)


def test_only_what_runs_in_the_sandbox_runs_text() -> None:
    problems = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files(ROOT / "grader")
        if "inside" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
    ]

    assert not problems


def test_nothing_is_ever_unpickled() -> None:
    unpicklers = [each for each in GRADER if each.module.split(".")[0] in UNPICKLERS]
    loaders = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in files(ROOT / "grader")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in LOADERS
    ]
    by_name = [each for each in GRADER if each.module in {"torch.load", "numpy.load"}]

    assert not unpicklers, listed(unpicklers)
    assert not loaders
    assert not by_name, listed(by_name)


def test_the_reference_knows_nothing_of_the_grader() -> None:
    reference = [each for path in files(ROOT / "reference") for each in imports(path, ROOT / "reference")]
    problems = [each for each in reference if each.module.split(".")[0] in ("grader", "tests")]

    assert len(reference) > 10
    assert not problems, listed(problems)


def test_the_grader_names_no_reference() -> None:
    problems = [each for each in GRADER if each.module.split(".")[0] in ("reference", "tests")]

    assert not problems, listed(problems)


# ---- what starts in an instant ---------------------------------------------------------------------------------------


def below(package: str) -> list[str]:
    """The full names of a part's modules."""
    folder = ROOT / "grader" / package
    paths = files(folder) if folder.is_dir() else [folder.with_suffix(".py")]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]


LIGHT = [
    name
    for part in ("cli", "gradebook", "exports", "reports", "reviewing", "rubric", "submissions")
    for name in below(part)
]


@pytest.mark.parametrize("heavy", ["torch", "numpy", "IPython", "ray"])
def test_commands_that_run_nothing_import_nothing_heavy(heavy: str, light: set[str]) -> None:
    assert heavy not in light


@pytest.fixture(scope="module")
def light() -> set[str]:
    """Everything that is imported with the modules of commands that run nothing."""
    code = f"import sys, {', '.join(LIGHT)}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stdout.split())
