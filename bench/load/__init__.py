"""What the load generator costs, beside wrk, Locust and requests, against one nginx worker on loopback."""
