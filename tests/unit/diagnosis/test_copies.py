"""Where in the build's folder a file of the image came from, by its Dockerfile."""

import pytest

from sm_ci.diagnosis import sources

DOCKERFILE = """# syntax=docker/dockerfile:1
FROM python:3.11 AS build
COPY other /opt/program
FROM scratch
WORKDIR /srv
COPY --from=build /opt/program /opt/program
COPY --chown=1:1 --chmod=755 docker/serve /usr/local/bin/
COPY src/ ./app/
copy a.py b.py \\
     # a comment between
     lib/c.py tools/
ADD ["with space/model.py", "/srv/vendored/predictor.py"]
COPY *.py /patterns/
COPY . /opt/all
COPY $DIR/x.py /opt/variable/
ADD https://example.com/y.py /opt/net/
COPY ../up.py /opt/up/
WORKDIR sub
COPY z.py .
COPY [broken
COPY late/a.py /srv/tools/a.py
"""


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("/usr/local/bin/serve", ["docker/serve", "docker/serve/serve"]),
        ("/srv/app/x/model.py", ["src/x/model.py"]),
        ("/srv/app/model.py", ["src/model.py"]),
        ("/srv/tools/c.py", ["lib/c.py", "lib/c.py/c.py", "b.py/c.py", "a.py/c.py"]),
        ("/srv/tools/a.py", ["late/a.py", "lib/c.py/a.py", "b.py/a.py", "a.py", "a.py/a.py"]),
        ("/srv/vendored/predictor.py", ["with space/model.py"]),
        ("/patterns/d.py", ["d.py"]),
        ("/patterns/d.txt", []),
        ("/opt/all/app/model.py", ["app/model.py"]),
        ("/srv/sub/z.py", ["z.py", "z.py/z.py"]),
        ("/opt/program/x.py", ["other/x.py"]),
        ("/opt/variable/x.py", []),
        ("/opt/net/y.py", []),
        ("/opt/up/up.py", []),
        ("/elsewhere/x.py", []),
    ],
)
def test_the_paths_that_a_file_may_have_come_from(file: str, found: list[str]) -> None:
    assert list(sources(DOCKERFILE, file)) == found
