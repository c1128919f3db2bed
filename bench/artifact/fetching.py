"""From S3 into a folder, against the same server's raw speed, boto3 and the AWS CLI. Touches processes and S3.

The server is rclone's, on this machine, with the same cores: figures are of our own cost, not of a network. The AWS CLI
is measured where `aws` is found.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.artifact.models import Models
from bench.artifact.timing import Turn, in_turns, middle, ours, ratio, theirs
from bench.overhead.measuring import Figure, say

TIMES = 5
STREAMS = 8


def measure(made: Models) -> list[Figure]:
    sys.path.append(str(Path(__file__).parent.parent.parent / "tests" / "integration"))
    from standins.s3 import S3

    with S3(made.root / "s3") as server:
        bucket = server.folder / "bench"
        bucket.mkdir()
        shutil.copy(made.weights, bucket / "weights.tar.gz")
        shutil.copytree(made.root / "weights", bucket / "weights")
        login = (server.url, server.key, server.secret)
        environ = f"export AWS_ACCESS_KEY_ID={server.key} AWS_SECRET_ACCESS_KEY={server.secret} AWS_REGION=us-east-1"
        return [
            *_archive(made, login, environ, (bucket / "weights.tar.gz").stat().st_size),
            *_prefix(made, login),
        ]


def _archive(made: Models, login: tuple[str, str, str], environ: str, size: int) -> list[Figure]:
    say("fetching and unpacking an archive")
    url = _url(login, "weights.tar.gz")
    step = -(-size // STREAMS)
    ranges = " ".join(f"{start}-{start + step - 1}" for start in range(0, size, step))
    runs: dict[str, Callable[[], Turn]] = {
        "curl": partial(theirs, made.root, f"curl -sf -o $OUT/m '{url}'"),
        f"curl x{STREAMS}": partial(
            theirs, made.root, f"for r in {ranges}; do curl -sf -r $r -o $OUT/m$r '{url}' & done; wait"
        ),
        "curl, tar": partial(theirs, made.root, f"curl -sf '{url}' | tar -xzf - -C $OUT"),
        "boto3": partial(ours, made.root, "boto3", *login, "weights.tar.gz"),
        "sm-ci": partial(ours, made.root, "fetch", *login, "s3://bench/weights.tar.gz"),
    }
    if aws := shutil.which("aws"):
        copy = f"{environ}; {aws} s3 cp --quiet --endpoint-url {login[0]} s3://bench/weights.tar.gz $OUT/m.tar.gz"
        runs["aws s3 cp"] = partial(theirs, made.root, copy)
        runs["aws s3 cp, tar"] = partial(theirs, made.root, f"{copy}; tar -xzf $OUT/m.tar.gz -C $OUT")
    turns = in_turns(TIMES, runs)
    best = turns["sm-ci"]
    what = "512 MB of weights as s3://….tar.gz, in their folder, against"
    compared = [
        ("`curl | tar -xzf -`", "curl, tar", 0.6),
        ("boto3's `download_file`, then our unpacking", "boto3", 1.0),
        ("`aws s3 cp`, then `tar -xzf`", "aws s3 cp, tar", 0.5),
        ("`aws s3 cp` alone", "aws s3 cp", None),
        ("curl alone, one stream", "curl", None),
        (f"curl alone, {STREAMS} streams", f"curl x{STREAMS}", None),
    ]
    figures = [
        Figure(
            what=f"{what} {name}",
            value=ratio(best, turns[key]),
            unit="×",
            target=target,
            note=f"median of {TIMES}: {middle(best):.2f} s, {middle(turns[key]):.2f} s",
        )
        for name, key, target in compared
        if key in turns
    ]
    peak = max(turn.peak for turn in best)
    return [
        *figures,
        Figure(what="memory while fetching, at its peak", value=peak / 2**20, unit="MiB", digits=0, target=150),
    ]


def _prefix(made: Models, login: tuple[str, str, str]) -> list[Figure]:
    say("fetching a prefix")
    url = _url(login, "weights/weights.bin")
    turns = in_turns(
        TIMES,
        {
            "curl": partial(theirs, made.root, f"curl -sf -o $OUT/m '{url}'"),
            "sm-ci": partial(ours, made.root, "fetch", *login, "s3://bench/weights/"),
        },
    )
    return [
        Figure(
            what="512 MB of weights as s3://…/, with their MD5 checked, against curl alone, one stream",
            value=ratio(turns["sm-ci"], turns["curl"]),
            unit="×",
            note=f"median of {TIMES}: {middle(turns['sm-ci']):.2f} s, {middle(turns['curl']):.2f} s",
        )
    ]


def _url(login: tuple[str, str, str], key: str) -> str:
    """Signed, so that anything can read it."""
    from botocore.config import Config
    from standins.s3 import Clients

    client = Clients(*login, "")("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    return str(client.generate_presigned_url("get_object", Params={"Bucket": "bench", "Key": key}, ExpiresIn=86400))
