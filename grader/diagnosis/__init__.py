"""What the numbers of wrong answers say, where no misconception of the course fits.

    explain          answers of a function, or the gradients with respect to its arguments
    explain_module   answers of a network module
    explain_exception, about_arguments   an exception's message

The first two look at all cases of an item and give one sentence that is true of every wrong case, or "" where nothing
is sure.
What was observed comes out of the sandbox and may be anything; it is only ever measured, never shown.
"""

from __future__ import annotations

from grader.diagnosis.answers import Case
from grader.diagnosis.exceptions import about_arguments, explain_exception
from grader.diagnosis.functions import explain
from grader.diagnosis.networks import ModuleCase, explain_module

__all__ = ["Case", "ModuleCase", "about_arguments", "explain", "explain_exception", "explain_module"]
