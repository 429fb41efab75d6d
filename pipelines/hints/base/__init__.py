"""What is done with hints whatever found them: combined with those by hand, summed up as a palette."""
