"""TIFF taken apart: what its directories say, its strips unpacked, its samples given their meaning."""
