"""What a pull by sm-ci takes beside `docker pull`, and how soon after it the container starts beside `docker run`."""
