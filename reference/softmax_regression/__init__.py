"""The reference of Softmax regression from scratch.

solutions         the right answers, under the names that rubric.yaml asks for
inputs            seeded generators of arguments, under the names in the rubric's `inputs:` options
misconceptions    wrong versions that students write, by target; the docstring is what the student reads
equivalents       changes of the solutions that make no difference, each with the reason
styles/           right solutions as other people write them, each a notebook in the percent format

Where an item builds on another one's function, `stand_ins.py` may hold a right one for students whose own is wrong.
"""
