"""The Docker engine: images, containers, networks, and what of them is ours. The only importer of the Docker SDK."""
