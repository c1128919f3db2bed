"""Newer images: which there are, which pass, and the files that name them. Touches registries and files."""
