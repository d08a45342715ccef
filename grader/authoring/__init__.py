"""An assignment as text: what an instructor starts from, and what students receive of it; nothing here runs any code.

stubs        the text of a reference -> what students see of each definition
cells        the cells of a student's notebook; its stub cells brought in step with the reference
scaffold     the files of a new assignment, with a small component as an example
masters      a master notebook of nbgrader or otter-assign as parts that say what they are for
sources      the code of these parts, taken apart
converting   a master notebook as the files of an assignment; reviewing writes what a person has to decide
"""
