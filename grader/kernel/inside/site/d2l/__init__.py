"""The d2l that notebooks import in the sandbox: the part of the book's library that chapters 3 to 8 use.

Written for the grader, with the behaviour of d2l 1.0.3, which cannot be installed beside a current torch. It differs
on purpose in four things: plots are recorded and not drawn, data come from this machine, no worker processes are
started, and `Trainer.fit` obeys the session's limit of optimisation steps.
"""

__version__ = "1.0.3"  # the release whose behaviour this follows
