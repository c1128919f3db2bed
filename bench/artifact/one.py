"""`python -m bench.artifact.one unpack|cache|fetch|boto3 …`: does one of them once, and prints its seconds. Touches files, S3."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sm_ci import artifact
from sm_ci.artifact import Cache, Means

sys.path.append(str(Path(__file__).parent.parent.parent / "tests" / "integration"))


def unpack(archive: str, folder: str) -> float:
    return _timed(lambda: artifact.obtain(archive, Path(), archive, Means(scratch=Path(folder))))


def cache(archive: str, folder: str) -> float:
    def run() -> None:
        with Cache(Path(folder)) as kept:
            artifact.obtain(archive, Path(), archive, Means(scratch=Path(folder), cache=kept))

    return _timed(run)


def fetch(url: str, key: str, secret: str, source: str, folder: str) -> float:
    from standins.s3 import Clients

    means = Means(scratch=Path(folder), clients=Clients(url, key, secret, ""))
    return _timed(lambda: artifact.obtain(source, Path(), source, means))


def boto3(url: str, key: str, secret: str, name: str, folder: str) -> float:
    """As its documentation has it: the transfer manager to a file, and then unpacked."""
    from standins.s3 import Clients

    archive = Path(folder, "model.tar.gz")
    archive.parent.mkdir()

    def run() -> None:
        Clients(url, key, secret, "")("s3").download_file("bench", name, str(archive))
        artifact.obtain(str(archive), Path(), "model", Means(scratch=Path(folder)))

    return _timed(run)


def _timed(run: object) -> float:
    assert callable(run)
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


if __name__ == "__main__":
    print({"unpack": unpack, "cache": cache, "fetch": fetch, "boto3": boto3}[sys.argv[1]](*sys.argv[2:]))  # type: ignore[operator]
