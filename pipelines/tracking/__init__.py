"""The same areas over the frames of a sequence, and their colours."""
