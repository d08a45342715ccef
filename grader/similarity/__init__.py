"""Which submissions share code that nothing explains: pure functions of text; nothing is executed, nothing marked.

definitions   submission --> functions and classes, each with its lines
tokens        definition --> what it does, without names of its own, comments and layout
fingerprints  tokens --> hashes of short runs of them
comparing     class --> pairs of students who share what few others have, and the groups that they make
"""

from grader.similarity.comparing import Compared, Match, Pair, Work, compare
from grader.similarity.definitions import Definition, definitions_of, in_text

__all__ = ["Compared", "Definition", "Match", "Pair", "Work", "compare", "definitions_of", "in_text"]
