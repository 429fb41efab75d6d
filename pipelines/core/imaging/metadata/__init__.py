"""What a picture file says beside its pixels: what its samples mean, and what a picture made from it says too."""
