"""The same names once more, for whoever imports them from here."""

from tqdm import tnrange, tqdm, tqdm_notebook, trange

__all__ = ["tnrange", "tqdm", "tqdm_notebook", "trange"]
