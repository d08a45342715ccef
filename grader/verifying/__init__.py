"""The rubric tests itself: right code earns everything, wrong code nothing."""
