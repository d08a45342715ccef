"""An .ipynb file as the rest of the grader needs it; nothing here executes anything.

cells       .ipynb bytes -> Notebook, however damaged the file is
statements  a cell's logical lines, whether or not they are Python; the cells that are another language
neutral     a cell without what installs, downloads or mounts
names       what a cell defines, and its syntax error
imports     the names that a notebook uses and never binds
writing     the written answer of a section
drawings    the pictures in it
carrying    data that is brought along
recipes     by which hyper-parameters it trains a class
calls       what a definition calls: bindings and meanings tell what its names and expressions stand for
"""

from grader.notebook.calls import Call, calls
from grader.notebook.carrying import carried
from grader.notebook.cells import MOST_LEGIBLE, Cell, Notebook, UnreadableNotebook, effort, read
from grader.notebook.imports import unimported
from grader.notebook.names import definitions, python_of, syntax_error
from grader.notebook.neutral import neutralised
from grader.notebook.recipes import Recipe, recipes
from grader.notebook.statements import PARSE_ERRORS, parsed
from grader.notebook.writing import discussion, pictures, text_lines

__all__ = [
    "MOST_LEGIBLE",
    "PARSE_ERRORS",
    "Call",
    "Cell",
    "Notebook",
    "Recipe",
    "UnreadableNotebook",
    "calls",
    "carried",
    "definitions",
    "discussion",
    "effort",
    "neutralised",
    "parsed",
    "pictures",
    "python_of",
    "read",
    "recipes",
    "syntax_error",
    "text_lines",
    "unimported",
]
