"""An assignment as text: what an instructor starts from, and what students receive of it; nothing here runs any code.

stubs        the text of a reference -> what students see of each definition
cells        the cells of a student's notebook; its stub cells brought in step with the reference
scaffold     the files of a new assignment, with a small component as an example
"""
