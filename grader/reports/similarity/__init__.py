"""The page of `grader similar`: groups and pairs of students with what they share side by side; for a person."""

from grader.reports.similarity.page import page

__all__ = ["page"]
