"""The page that students find beside their notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_PAGE: Final = """\
# {title}

Fill in {notebooks}. You can see for yourself what is not right yet, as often as you like and before you hand in.

## Install

You need Python 3.11 or newer, then in this folder:

```
pip install {package}
```

PyTorch comes along where it is not installed yet, which is a large download. If pip refuses because the environment is
managed externally, make one of your own first, and start Jupyter from it: `python3 -m venv .venv`, then
`source .venv/bin/activate` (on Windows `.venv\\Scripts\\activate`).

On Colab: upload `{name}.zip`, and run this in the first cell of the notebook:

```
!unzip -qo {name}.zip && cp -r {name}/vectors . && pip install -q {there}
```

## Check your notebook

In the notebook, after a definition:

```python
from grader import check

{checks}
```

or in a terminal of Linux (on Windows: of WSL), in this folder:

```
grader check {notebook}
grader check {notebook} {words}
grader check {notebook} --watch
grader check .
```

The last line checks all notebooks of this folder together; sections that you have not begun do not count. With
`--watch` a notebook is checked again whenever you save, until you press Ctrl-C.

Keep the folder `vectors/` beside the notebooks: the check finds there what it asks and what is right. It needs no
internet, and nothing you write leaves your computer.

This check asks public cases and gives no marks: hidden cases run after you hand in.
"""
_LATER: Final = "\nJudged after you hand in: {later}.\n"


def page(
    title: str,
    *,
    name: str,
    notebooks: Sequence[str],
    package: str,
    target: str,
    section: str,
    later: str,
) -> str:
    """The page, in Markdown.

    Args:
        title: of the assignment.
        name: of the assignment and so of the zip.
        notebooks: file names.
        package: what pip is to install, a wheel among the files or a requirement.
        target: a name that can be checked, as an example; "" where there is none.
        section: one that can be checked, as an example.
        later: what is judged only after handing in; "" for nothing.
    """
    calls = [(f"check({target})", "one function or class")] if target else []
    calls += [(f'check("{section}")', "a section"), ("check()", "everything so far")]
    page = _PAGE.format(
        title=title,
        name=name,
        notebooks=_listed([f"`{each}`" for each in notebooks]),
        notebook=_quoted(notebooks[0]),
        package=package,
        there=f"{name}/{package}" if package.endswith(".whl") else package,
        checks="\n".join(f"{call:<22} # {what}" for call, what in calls),
        words=" ".join(filter(None, (target, section))),
    )
    return page + (_LATER.format(later=later) if later else "")


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
