"""Notebooks as students save them: damaged files, shell lines, definitions and written answers."""

import ast
import json
from collections.abc import Callable, Sequence
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import submissions
from grader.notebook import (
    Cell,
    Notebook,
    UnreadableNotebook,
    definitions,
    discussion,
    neutralised,
    read,
    syntax_error,
    text_lines,
    unimported,
)
from grader.notebook.statements import statements
from grader.records import SourceFile


def file(root: Any, name: str = "hw2.ipynb") -> SourceFile:
    return SourceFile(name, json.dumps(root).encode())


def markdown(*sources: str, name: str = "hw2.ipynb") -> Notebook:
    """Markdown cells, with a code cell where a source is "[code]"."""
    cells = [
        Cell(number, "code" if source == "[code]" else "markdown", source) for number, source in enumerate(sources, 1)
    ]
    return Notebook(name, tuple(cells))


# ---- reading


def test_cells_keep_their_number_when_others_are_left_out() -> None:
    root = {
        "cells": [
            {"cell_type": "slide", "source": "x"},
            {"cell_type": "code", "source": ["a = 1\n", "b = 2"], "outputs": [{"data": "large"}]},
            {"cell_type": "markdown", "source": "text"},
        ]
    }

    assert read(file(root)).cells == (Cell(2, "code", "a = 1\nb = 2"), Cell(3, "markdown", "text"))
    assert read(file(root)).code == (Cell(2, "code", "a = 1\nb = 2"),)


@pytest.mark.parametrize(
    ("cell", "source"),
    [
        ({"cell_type": "code"}, ""),
        ({"cell_type": "code", "source": None}, ""),
        ({"cell_type": "code", "source": 7}, ""),
        ({"cell_type": "code", "source": ["x", None, 3, "y"]}, "xy"),
        ({"cell_type": "code", "source": "a\r\nb\rc"}, "a\nb\nc"),
        ({"cell_type": "code", "source": "\ufeffa = 1"}, "a = 1"),
        ({"cell_type": "code", "source": "a = '\ud800'"}, "a = '?'"),
        ({"cell_type": "code", "source": "x", "id": "same", "metadata": None, "outputs": 3}, "x"),
    ],
)
def test_a_damaged_cell_is_read_as_far_as_it_goes(cell: dict[str, Any], source: str) -> None:
    assert read(file({"cells": [cell]})).code == (Cell(1, "code", source),)


@pytest.mark.parametrize("cell", [None, 3, [], "code", {}, {"cell_type": None}, {"cell_type": ["code"]}])
def test_what_is_no_cell_is_passed_over(cell: Any) -> None:
    root = {"cells": [cell, {"cell_type": "code", "source": "x"}], "nbformat": 99}

    assert read(file(root)).cells == (Cell(2, "code", "x"),)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_any_unicode_encoding_is_read(encoding: str) -> None:
    text = json.dumps({"cells": [{"cell_type": "markdown", "source": "토론"}]}, ensure_ascii=False)

    assert read(SourceFile("a.ipynb", text.encode(encoding))).cells == (Cell(1, "markdown", "토론"),)


def test_format_3_is_read_as_nbformat_upgrades_it() -> None:
    v3: Any = nbformat.v3  # nbformat is not annotated
    convert: Any = nbformat.convert
    old = v3.new_notebook(
        worksheets=[
            v3.new_worksheet(
                cells=[
                    v3.new_heading_cell("7.2 Convolutions", level=2),
                    v3.new_code_cell("x = 1\ny = 2"),
                    v3.new_text_cell("markdown", "text"),
                ]
            )
        ]
    )
    upgraded = convert(old, 4)

    cells = read(file(old)).cells

    assert [(cell.kind, cell.source) for cell in cells] == [(cell.cell_type, cell.source) for cell in upgraded.cells]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"hw2.ipynb is not valid JSON \(line 1\)\."),
        (b"[" * 100_000, r"hw2.ipynb is not valid JSON\."),
        (b"[]", r"hw2.ipynb is JSON, but it has no notebook cells\."),
        (b'{"cells": {}}', r"hw2.ipynb is JSON, but it has no notebook cells\."),
    ],
)
def test_a_file_that_is_no_notebook_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableNotebook, match=sentence):
        read(SourceFile("hw2.ipynb", content))


def refused(content: bytes) -> bool:
    try:
        read(SourceFile("a.ipynb", content))
    except UnreadableNotebook:
        return True
    return False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["cells", "worksheets", "cell_type", "source", "input", "level", "x"]), inner)
        | st.fixed_dictionaries(
            {"cell_type": st.sampled_from(["code", "markdown", "heading", "raw"])}, optional={"source": inner}
        )
    ),
)


@given(st.binary() | st.binary().map(lambda tail: b'{"cells": [' + tail))
def test_arbitrary_bytes_are_read_or_refused_the_same_at_intake(content: bytes) -> None:
    said = submissions.readable(SourceFile("a.ipynb", content))

    assert refused(content) == bool(said)


@settings(max_examples=100)
@given(JSON | st.fixed_dictionaries({"cells": st.lists(JSON)}) | st.fixed_dictionaries({"worksheets": st.lists(JSON)}))
def test_arbitrary_json_is_read_or_refused_the_same_at_intake(root: Any) -> None:
    content = json.dumps(root).encode()

    assert refused(content) == bool(submissions.readable(SourceFile("a.ipynb", content)))


# ---- shell lines


@pytest.mark.parametrize(
    "line",
    [
        "!pip install d2l==1.0.3",
        "!!pip install d2l",
        "! pip3 install -q d2l",
        "%pip install d2l --no-cache-dir",
        "pip install d2l==1.0.3",
        "pip -q install d2l",
        "uv pip install d2l",
        "uv add d2l",
        "!uv pip install d2l",
        "!python -m pip install d2l",
        "!{sys.executable} -m pip install d2l",
        "!sudo apt-get install graphviz",
        "!conda install -y pytorch",
        "%conda install pytorch",
        "conda install pytorch",
        "!wget https://example.org/a.zip",
        "!gdown 1234",
        "!git clone https://example.org/a.git",
        "!curl -O https://example.org/it's",
        "%cd /content/drive/MyDrive",
        "cd /content/drive/MyDrive",
        "%matplotlib inline",
        "%timeit -n 10 corr2d(X, K)",
        "%config InlineBackend.figure_format = 'retina'",
        "%load_ext autoreload",
        "%autoreload 2",
        "drive.mount('/content/drive', force_remount=True)",
        "google.colab.drive.mount('/content/drive')",
        "files.upload()",
        "!pip install \\\n  d2l \\\n  torch",
        "drive.mount(\n    '/content/drive',\n)",
    ],
)
@pytest.mark.parametrize("indent", ["", "    "])
def test_a_line_that_needs_the_internet_does_nothing_and_keeps_the_line_numbers(line: str, indent: str) -> None:
    source = f"if True:\n{indent or '    '}a = 1\n{indent}{line}\n{indent}b = 2"
    lost = "\n" * line.count("\n")

    assert neutralised(source) == f"if True:\n{indent or '    '}a = 1\n{indent}pass{lost}\n{indent}b = 2"


@pytest.mark.parametrize(
    "source",
    [
        "text = '''\n!pip install d2l\n%cd /content\n'''",
        'def f():\n    """\n    pip install d2l\n    """',
        "text = 'it is' \\\n  '''\n!pip install d2l\n'''",
        "f(r'''\\''' '''\n!pip install d2l\n''')",
        "# !pip install d2l\nx = 1",
        "!ls\n!nvidia-smi",
        "pip = 3\nuv = pip\npip",
        "uv = 1\nuv in [uv]",
        "cd / 2",
        "%time x = 1\n%env A=1",
        "%%bash\npip install d2l\n!pip install d2l",
        "%%writefile setup.sh\n!pip install d2l",
        "files = ['a']\ndrive = 'C:'\nfiles.sort()",
        "x = (\n",
    ],
)
def test_everything_else_stays_as_it_is(source: str) -> None:
    assert neutralised(source) == source


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n 1", "%%prun", "%%capture out", "\n%%capture\n%%time"])
def test_the_body_of_a_timed_or_captured_cell_is_python(magic: str) -> None:
    source = f"{magic}\n!pip install d2l\ndef f():\n    pass"

    python = neutralised(source)

    assert "%" not in python
    assert python.count("\n") == source.count("\n")
    assert python.endswith("\npass\ndef f():\n    pass")
    assert definitions(source) == ("f",)
    compile(python, "<cell>", "exec")


@pytest.mark.parametrize("magic", ["%%capture out", "%%capture --no-stderr out", "  %%capture out --no-display"])
def test_what_a_captured_cell_wrote_can_be_asked_for(magic: str) -> None:
    namespace: dict[str, Any] = {}

    exec(neutralised(f"{magic}\nx = 1").lstrip(), namespace)
    exec("out.show()\nprint(out.stdout)", namespace)

    assert namespace["x"] == 1


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from google.colab import drive", ["drive"]),
        ("from google.colab import drive, files as f", ["drive", "f"]),
        ("from google.colab import (\n    drive,\n    userdata,\n)", ["drive", "userdata"]),
        ("from google import colab", ["colab"]),
        ("from google.colab.patches import cv2_imshow", ["cv2_imshow"]),
        ("import google.colab", ["google"]),
        ("import google.colab.drive as d", ["d"]),
        ("from google.colab import drive; import math", ["drive", "math"]),
        ("from google.colab import *", []),
        ("uploaded = files.upload()", ["uploaded"]),
    ],
)
def test_what_only_colab_has_succeeds_and_binds_its_names(source: str, names: list[str]) -> None:
    namespace: dict[str, Any] = {}

    exec(neutralised(source), namespace)

    assert sorted(set(namespace) - {"__builtins__"}) == sorted(names)
    assert neutralised(source).count("\n") == source.count("\n")


def test_a_mock_of_colab_answers_what_later_cells_ask() -> None:
    namespace: dict[str, Any] = {}

    exec(neutralised("from google.colab import userdata\nkey = userdata.get('KEY')"), namespace)

    assert "key" in namespace


def test_a_notebook_that_asks_whether_it_runs_on_colab_hears_no() -> None:
    namespace: dict[str, Any] = {}
    source = "try:\n    import google.colab\n    on_colab = True\nexcept ImportError:\n    on_colab = False"

    exec(neutralised(source), namespace)

    assert namespace["on_colab"] is False


def test_the_result_of_an_installation_is_empty() -> None:
    assert neutralised("log = !pip install d2l") == "log = []"


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "!pip install x",
            "'''",
            '"""',
            "'",
            '"',
            "(",
            ")",
            "\\",
            "\n",
            "#",
            "%%time",
            "%cd",
            " ",
            "x = 1",
            "drive.mount(1)",
        ]
    )
    | st.text(max_size=3)
).map("".join)


@settings(max_examples=300)
@given(FRAGMENTS)
def test_any_text_survives_and_keeps_its_number_of_lines(source: str) -> None:
    assert "".join(statements(source)) == source
    assert neutralised(source).count("\n") == source.count("\n")
    assert isinstance(definitions(source), tuple)
    syntax_error(source)


@pytest.mark.parametrize("module", [ast, json, nbformat, submissions], ids=lambda module: str(module.__name__))
def test_real_python_is_cut_where_python_cuts_it(module: Any) -> None:
    with open(module.__file__, encoding="utf-8") as opened:
        source = opened.read()
    starts = {node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)}

    line, cut = 1, set()
    for statement in statements(source):
        cut.add(line)
        line += statement.count("\n")

    assert starts <= cut
    assert neutralised(source) == source


# ---- definitions and syntax errors


def test_definitions_are_found_at_the_top_level_and_in_its_blocks() -> None:
    source = """
!pip install d2l
files = !ls
nn.Conv2d?
def f():
    def inner(): pass
class A:
    def method(self): pass
if True:
    def g(): pass
else:
    class B: pass
try:
    async def h(): pass
except ImportError:
    def i(): pass
with open("x") as x:
    @d2l.add_to_class(A)
    def j(self): pass
def f(): pass
"""

    assert definitions(source) == ("f", "A", "g", "B", "h", "i", "j")


@pytest.mark.parametrize(
    "source", ["def f(:\n  pass", "%%bash\ndef f(): pass", "\0", "-" * 100_000 + "1", "x = f(lambda: 0)"]
)
def test_a_cell_that_does_not_parse_defines_nothing(source: str) -> None:
    assert definitions(source) == ()


def test_prompts_that_were_pasted_with_the_code_are_understood() -> None:
    assert definitions(">>> def f():\n...     pass") == ("f",)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = = 1", 1),
        ("\n\n  \nx = = 1", 4),
        ("!pip install d2l\n\n%time f()\nx = = 1", 4),
        ("%%time\nx = 1\nx = = 1", 3),
        ("x = 1\nreturn x", 2),
        ("x = '''", 1),
    ],
)
def test_a_syntax_error_is_found_on_the_students_own_line(source: str, line: int) -> None:
    error = syntax_error(source)

    assert error is not None
    assert error[0] == line and error[1]


@pytest.mark.parametrize(
    "source", ["", "!ls\npip install d2l", "await f()", "%%bash\nif [", "f?", "x = '\\d'", "x is 1"]
)
def test_what_ipython_runs_is_no_syntax_error(source: str) -> None:
    assert syntax_error(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "!pip install d2l\n" * 20_000,
        "a[0] = !ls\n" * 2_000,
        '"\\' * 100_000,
        '"""\\' * 100_000,
        "drive.(" * 20_000,
        "if a: pass\n" + "elif a: pass\n" * 3_000,
    ],
    ids=["installs", "captures", "quotes", "triple quotes", "brackets", "elif"],
)
@pytest.mark.timeout(60)  # a reading that goes over the cell again for each line takes hours
def test_a_cell_made_to_annoy_takes_no_minutes(source: str) -> None:
    for look in (neutralised, definitions, syntax_error):
        asked: Callable[[str], object] = look
        assert isinstance(asked(source), str | tuple | None)


@pytest.mark.parametrize(
    "cell", ["x = 1\n" * 40_000, "a.b;" * 60_000, "x = (" + "1," * 120_000 + ")", f"f'{'{x}' * 60_000}'"]
)
@pytest.mark.timeout(60)  # looked into as a whole, megabytes of this take minutes and gigabytes
def test_a_notebook_made_to_annoy_is_looked_into_only_so_far(cell: str) -> None:
    cells = [{"cell_type": "code", "source": source} for source in (*[cell] * 30, "def f(X): return torch.ones(X)")]

    notebook = read(file({"cells": cells}))

    assert [each.number for each in notebook.legible] == [31]
    assert [each.number for each in notebook.code] == list(range(1, 32))
    assert definitions(cell) == ()
    assert unimported(notebook, ("torch",)) == ("torch",)


def test_only_so_many_small_cells_are_looked_into() -> None:
    cells = [{"cell_type": "code", "source": ""}] * 5_000

    notebook = read(file({"cells": cells}))

    assert len(notebook.legible) == 4_000


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([{"cell_type": "code"}] * 5_001, r"has 5001 code cells; at most 5000 are run\."),
        ([{"cell_type": "code", "source": "x" * (6 << 20)}] * 2, r"has more than 10 MB of code\."),
    ],
    ids=["cells", "code"],
)
def test_more_than_anybody_writes_is_refused(cells: list[dict[str, str]], sentence: str) -> None:
    with pytest.raises(UnreadableNotebook, match=sentence):
        read(file({"cells": cells}))


def test_of_very_long_text_only_the_beginning_is_searched_for_an_answer() -> None:
    early, late = "## 7.2\n### Discussion\nearly", "\n## 7.3\n### Discussion\nlate"
    cells = [{"cell_type": "markdown", "source": early + "\n" * 60_000 + late}]

    notebook = read(file({"cells": cells}))

    assert (discussion([notebook], "7.2"), discussion([notebook], "7.3")) == ("early", "")


def test_text_below_very_long_text_is_no_answer() -> None:
    long = "## 7.2\n### Discussion\nearly" + "\n" * 60_000
    cells = [{"cell_type": "markdown", "source": each} for each in (long, "## 7.3\n### Discussion\nlate")]

    notebook = read(file({"cells": cells}))

    assert (discussion([notebook], "7.2"), discussion([notebook], "7.3")) == ("early", "")


# ---- forgotten imports

PRELUDE = ("torch", "nn", "F", "d2l")


def code(*sources: str) -> Notebook:
    return Notebook("hw2.ipynb", tuple(Cell(number, "code", source) for number, source in enumerate(sources, 1)))


@pytest.mark.parametrize(
    ("sources", "lacking"),
    [
        (["X = torch.ones(2)\nF.relu(X)"], ("torch", "F")),
        (["class Net(nn.Module):\n    def forward(self, x):\n        return d2l.relu(x)"], ("nn", "d2l")),
        (["def f(F):\n    return F.relu(1)", "f(lambda nn: nn)"], ()),  # parameters
        (["def f():\n    import torch\n    return torch.ones(1)", "torch.ones(1)"], ("torch",)),
        (["def f():\n    global torch\n    import torch", "torch.ones(1)"], ()),
        (["import torch\nimport torch.nn as nn, torch.nn.functional as F", "nn, F", "d2l"], ("d2l",)),
        (["from torch import nn\nimport d2l.torch", "nn, d2l"], ()),
        (["F = 3", "print(F)"], ()),
        (["F", "for F in range(3):\n    pass"], ()),  # bound below its use
        (["nn.Linear", "from my_layers import *"], ()),
        (["%%time\n!pip install d2l\n%time torch.ones(2)\nx = await nn.f()\nd2l.plot?"], ("nn",)),
        (["%%bash\ntorch", "torch.ones(", "'torch'  # torch"], ()),
        (["[nn for nn in range(3)]\nx.torch = y(F=1)"], ()),
        (["@torch.no_grad()\ndef f(x: nn.Module = F): ..."], ("torch", "nn", "F")),
        ([], ()),
    ],
)
def test_names_that_are_used_and_never_bound_are_told(sources: list[str], lacking: tuple[str, ...]) -> None:
    assert unimported(code(*sources), PRELUDE) == lacking


@settings(max_examples=100)
@given(FRAGMENTS)
def test_any_text_can_be_searched_for_imports(source: str) -> None:
    assert unimported(code(source), ()) == ()


# ---- written answers

STUB = (
    "## 7.2 Convolutions",
    "[code]",
    "The weight ends near (1, −1).",
    "### Discussion 7.2\n\n*Your answer here.*",
    "## 7.3 Padding",
)


@pytest.mark.parametrize(
    "placeholder",
    [
        "<!-- write here -->",
        "*Your answer here.*",
        "_Your answer here._",
        "YOUR ANSWER HERE",
        "여기에 답을 쓰세요.",
        "",
        "---",
    ],
)
def test_an_untouched_discussion_is_empty(placeholder: str) -> None:
    cells = [cell.replace("*Your answer here.*", placeholder) for cell in STUB]

    assert discussion([markdown(*cells)], "7.2") == ""


def test_the_answer_is_what_stands_below_the_discussion_heading() -> None:
    cells = [cell.replace("*Your answer here.*", "It *slides*.\n\nAnd adds.") for cell in STUB]

    assert discussion([markdown(*cells)], "7.2") == "It *slides*.\n\nAnd adds."
    assert discussion([markdown(*cells)], "7.3") == ""


@pytest.mark.parametrize(
    "cells",
    [
        ["## 7.2. Convolutions for Images", "### Discussion\nit slides"],
        ["# 7.2 이미지를 위한 합성곱", "[code]", "### 토론\n\nit slides"],
        ["## §7.2 — convolutions", "## Memo", "it slides"],
        ["## Section 7.2", "### 7.2.7 Exercises", "it slides"],
        ["**7.2 Convolutions**", "**Discussion**", "it slides"],
        ["7.2 Convolutions\n-----", "Memo:\n\nit slides"],
        ["<h2>7.2 Convolutions</h2>", "Discussion: it slides"],
        ["## 7.2 Convolutions", "**Discussion:** it slides"],
        ["## 7.2 Convolutions", "- Take away messages: it slides"],
        ["## 7.2 Convolutions", "[메모]: it slides"],
        ["## 7.2 Convolutions", "### 느낀 점\nit slides"],
        ["## 7.2 Convolutions", "### 연습문제", "[code]", "it slides"],
        ["## 7.2 정리\nit slides"],
        ["## 8.6 ResNet", "### Discussion 7.2", "it slides"],
        ["## 8.6 ResNet", "Discussion 7.2: it slides"],
        ["### Discussion of section 7.2\nit slides", "## Conclusion", "something else"],
        ["## 7.2 Convolutions", "### Discussion: it slides"],
        ["## 7.2 Convolutions", "### Discussion", "it slides", "### 7.2.1 Cross-correlation", "the book says so"],
        ["# 7.2 Convolutions", "Discussion: it slides", "[code]", "the book says so"],
        ["### Discusion 7.2\nit slides"],
        ["### Diskussion 7.2\nit slides"],
        ["### 讨论 7.2\nit slides"],
        ["## 7.2 Convolutions", "### What I've learned\nit slides"],
        ["# Discussions", "**7.1** locality", "**7.2** it slides", "**7.3** borders"],
        ["# My answers\n\n7.1) locality\n\n7.2) it slides\n\n(7.3) borders"],
        ["### Discussion 7.3\n(7.2) it slides\n\n(7.3) borders"],
        ["# Answers\nQ7.1: locality\nQ7.2: it slides"],
        ["## 7.2 Convolutions", "### Discussion", "<!-- a paragraph or two -->\nit slides"],
    ],
)
def test_an_answer_is_found_under_any_kind_of_mark(cells: list[str]) -> None:
    assert discussion([markdown(*cells)], "7.2") == "it slides"


@pytest.mark.parametrize("identifier", ["discussion-7-2", "answer_7.2", "Reflection-7-2"])
@pytest.mark.parametrize("by", ["id", "grade_id"])
@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("it slides", "it slides"),  # the heading was replaced as well
        ("# Kernels\n\nit slides", "Kernels\n\nit slides"),
        ("### Discussion 7.2\n\nit slides", "it slides"),
        ("### Discussion 7.2\n\n*Your answer here.*", ""),
        ("", ""),
    ],
)
def test_the_cell_that_was_handed_out_for_an_answer_is_known_by_its_id(
    identifier: str, by: str, source: str, answer: str
) -> None:
    named = {"id": identifier} if by == "id" else {"id": "3f2a", "metadata": {"nbgrader": {"grade_id": identifier}}}
    cells = [
        {"cell_type": "markdown", "source": "## 7.2 Convolutions\n\nWrite it."},
        {"cell_type": "markdown", "source": source, **named},
        {"cell_type": "markdown", "source": "## 7.3 Padding\n\nWrite it, too."},
    ]

    notebook = read(file({"cells": cells}))

    assert discussion([notebook], "7.2") == answer
    assert discussion([notebook], "7.3") == ""


@pytest.mark.parametrize("names", [{}, {"id": 7}, {"metadata": {"nbgrader": {"grade_id": None}}}, {"metadata": []}])
def test_a_cell_without_a_proper_id_is_text(names: dict[str, Any]) -> None:
    cells = [{"cell_type": "markdown", "source": "### Discussion 7.2\nit slides", **names}]

    assert discussion([read(file({"cells": cells}))], "7.2") == "it slides"


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "raw", "source": "it slides"},
        {"cell_type": "code", "source": "# it slides"},
        {"cell_type": "code", "source": '"""\nit slides\n"""'},
        {"cell_type": "code", "source": "print('it slides')"},
        {"cell_type": "code", "source": "%%markdown\nit slides"},
        {"cell_type": "code", "source": "it slides"},  # nobody made it markdown
    ],
    ids=["raw", "comment", "text", "printed", "magic", "bare"],
)
def test_prose_below_a_mark_is_an_answer_in_whatever_cell(cell: dict[str, str]) -> None:
    cells = [{"cell_type": "markdown", "source": "### Discussion 7.2\n\n*Your answer here.*"}, cell]

    assert discussion([read(file({"cells": cells}))], "7.2") == "it slides"


@pytest.mark.parametrize("source", ["x = 1  # a try", "print(x)", "print('x', x)", "###", "corr2d(X, K)", "", "!ls"])
def test_code_below_a_mark_is_no_answer(source: str) -> None:
    cells = [
        {"cell_type": "markdown", "source": "### Discussion 7.2\n\n*Your answer here.*"},
        {"cell_type": "code", "source": source},
    ]

    assert discussion([read(file({"cells": cells}))], "7.2") == ""


def test_sub_headings_and_code_in_an_answer_stay() -> None:
    answer = "#### First\nsee\n```\n# 7.3 no heading\n### Memo\n```\n\n**Memo**: done"

    assert discussion([markdown("## 7.2 x", "### Discussion\n" + answer)], "7.2") == answer.replace("#### ", "")


@pytest.mark.parametrize(
    "cells",
    [
        ["## 7.2 Convolutions", "A discussion of kernels would fill books."],
        ["## 7.2 Convolutions", "Discuss what changes when the kernel is flipped."],
        ["## 7.2 Convolutions", "### Edges", "They are vertical."],
        ["### Discussion", "Of which section?"],
        ["# Accuracy 7.2", "text"],
    ],
)
def test_unmarked_text_is_no_answer(cells: list[str]) -> None:
    assert discussion([markdown(*cells)], "7.2") == ""


@pytest.mark.parametrize(
    "line",
    ["**Q7.2:** it slides", "7.2) it slides", "(7.2) it slides", "**7.2** it slides", "A7.2: it slides",
     "**Answer to 7.2:** it slides", "Antwort 7.2: it slides", "**7.2 답:** it slides"],
)  # fmt: skip
def test_a_number_with_a_sign_behind_it_marks_an_answer_without_any_heading(line: str) -> None:
    answers = markdown("# Homework", "[code]", line, "[code]", "**7.3:** it steps")

    assert discussion([answers], "7.2") == "it slides"


def test_numbers_within_sentences_and_equations_mark_nothing() -> None:
    cells = ["## 7.5 Pooling", "7.2 seconds is what it took.", "(7.2.1) is an equation.", "Version 7.2: faster"]

    assert discussion([markdown(*cells)], "7.2") == ""


HANDED_OUT = (
    "## 7.2 Convolutions",
    "Write   it.\n\n- by hand",
    "### Discussion 7.2\n\n*Your answer here.*",
    "## 7.3 Stride",
)


@pytest.mark.parametrize(
    "cells",
    [
        ["## 7.2 Convolutions", "Write it.\n\n- by hand", "[code]", "A kernel slides over the image.", "## 7.3 Stride"],
        [
            "## 7.2 Convolutions\n\nWrite it.\nA kernel slides over the image.",
            "## 7.3 Stride",
            "and this is of 7.3, too",
        ],
        [
            "## 7.2 Convolutions",
            "### Discussion 7.2\n\n*Your answer here.*",
            "## 7.2 mine\nA kernel slides over the image.",
        ],
    ],
    ids=["in a cell of its own", "below the text", "below a heading of the student's"],
)
def test_what_was_not_handed_out_is_the_students(cells: list[str]) -> None:
    known = text_lines([markdown(*HANDED_OUT)])

    assert discussion([markdown(*cells)], "7.2", known) == "A kernel slides over the image."


@pytest.mark.parametrize(
    "cells",
    [
        HANDED_OUT,
        ["## 7.2. Convolutions of the book", "A text that stands in the book and was handed out by nobody."],
        ["## 7.2 Convolutions", "done!"],
        ["## 7.3 Stride", "This is what I learned of strides here."],
    ],
    ids=["untouched", "another heading", "a remark", "another section"],
)
def test_nothing_else_is_taken_for_an_answer(cells: Sequence[str]) -> None:
    assert discussion([markdown(*cells)], "7.2", text_lines([markdown(*HANDED_OUT)])) == ""


def test_what_is_marked_as_an_answer_comes_before_what_is_not() -> None:
    cells = ["## 7.2 Convolutions", "I had to restart the kernel here twice.", "### Discussion 7.2\nit slides"]

    assert discussion([markdown(*cells)], "7.2", text_lines([markdown(*HANDED_OUT)])) == "it slides"


@pytest.mark.parametrize("name", ["HW2-7.2.ipynb", "hw2_7_2.ipynb", "ada/7-2 ada.ipynb", "7.2.ipynb"])
def test_a_notebook_named_after_its_section_needs_no_numbered_heading(name: str) -> None:
    notebook = markdown("# Convolutions", "### Discussion\nanswer", name=name)

    assert discussion([notebook], "7.2") == "answer"
    assert discussion([notebook], "2.7") == ""


def test_a_numbered_heading_outweighs_the_file_name() -> None:
    notebook = markdown("# 7.3 Padding", "### Discussion\nanswer", name="7.2.ipynb")

    assert discussion([notebook], "7.2") == ""
    assert discussion([notebook], "7.3") == "answer"


def test_answers_of_several_notebooks_are_joined_and_copies_shown_once() -> None:
    first, second = markdown("### Discussion 7.2\none"), markdown("### Memo 7.2\ntwo")

    assert discussion([first, second, first], "7.2") == "one\n\ntwo"


@given(st.lists(st.text("#*-_:[] 7.2\nDiscussionMemo토론`<h>")), st.text())
def test_any_markdown_can_be_searched(sources: list[str], name: str) -> None:
    assert isinstance(discussion([markdown(*sources, name=name)], "7.2"), str)
