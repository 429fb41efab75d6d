"""What the layer formats are given: a colouring taken apart into layers."""
