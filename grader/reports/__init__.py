"""What people read: pure functions from grades to tables and pages."""
