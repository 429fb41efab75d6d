"""What the regions of a drawing are to each other (nesting, letters, panels, folds), and what is asked of them."""
