"""The class report of one assignment: a pure function from all grades to one self-contained HTML file for instructors.

    rows, marks, arrivals --figures, mistakes, attention, learning--> plain values --view--> templates/page.html

Every count of students is a link to those behind it: `groups` numbers their lists. With script a link filters the
table of students (templates/table.js, allowed by its hash); without one it leads to the list. What students wrote is
made visible in `view` and escaped in the template.
"""

from grader.reports.classroom.given import Class as Class
from grader.reports.classroom.page import page as page
