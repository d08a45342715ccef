"""What other programs read: pure functions from grades to text, and the one way to put text on disk."""
