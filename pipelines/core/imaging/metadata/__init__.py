"""What a picture file says beside its pixels, as far as a picture made from it says it too."""
