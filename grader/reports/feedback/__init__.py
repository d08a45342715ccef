"""The feedback page of one student: a pure function from a stored grade to one self-contained HTML file.

    GradeRow --view--> plain values in the reader's language --templates/page.html--> text

What students wrote (names, lines, answers) is made visible in `view` and escaped in the template; the page holds no
script, asks for nothing from anywhere, and says so in its content security policy.
"""

from grader.reports.feedback.page import page as page
