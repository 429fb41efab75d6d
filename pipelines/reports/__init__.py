"""Reports: what an evaluation found -> a file to read, to compute with or to look at."""
