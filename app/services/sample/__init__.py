"""Sample portfolios: a realistic one to look at, a plain large one to measure with, a file to import."""
