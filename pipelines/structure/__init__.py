"""What the regions of a drawing are to each other: which encloses which, letters, panels of a comic."""
