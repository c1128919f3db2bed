"""A botocore session that sees a mapping in place of this process's environment."""

import json
import logging
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sm_ci.aws import Aws, SignIn
from sm_ci.aws.arn import Role
from sm_ci.aws.environment import endpoint, session, without_blanks
from sm_ci.aws.retrying import Patience
from sm_ci.aws.signing_in import Means
from sm_ci.errors import EnvironmentFault

NOTHING = {
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
}
ROLE = "arn:aws:iam::123456789012:role/sm-ci"


def means(region: str = "", environ: dict[str, str] | None = None) -> Means:
    return Means(
        sign_in=SignIn(),
        environ=environ or {},
        region=region,
        hide=lambda _: None,
        say=lambda _: None,
        now=lambda: datetime.now(UTC),
        patience=Patience(),
    )


def test_blank_is_unset() -> None:
    assert without_blanks({"A": "", "B": " ", "C": "x"}) == {"C": "x"}


def test_the_environment_of_the_process_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.setenv(name, "decoy")
    monkeypatch.setenv("AWS_PROFILE", "")
    made = session(NOTHING)
    assert made.get_credentials() is None
    assert made.get_config_variable("region") is None


def test_variables_of_the_mapping_are_seen(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile dev]\nregion = eu-west-3\naws_access_key_id = AKIADEV\naws_secret_access_key = x\n")
    made = session({**NOTHING, "AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "dev"})
    assert made.get_credentials().access_key == "AKIADEV"
    assert made.get_config_variable("region") == "eu-west-3"
    assert session({**NOTHING, "AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}).get_config_variable("region") == "a"


def test_endpoints() -> None:
    both = {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_ECR_PUBLIC": "http://public"}
    assert endpoint("ecr-public", both) == "http://public"
    assert endpoint("s3", both) == "http://all"
    assert endpoint("s3", {**both, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}) is None
    assert endpoint("s3", {}) is None


@pytest.mark.parametrize(
    ("region", "hint", "role", "url"),
    [
        ("eu-west-1", "us-west-2", ROLE, "https://sts.eu-west-1.amazonaws.com"),
        ("", "us-west-2", ROLE, "https://sts.us-west-2.amazonaws.com"),
        ("", "", ROLE, "https://sts.us-east-1.amazonaws.com"),
        ("", "us-west-2", ROLE.replace("arn:aws:", "arn:aws-cn:"), "https://sts.cn-north-1.amazonaws.com.cn"),
        ("us-gov-east-1", "", ROLE.replace("arn:aws:", "arn:aws-us-gov:"), "https://sts.us-gov-east-1.amazonaws.com"),
    ],
)
def test_sts_is_asked_in_its_region(region: str, hint: str, role: str, url: str) -> None:
    assert means(region).sts(session(NOTHING), Role.parse(role), hint, signed=False).meta.endpoint_url == url


def test_a_partition_that_has_no_sts_for_all() -> None:
    role = Role.parse(ROLE.replace("arn:aws:", "arn:aws-iso:"))
    with pytest.raises(EnvironmentFault) as caught:
        means().sts(session(NOTHING), role, "")
    assert str(caught.value) == (
        "no region is set, and the partition aws-iso has no STS for all of them\nSet AWS_REGION."
    )


def test_the_region(tmp_path: Path) -> None:
    def region(sign_in: SignIn, **environ: str) -> str:
        return Aws(sign_in, {**NOTHING, **environ}, hide=lambda _: None).region

    assert region(SignIn(region="a"), AWS_REGION="b") == "a"
    assert region(SignIn(), AWS_REGION="b", AWS_DEFAULT_REGION="c") == "b"
    assert region(SignIn(), AWS_REGION="", AWS_DEFAULT_REGION="c") == "c"
    assert region(SignIn()) == ""
    assert region(SignIn(), AWS_PROFILE="nobody") == ""


def test_a_client_without_a_region() -> None:
    keys = {**NOTHING, "AWS_ACCESS_KEY_ID": "AKIAX", "AWS_SECRET_ACCESS_KEY": "x"}
    aws = Aws(SignIn(), keys, hide=lambda _: None)
    assert aws.client("s3").meta.region_name == "us-east-1"
    with pytest.raises(EnvironmentFault) as caught:
        aws.client("ecr")
    assert str(caught.value) == "could not reach ECR: no region is set\nSet AWS_REGION, such as us-east-1."


def test_a_clients_configuration_is_merged() -> None:
    from botocore.config import Config

    keys = {**NOTHING, "AWS_ACCESS_KEY_ID": "AKIAX", "AWS_SECRET_ACCESS_KEY": "x"}
    config: Any = Aws(SignIn(), keys, hide=lambda _: None).client("s3", config=Config(read_timeout=7)).meta.config
    assert (config.read_timeout, config.connect_timeout, config.max_pool_connections) == (7, 5, 32)


def test_botocore_does_not_log_what_it_sends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    session(NOTHING)
    assert logging.getLogger("botocore.parsers").getEffectiveLevel() >= logging.INFO


def test_a_machines_role_is_asked_for_where_something_listens() -> None:
    class Imds(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.answer("AQAEAToken==")

        def do_GET(self) -> None:
            keys = {
                "AccessKeyId": "ASIAMACHINE",
                "SecretAccessKey": "x",
                "Token": "t",
                "Expiration": "2099-01-01T00:00:00Z",
            }
            role = "/latest/meta-data/iam/security-credentials/"
            self.answer({role: "ci", f"{role}ci": json.dumps({"Code": "Success", **keys})}[self.path])

        def answer(self, text: str) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            pass

    def found(**environ: str) -> Any:
        kept = {name: value for name, value in NOTHING.items() if "METADATA" not in name}
        return session({**kept, "AWS_EC2_METADATA_SERVICE_ENDPOINT": address, **environ}).get_credentials()

    with HTTPServer(("127.0.0.1", 0), Imds) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        assert found().access_key == "ASIAMACHINE"
        assert found(AWS_EC2_METADATA_DISABLED="true") is None
        server.shutdown()
    assert found() is None
