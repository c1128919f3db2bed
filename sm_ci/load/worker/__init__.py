"""The load generator's process: the plan on stdin, frames on stdout. The only asyncio in the house.

One process and one thread, raw sockets with keep-alive, httptools and uvloop: what it needs for a request is what wrk needs,
give or take (bench/load), so that it measures the container and not itself.
"""
