"""A notebook in this process: an IPython shell whose cells can be run one by one, beside a course's files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grader.kernel.inside import answering
from grader.selfcheck import desk
from grader.selfcheck.report import Report

ROOT = Path(__file__).parents[2]
SITE = Path(answering.__file__).parent / "site"  # the book's library
PRELUDE = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\nfrom grader import check"
PROBE_S = 0.5  # what a question may take here


class Notebook:
    """Its cells share names, as those of a notebook do."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.displayed: list[dict[str, Any]] = []
        shell.display_pub.publish = self._published  # type: ignore[method-assign, assignment]

    def run(self, source: str, cell: str = "") -> Any:
        """What the cell ends with; an exception of the cell's is raised."""
        result = self.shell.run_cell(source, store_history=True, silent=False, cell_id=cell or None)
        result.raise_error()
        return result.result

    def check(self, call: str) -> Report:
        found = self.run(f"check({call})")
        assert isinstance(found, Report)
        return found

    def said(self, call: str) -> dict[str, tuple[str, str]]:
        """By item what state it is in, or what its outcome is, and the sentence."""
        return {
            row.item.id: (
                row.finding.outcome.value if row.state == "judged" and row.finding else row.state.value,
                row.finding.message if row.finding else "",
            )
            for row in self.check(call).rows
        }

    def _published(self, data: dict[str, Any], **_: Any) -> None:
        self.displayed.append(data)


@pytest.fixture(scope="session")
def shell() -> Iterator[InteractiveShell]:
    main = sys.modules["__main__"]
    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell.instance(config=config, colors="nocolor")
    sys.modules["__main__"] = main  # other tests of this process start workers, which look at it
    yield made
    InteractiveShell.clear_instance()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a notebook, in a course that waits less long for an answer than the real one."""
    rubric = (ROOT / "rubric.yaml").read_text(encoding="utf-8")
    (tmp_path / "rubric.yaml").write_text(rubric.replace("probe_s: 10", f"probe_s: {PROBE_S}"), encoding="utf-8")
    (tmp_path / "reference").symlink_to(ROOT / "reference")
    made = tmp_path / "assignments" / "hw2-cnn"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def notebook(shell: InteractiveShell, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(SITE)
    monkeypatch.setitem(sys.modules, "__main__", shell.user_module)
    monkeypatch.setattr(shell.display_pub, "publish", shell.display_pub.publish)
    shell.reset(new_session=True)
    desk._desks.clear()
    made = Notebook(shell)
    made.run(PRELUDE)
    yield made
    shell.events.callbacks["post_run_cell"] = []
    desk._followed.clear()


def sources(path: Path) -> list[str]:
    """The code cells of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
