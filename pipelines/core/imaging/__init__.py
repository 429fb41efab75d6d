"""Pictures in memory and in files: decoding, colours, line art, compositing, layers."""
