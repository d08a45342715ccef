"""The page on which people read written answers, correct marks and answer requests; imported by `commands` alone.

classroom   the class as the gradebook has it now, kept in memory and brought in step
views       what the pages show, as plain values
markdown    what students wrote, as HTML that can do nothing
deeds       what somebody did on a page, as decisions in the gradebook
guarding    who may ask for pages at all
app         which address shows what
serving     the web server of one person on this machine
"""
