"""Turn the sources of the example homework, and of the lab in lab/, into the notebooks that students hand in.

    sources/ada.py        ->  submissions/ada.ipynb
    sources/grace/7.1.py  ->  submissions/grace/7.1.ipynb
    (drawn here)          ->  submissions/kofi.ipynb, a PDF under a notebook's name
    lab/sources/olga.py   ->  lab/submissions/olga.ipynb

A source is a notebook in the percent format. Its first line names the program that saved the notebook:

    # notebook: colab
    # %% [markdown]
    # ## 7.2 Convolutions
    # %%
    print(corr2d(X, K).shape)
    #> torch.Size([2, 2])      the output that the student saw: `#>` stdout, `#!` stderr, `#=` the cell's value

Run `python examples/build.py` after changing a source, `python examples/build.py --check` to see whether that was done.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import Any

import nbformat

HERE = Path(__file__).parent
HEADER = "# notebook: "
MARKER = "# %%"
OUTPUT_MARKS = ("#>", "#!", "#=")


@dataclass(frozen=True, slots=True)
class Program:
    """What saved a notebook, as far as it shows in the file."""

    minor: int  # nbformat 4.minor; cell ids exist from 4.5 on
    counts: bool  # whether executed cells carry their number
    metadata: dict[str, Any]


KERNEL = {"name": "python3", "display_name": "Python 3"}
PROGRAMS = {
    "colab": Program(
        minor=0,
        counts=False,
        metadata={
            "accelerator": "GPU",
            "colab": {"gpuType": "T4", "provenance": []},
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
        },
    ),
    "jupyter": Program(
        minor=5,
        counts=True,
        metadata={"kernelspec": {**KERNEL, "language": "python"}, "language_info": {"name": "python"}},
    ),
    "vscode": Program(
        minor=2,
        counts=True,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "cnn-course", "language": "python"},
            "language_info": {"name": "python", "version": "3.10.12"},
            "orig_nbformat": 4,
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a source; `outputs` are (mark, text) pairs."""

    kind: str  # code, markdown
    source: str
    outputs: tuple[tuple[str, str], ...] = ()


def read_cells(text: str) -> Iterator[Cell]:
    """Split a percent-format source, without its header line, into cells."""
    for block in f"\n{text}".split(f"\n{MARKER}")[1:]:
        title, _, body = block.partition("\n")
        lines = body.strip("\n").splitlines()
        if "[markdown]" in title:
            yield Cell("markdown", "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines))
            continue
        code = [line for line in lines if not line.startswith(OUTPUT_MARKS)]
        marked = [(line[:2], line[2:].removeprefix(" ")) for line in lines if line.startswith(OUTPUT_MARKS)]
        outputs = tuple(
            (mark, "\n".join(shown for _, shown in run)) for mark, run in groupby(marked, key=lambda pair: pair[0])
        )
        yield Cell("code", "\n".join(code).strip("\n"), outputs)


def output(mark: str, text: str, number: int | None) -> dict[str, Any]:
    """One stored output."""
    if mark == "#=":
        shown = {"text/plain": text.splitlines(keepends=True)}
        return {"output_type": "execute_result", "data": shown, "metadata": {}, "execution_count": number}
    stream = "stdout" if mark == "#>" else "stderr"
    return {"output_type": "stream", "name": stream, "text": f"{text}\n".splitlines(keepends=True)}


def notebook(source: str) -> dict[str, Any]:
    """The notebook of one source; the same source always gives the same notebook."""
    header, _, text = source.partition("\n")
    program = PROGRAMS[header.removeprefix(HEADER)]
    cells: list[dict[str, Any]] = []
    executed = count(1)
    for position, cell in enumerate(read_cells(text), start=1):
        name = hashlib.sha256(f"{position} {cell.source}".encode()).hexdigest()[:12]
        node: dict[str, Any] = {"cell_type": cell.kind, "metadata": {}}
        if program.minor >= 5:
            node["id"] = name
        elif "colab" in program.metadata:
            node["metadata"]["id"] = name
        node["source"] = cell.source.splitlines(keepends=True)
        if cell.kind == "code":
            node["execution_count"] = next(executed) if program.counts else None
            node["outputs"] = [output(mark, shown, node["execution_count"]) for mark, shown in cell.outputs]
        cells.append(node)
    built = {"cells": cells, "metadata": program.metadata, "nbformat": 4, "nbformat_minor": program.minor}
    nbformat.validate(built)
    return built


def one_page_pdf(line: str) -> bytes:
    """A PDF that shows one line of text."""
    stream = f"BT /F1 18 Tf 60 740 Td ({line}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    document = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, entries)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(document))
    return document + table + trailer


def submissions(assignment: Path) -> dict[Path, bytes]:
    """Every file that belongs below an assignment's submissions/, by its whole path."""
    sources, files = assignment / "sources", {}
    if assignment == HERE:
        files[HERE / "submissions/kofi.ipynb"] = one_page_pdf("HW2 - Kofi - printed from the browser")
    for path in sorted(sources.rglob("*.py")):
        built = json.dumps(notebook(path.read_text(encoding="utf-8")), ensure_ascii=False, indent=1)
        target = assignment / "submissions" / path.relative_to(sources).with_suffix(".ipynb")
        files[target] = f"{built}\n".encode()
    return files


def main(arguments: list[str]) -> int:
    """Write the submissions, or only compare them when asked to `--check`."""
    expected = {**submissions(HERE), **submissions(HERE / "lab")}
    if "--check" in arguments:
        folders = (HERE / "submissions", HERE / "lab/submissions")
        present = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
        stale = {path for path in present & expected.keys() if path.read_bytes() != expected[path]}
        wrong = sorted(path.relative_to(HERE) for path in stale | (present ^ expected.keys()))
        print("\n".join(f"{path} does not fit its source" for path in wrong) or "all up to date")
        return 1 if wrong else 0
    for path, content in expected.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(expected)} files written below {HERE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
