"""Signing in to AWS, against a token service and an STS that check: each way in, each way it fails, and no secret said."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from standins.aws import NUMBER, REGION, Account
from standins.oidc import TokenService

from sm_ci.aws import Aws, Credentials, SignIn, refused
from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault

ROLE = f"arn:aws:iam::{NUMBER}:role/sm-ci"
SESSION = f"arn:aws:sts::{NUMBER}:assumed-role/sm-ci/sm-ci-33"
EXECUTION_ROLE = f"arn:aws:iam::{NUMBER}:role/execution"
JOB = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "33", "AWS_ROLE_ARN": ROLE}
PROVIDER = f"arn:aws:iam::{NUMBER}:oidc-provider/token.actions.githubusercontent.com"
ISSUER = "token.actions.githubusercontent.com"


PLAIN = SignIn()


class Talk:
    """What was hidden and what was said, in order, and how long it would have paused."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.pauses: list[float] = []

    def hide(self, values: Iterable[str]) -> None:
        self.events += [("hide", value) for value in values]

    def say(self, text: str) -> None:
        self.events.append(("say", text))

    @property
    def said(self) -> list[str]:
        return [text for kind, text in self.events if kind == "say"]

    @property
    def hidden(self) -> list[str]:
        return [text for kind, text in self.events if kind == "hide"]


@pytest.fixture(scope="module")
def tokens() -> Iterator[TokenService]:
    with TokenService() as service:
        yield service


@pytest.fixture(scope="module")
def serving(tokens: TokenService) -> Iterator[Account]:
    with Account(tokens) as account:
        yield account


@pytest.fixture
def account(serving: Account, tokens: TokenService) -> Account:
    tokens.mend()
    serving.reset()
    return serving


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture(autouse=True)
def no_secret_is_said(
    account: Account,
    tokens: TokenService,
    talk: Talk,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[None]:
    """After each test: no secret in a log record, on a stream, or among what was said."""
    caplog.set_level(logging.DEBUG)
    yield
    streams = capfd.readouterr()
    outputs = {"log": caplog.text, "streams": streams.out + streams.err, "said": "\n".join(talk.said)}
    for secret in (*account.secrets, *tokens.secrets):
        assert [name for name, text in outputs.items() if secret in text] == []


Make = Callable[..., Aws]


@pytest.fixture
def aws(account: Account, tokens: TokenService, talk: Talk) -> Make:
    """AWS in a job that may ask for a token; `environ` is put over that, `without` taken from it."""

    def make(sign_in: SignIn = PLAIN, environ: Mapping[str, str] | None = None, *, without: str = "") -> Aws:
        variables = {**JOB, **tokens.environ, **account.environ, **(environ or {})}
        kept = {name: value for name, value in variables.items() if not (without and name.startswith(without))}
        return Aws(
            sign_in, kept, hide=talk.hide, say=talk.say, sleep=talk.pauses.append, chance=lambda: 1.0, timeout=(2, 2)
        )

    return make


@pytest.fixture
def fault_of(account: Account, tokens: TokenService) -> Callable[[Callable[[], Any]], EnvironmentFault]:
    """The fault that a call ends with; no secret stands in its text, its repr, or the traceback."""

    def fault(call: Callable[[], Any]) -> EnvironmentFault:
        with pytest.raises(EnvironmentFault) as caught:
            call()
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.__dict__)
        for secret in (*account.secrets, *tokens.secrets):
            assert secret not in shown
        return caught.value

    return fault


FaultOf = Callable[[Callable[[], Any]], EnvironmentFault]


def identity(aws: Aws) -> str:
    return str(aws.client("sts").get_caller_identity()["Arn"])


def statement(fault: EnvironmentFault, number: int = 0) -> dict[str, Any]:
    """The IAM statement that a remedy holds."""
    text, decoder = fault.remedy, json.JSONDecoder()
    for _ in range(number + 1):
        text = text[text.index("{") :]
        found, end = decoder.raw_decode(text)
        text = text[end:]
    return dict(found)


# Ways in


def test_a_job_signs_in_by_its_token(account: Account, tokens: TokenService, aws: Make, talk: Talk) -> None:
    account.trust()
    signed_in = aws()
    assert identity(signed_in) == SESSION
    assert tokens.audiences[-1] == "sts.amazonaws.com"
    asked = account.asked[-1]
    assert (asked["RoleArn"], asked["RoleSessionName"], asked["DurationSeconds"]) == (ROLE, "sm-ci-33", "3600")
    credentials = signed_in.credentials()
    assert credentials.source == f"{ROLE} by this job's identity token"
    assert credentials.expires is not None
    assert timedelta(minutes=58) < credentials.expires - datetime.now(UTC) <= timedelta(minutes=60)
    assert account.calls == ["AssumeRoleWithWebIdentity", "GetCallerIdentity"]
    assert talk.said == [f"signed in to AWS as {ROLE} until {credentials.expires:%H:%M} UTC"]


def test_every_secret_is_hidden_before_anything_is_said(
    account: Account, tokens: TokenService, aws: Make, talk: Talk
) -> None:
    account.trust()
    credentials = aws().credentials()
    first_word = [kind for kind, _ in talk.events].index("say")
    hidden = [text for _, text in talk.events[:first_word]]
    keys = [credentials.access_key_id, credentials.secret_access_key, credentials.session_token]
    assert hidden == [tokens.bearer, tokens.issued[-1], *keys]
    assert not any(secret in repr(credentials) for secret in keys)


def test_the_clients_of_a_run_share_one_sign_in(account: Account, aws: Make) -> None:
    account.trust()
    signed_in = aws()
    for service in ("sts", "ecr", "s3"):
        signed_in.client(service, "us-west-2")
    assert account.calls == ["AssumeRoleWithWebIdentity"]
    assert signed_in.client("ecr", "us-west-2").meta.region_name == "us-west-2"
    assert signed_in.client("ecr").meta.region_name == REGION


def test_threads_share_one_sign_in(account: Account, aws: Make) -> None:
    account.trust()
    signed_in = aws()
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: signed_in.client("ecr"), range(8)))
        list(pool.map(lambda client: client.get_authorization_token(), clients))
    assert account.calls.count("AssumeRoleWithWebIdentity") == 1


def test_what_is_asked_for_is_asked(account: Account, tokens: TokenService, aws: Make) -> None:
    account.longest = 43_200
    account.audiences.add("https://acme.example")
    account.trust(role=EXECUTION_ROLE)
    wanted = SignIn(
        role=EXECUTION_ROLE, audience="https://acme.example", session_name="pull request #7 of ünï", duration=43_200
    )
    aws(wanted).credentials()
    asked = account.asked[-1]
    assert (asked["RoleArn"], asked["DurationSeconds"]) == (EXECUTION_ROLE, "43200")
    assert asked["RoleSessionName"] == "pull-request--7-of--n-"
    assert tokens.audiences[-1] == "https://acme.example"


def test_china_has_an_audience_of_its_own(account: Account, tokens: TokenService, aws: Make) -> None:
    role = account.trust(role=f"arn:aws-cn:iam::{NUMBER}:role/sm-ci")
    account.audiences = {"sts.amazonaws.com.cn"}
    aws(SignIn(role=role), {"AWS_REGION": "cn-north-1"}).credentials()
    assert tokens.audiences[-1] == "sts.amazonaws.com.cn"


def test_credentials_are_renewed_before_they_end(account: Account, aws: Make, talk: Talk) -> None:
    account.trust()
    account.ends_after = 60
    signed_in = aws()
    client = signed_in.client("ecr")
    client.get_authorization_token()
    account.ends_after = 3600
    client.get_authorization_token()
    assert account.calls.count("AssumeRoleWithWebIdentity") == 3  # at first, and before each of the calls
    assert set(account.secrets[-5:]) & set(talk.hidden) == set(signed_in.credentials().secrets)


def test_blank_variables_are_unset(account: Account, aws: Make) -> None:
    account.trust()
    blank = dict.fromkeys(
        ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"), ""
    )
    assert identity(aws(PLAIN, blank)) == SESSION
    user = {**blank, **account.user(), "AWS_ROLE_ARN": " "}
    assert identity(aws(PLAIN, user)).endswith(":user/moto")
    with pytest.raises(CredentialsMissing):
        aws(PLAIN, {**blank, "AWS_ROLE_ARN": ""}).credentials()


def test_the_variables_of_this_process_do_not_count(
    account: Account, aws: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**account.user("decoy"), "AWS_PROFILE": "nobody"}.items():
        monkeypatch.setenv(name, value)
    ann = account.user()
    assert aws(PLAIN, {**ann, "AWS_ROLE_ARN": ""}).credentials().access_key_id == ann["AWS_ACCESS_KEY_ID"]


def test_ordinary_credentials_are_those_of_boto3(account: Account, aws: Make, talk: Talk) -> None:
    ann = account.user()
    credentials = aws(PLAIN, {**ann, "AWS_ROLE_ARN": ""}).credentials()
    assert credentials == Credentials(
        access_key_id=ann["AWS_ACCESS_KEY_ID"],
        secret_access_key=ann["AWS_SECRET_ACCESS_KEY"],
        source="the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )
    assert talk.events == [
        ("hide", ann["AWS_ACCESS_KEY_ID"]),
        ("hide", ann["AWS_SECRET_ACCESS_KEY"]),
        ("say", "AWS credentials are from the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ]


def test_ordinary_credentials_assume_the_role_that_is_named(account: Account, aws: Make) -> None:
    account.trust(sub=f"arn:aws:iam::{NUMBER}:user/ann")
    signed_in = aws(SignIn(role=ROLE), account.user(), without="ACTIONS_")
    assert identity(signed_in) == SESSION
    assert signed_in.credentials().source == f"{ROLE} by the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def test_a_web_identity_file_is_its_own_role(account: Account, tokens: TokenService, aws: Make, tmp_path: Path) -> None:
    account.trust(role=EXECUTION_ROLE)
    file = tmp_path / "token"
    file.write_text(tokens.sign("sts.amazonaws.com"))
    pod = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_ARN": EXECUTION_ROLE, "AWS_ROLE_SESSION_NAME": "pod"}
    assert identity(aws(PLAIN, pod)) == f"arn:aws:sts::{NUMBER}:assumed-role/execution/pod"


def test_the_execution_role_is_assumed(account: Account, aws: Make, talk: Talk) -> None:
    account.trust()
    account.trust(role=EXECUTION_ROLE, sub=SESSION)
    execution = aws(SignIn(duration=3600)).assume(EXECUTION_ROLE)
    assert execution.source == f"{EXECUTION_ROLE} by {ROLE} by this job's identity token"
    assert talk.hidden[-3:] == list(execution.secrets)
    assert talk.said[-1] == f"assumed the role {EXECUTION_ROLE}"


# Trying again


def test_what_passes_is_tried_again(account: Account, tokens: TokenService, aws: Make, talk: Talk) -> None:
    account.trust()
    tokens.statuses = [502, 503, 504]
    key = "Couldn't retrieve verification key from your identity provider, please reference the documentation"
    account.refuse("AssumeRoleWithWebIdentity", "InvalidIdentityToken", key)
    account.refuse("AssumeRoleWithWebIdentity", "IDPCommunicationError", "no answer from it")
    account.refuse("AssumeRoleWithWebIdentity", "Throttling", "Rate exceeded")
    account.garble("AssumeRoleWithWebIdentity", times=2)
    aws().credentials()
    assert talk.pauses == [0.05, 0.1, 0.2, 0.05, 0.1, 0.2, 0.4, 0.8]
    assert talk.said[0].endswith("is not available (502 Bad Gateway); trying again in 0.1 s (2 of 12)")
    doing = f"could not assume the role {ROLE}"
    assert talk.said[3:8] == [
        f"{doing}: AWS could not fetch GitHub's keys ({key}); trying again in 0.1 s (2 of 12)",
        f"{doing}: AWS could not fetch GitHub's keys (no answer from it); trying again in 0.1 s (3 of 12)",
        f"{doing}: AWS throttles the account's requests (Throttling); trying again in 0.2 s (4 of 12)",
        f"{doing}: AWS is not available (the answer is none of AWS's); trying again in 0.4 s (5 of 12)",
        f"{doing}: AWS is not available (the answer is none of AWS's); trying again in 0.8 s (6 of 12)",
    ]


def test_nobody_waits_for_more_than_a_minute(account: Account, aws: Make, talk: Talk, fault_of: FaultOf) -> None:
    account.garble("AssumeRoleWithWebIdentity", times=20)
    fault = fault_of(aws().credentials)
    assert str(fault) == (
        f"could not assume the role {ROLE}: AWS is not available (the answer is none of AWS's)\n"
        "Run it again later; see https://health.aws.amazon.com. Does a proxy answer in AWS's place?"
    )
    assert fault.kind == "aws-unavailable"
    assert sum(talk.pauses) <= 45
    assert len(talk.pauses) == 9


def test_what_stays_is_not_tried_again(aws: Make, talk: Talk, fault_of: FaultOf) -> None:
    fault_of(aws().credentials)
    assert talk.pauses == []


# No token


def event(folder: Path, head: Any, base: str = "acme/models") -> dict[str, str]:
    file = folder / "event.json"
    file.write_text(json.dumps({"pull_request": {"head": head, "base": {"repo": {"full_name": base}}}}))
    return {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(file)}


def test_without_the_permission(aws: Make, fault_of: FaultOf) -> None:
    fault = fault_of(aws(without="ACTIONS_").credentials)
    assert isinstance(fault, CredentialsMissing)
    assert fault.kind == "no-id-token-permission"
    assert str(fault) == (
        f"this job may not ask for an identity token, which the role {ROLE} needs: "
        "ACTIONS_ID_TOKEN_REQUEST_URL is not set\n"
        "Add to the job, or to the workflow:\n"
        "permissions:\n"
        "  id-token: write   # to ask for an identity token\n"
        "  contents: read    # naming one permission drops all others, and actions/checkout needs this one\n"
        "A reusable workflow needs it in the job that calls it too; a container of the job, or a 'docker run' of yours, "
        "has to pass ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN on."
    )


def test_in_a_pull_request_from_a_fork(aws: Make, tmp_path: Path, fault_of: FaultOf) -> None:
    fork = event(tmp_path, {"repo": {"full_name": "mallory/models"}})
    fault = fault_of(aws(PLAIN, fork, without="ACTIONS_").credentials)
    assert isinstance(fault, CredentialsMissing)
    assert fault.kind == "no-token-in-fork"
    assert str(fault) == (
        "this pull request comes from a fork (mallory/models), and has no AWS credentials: "
        "GitHub withholds secrets and identity tokens from it\n"
        "Run the job on a branch of this repository, or write 'without-credentials: skip' to have its tests skipped instead. "
        "Do not use pull_request_target for it: the fork's code would run with your credentials."
    )


def test_in_a_run_of_dependabot(aws: Make, fault_of: FaultOf) -> None:
    fault = fault_of(aws(PLAIN, {"GITHUB_ACTOR": "dependabot[bot]"}, without="ACTIONS_").credentials)
    assert isinstance(fault, CredentialsMissing)
    assert fault.kind == "no-token-for-dependabot"


# The token service


def test_the_token_service_refuses(aws: Make, fault_of: FaultOf) -> None:
    fault = fault_of(aws(PLAIN, {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-another-job"}).credentials)
    assert isinstance(fault, CredentialsRefused)
    assert fault.kind == "token-refused"
    assert str(fault) == (
        "GitHub's token service refuses this job (401 Unauthorized)\n"
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN is good for its own job alone, and ends with it: "
        "do not hand it to another job or keep it. Run the job again."
    )
    assert "of-another-job" not in str(fault)


def test_the_token_service_is_down(tokens: TokenService, aws: Make, talk: Talk, fault_of: FaultOf) -> None:
    tokens.statuses = [503] * 12
    fault = fault_of(aws().credentials)
    assert fault.kind == "token-service-unavailable"
    assert fault.message.endswith("is not available (503 Service Unavailable)")
    gone = {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/token"}
    talk.pauses.clear()
    fault = fault_of(aws(PLAIN, gone).credentials)
    assert fault.kind == "token-service-unreachable"
    assert str(fault) == (
        "GitHub's token service at 127.0.0.1:1 cannot be reached: "
        "Failed to establish a new connection: [Errno 111] Connection refused\n"
        "Does a proxy or a firewall of this runner stand between? "
        "Is GitHub Actions well? See https://www.githubstatus.com, and run the job again."
    )
    assert talk.pauses == [0.05, 0.1, 0.2]


def test_the_token_service_is_silent(tokens: TokenService, aws: Make, fault_of: FaultOf, talk: Talk) -> None:
    tokens.silence.clear()
    silent = Aws(PLAIN, {**JOB, **tokens.environ}, hide=talk.hide, sleep=talk.pauses.append, timeout=(1, 0.2))
    fault = fault_of(silent.credentials)
    tokens.silence.set()
    assert fault.message.endswith("cannot be reached: no answer in time")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("html", "200 OK, text/html, without a token in it"),
        ("valueless", "200 OK, application/json, without a token in it"),
        ("redirect", "302 Found"),
    ],
)
def test_the_token_service_answers_nonsense(
    wrong: str, said: str, tokens: TokenService, aws: Make, fault_of: FaultOf
) -> None:
    tokens.html, tokens.valueless = wrong == "html", wrong == "valueless"
    tokens.statuses = [302] * (wrong == "redirect")
    fault = fault_of(aws().credentials)
    host = tokens.environ["ACTIONS_ID_TOKEN_REQUEST_URL"].split("/")[2]
    assert fault.kind == "token-service-answer"
    assert str(fault) == (
        f"GitHub's token service at {host} gives no token but this: {said}\n"
        "Does a proxy answer in its place? Is GitHub Actions well? "
        "See https://www.githubstatus.com, and run the job again."
    )


def test_a_bearer_token_that_is_no_header(aws: Make, fault_of: FaultOf) -> None:
    fault = fault_of(aws(PLAIN, {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "two\nlines"}).credentials)
    assert fault.message == "ACTIONS_ID_TOKEN_REQUEST_TOKEN cannot be sent as a header"


# STS


def test_the_role_does_not_trust_this_job(account: Account, tokens: TokenService, aws: Make, fault_of: FaultOf) -> None:
    account.trust()
    tokens.claims = {"sub": "repo:acme/models:pull_request"}
    fault = fault_of(aws().credentials)
    assert isinstance(fault, CredentialsRefused)
    assert fault.kind == "trust-policy"
    assert fault.message == (
        f"could not assume the role {ROLE}: its trust policy does not let this job, or there is no such role\n"
        "this job's token says: sub repo:acme/models:pull_request, aud sts.amazonaws.com"
    )
    added = statement(fault)
    assert added == {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{ISSUER}:aud": "sts.amazonaws.com",
                f"{ISSUER}:sub": ["repo:acme/models:pull_request", "repo:acme@11/models@22:pull_request"],
            }
        },
    }
    assert fault.remedy.startswith("Add to the role's trust policy (IAM, Roles, sm-ci, Trust relationships):\n{")
    for subject in added["Condition"]["StringEquals"][f"{ISSUER}:sub"]:  # with it, it works
        tokens.claims = {"sub": subject}
        account.trust(sub=subject)
        aws().credentials()


def test_a_subject_with_ids(tokens: TokenService, aws: Make, fault_of: FaultOf) -> None:
    tokens.claims = {"sub": "repo:acme@11/models@22:environment:prod"}
    subjects = statement(fault_of(aws().credentials))["Condition"]["StringEquals"][f"{ISSUER}:sub"]
    assert subjects == ["repo:acme@11/models@22:environment:prod", "repo:acme/models:environment:prod"]


def test_another_audience(aws: Make, fault_of: FaultOf) -> None:
    fault = fault_of(aws(SignIn(audience="https://acme.example")).credentials)
    assert fault.kind == "token-audience"
    assert str(fault) == (
        f"could not assume the role {ROLE}: AWS does not expect the token's audience, https://acme.example "
        "(Incorrect token audience)\n"
        "Leave the audience at its default, sts.amazonaws.com, or add yours to the account's provider:\n"
        "aws iam add-client-id-to-open-id-connect-provider "
        f"--open-id-connect-provider-arn {PROVIDER} --client-id https://acme.example"
    )


def test_no_provider_in_the_account(account: Account, aws: Make, fault_of: FaultOf) -> None:
    account.provider = False
    fault = fault_of(aws().credentials)
    assert fault.kind == "no-oidc-provider"
    assert str(fault) == (
        f"could not assume the role {ROLE}: the account {NUMBER} does not know GitHub's tokens "
        f"(No OpenIDConnect provider found in your account for https://{ISSUER})\n"
        "Is it the right account? Then add the provider, once an account:\n"
        f"aws iam create-open-id-connect-provider --url https://{ISSUER} --client-id-list sts.amazonaws.com"
    )


def test_a_token_of_another_issuer(account: Account, tokens: TokenService, aws: Make, fault_of: FaultOf) -> None:
    tokens.claims = {"iss": "https://ghes.example/_services/token"}
    fault = fault_of(aws().credentials)
    assert fault.kind == "token-refused-by-aws"
    assert fault.message == (
        f"could not assume the role {ROLE}: AWS refuses the identity token (The ID Token provided is not a valid JWT.)"
    )
    assert fault.remedy.endswith(f"{NUMBER}:oidc-provider/ghes.example/_services/token")


def test_a_token_that_has_expired(account: Account, tokens: TokenService, aws: Make, fault_of: FaultOf) -> None:
    account.trust()
    tokens.claims = {"iat": 1_700_000_000, "exp": 1_700_000_300}
    account.offset = 3600 * 3
    fault = fault_of(aws().credentials)
    assert fault.kind == "token-expired"
    assert str(fault) == (
        f"could not assume the role {ROLE}: AWS finds the identity token expired: "
        "it was issued at 22:13:20 and good until 22:18:20 UTC; this machine's clock is 3.0 h behind AWS's\n"
        "Set the clock of this machine, and of a GitHub Enterprise Server of your own: timedatectl set-ntp true. "
        "If the clocks are right, run the job again."
    )


def test_a_longer_session_than_the_role_allows(account: Account, aws: Make, fault_of: FaultOf) -> None:
    account.trust()
    fault = fault_of(aws(SignIn(duration=7200)).credentials)
    assert fault.kind == "duration"
    assert str(fault) == (
        f"could not assume the role {ROLE} for 7,200 s: "
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.\n"
        "Ask for less, or allow the role more: aws iam update-role --role-name sm-ci --max-session-duration 7200"
    )


def test_a_region_without_sts(account: Account, aws: Make, fault_of: FaultOf) -> None:
    told = "STS is not activated in this region for account:123456789012. Your account administrator can activate STS."
    account.refuse("AssumeRoleWithWebIdentity", "RegionDisabledException", told, status=403)
    fault = fault_of(aws().credentials)
    assert fault.kind == "region-disabled"
    assert str(fault) == (
        f"could not assume the role {ROLE}: the region is not open to this account (RegionDisabledException: {told})\n"
        "Check AWS_REGION. Else have the account's administrator enable the region, "
        "and STS in it: IAM, Account settings, Security Token Service."
    )


def test_sts_cannot_be_reached(aws: Make, talk: Talk, fault_of: FaultOf) -> None:
    nowhere = "http://sts.nowhere-1.invalid:8080"
    fault = fault_of(aws(PLAIN, {"AWS_ENDPOINT_URL_STS": nowhere}).credentials)
    assert fault.kind == "aws-unreachable"
    assert str(fault) == (
        f"could not assume the role {ROLE}: AWS could not be reached "
        f'(Could not connect to the endpoint URL: "{nowhere}/")\n'
        "Is the region's name right (AWS_REGION), an endpoint of your own (AWS_ENDPOINT_URL), "
        "and the way there open (firewall, HTTPS_PROXY)?"
    )
    assert len(talk.pauses) == 3


@pytest.mark.parametrize(
    ("wanted", "message", "kind"),
    [
        (
            SignIn(role="sm-ci"),
            (
                "the role 'sm-ci' is a bare name, which does not say in which account it is\n"
                "Write its ARN: arn:aws:iam::ACCOUNT:role/sm-ci"
            ),
            "role-arn",
        ),
        (
            SignIn(role="arn:aws:iam::1234:role/sm-ci"),
            (
                "the role 'arn:aws:iam::1234:role/sm-ci' is not the ARN of a role\n"
                "Write role-to-assume, or AWS_ROLE_ARN, as arn:aws:iam::123456789012:role/NAME, as 'aws iam get-role' shows it."
            ),
            "role-arn",
        ),
        (
            SignIn(duration=60),
            (
                "a session cannot last 60 s\n"
                "Ask for 900 to 43,200 s; the role's own maximum is 3,600 s unless it was raised."
            ),
            "duration",
        ),
        (
            SignIn(role=f"arn:aws-cn:iam::{NUMBER}:role/sm-ci"),
            (
                f"the role arn:aws-cn:iam::{NUMBER}:role/sm-ci is of the partition aws-cn, "
                "and the region eu-central-1 of aws\n"
                "Set AWS_REGION to a region of the role's partition, or name a role of the region's."
            ),
            "role-partition",
        ),
    ],
)
def test_what_cannot_be_is_said_before_anyone_is_asked(
    wanted: SignIn, message: str, kind: str, account: Account, aws: Make, fault_of: FaultOf, talk: Talk
) -> None:
    fault = fault_of(aws(wanted).credentials)
    assert (str(fault), fault.kind) == (message, kind)
    assert account.calls == []
    assert talk.events == []


def test_the_execution_role_is_refused(account: Account, aws: Make, fault_of: FaultOf) -> None:
    account.trust()
    fault = fault_of(lambda: aws().assume(EXECUTION_ROLE))
    assert fault.kind == "trust-policy"
    assert fault.message == (
        f"could not assume the role {EXECUTION_ROLE}: AWS denies it "
        f"(User: {SESSION} is not authorized to perform: sts:AssumeRole on resource: {EXECUTION_ROLE})"
    )
    assert statement(fault, 0) == {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [EXECUTION_ROLE]}
    assert statement(fault, 1) == {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"}


# Ordinary credentials


def test_a_profile_that_is_not_there(aws: Make, fault_of: FaultOf) -> None:
    fault = fault_of(aws(PLAIN, {"AWS_PROFILE": "nobody"}, without="AWS_ROLE").credentials)
    assert fault.kind == "profile-not-found"
    assert str(fault) == (
        "could not sign in to AWS: the AWS profile does not exist (The config profile (nobody) could not be found)\n"
        "Check AWS_PROFILE with: aws configure list-profiles. The action's container does not see the runner's ~/.aws: "
        "there use role-to-assume, or configure-aws-credentials without aws-profile."
    )


def test_half_of_a_key(aws: Make, fault_of: FaultOf) -> None:
    half = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": ""}
    fault = fault_of(aws(PLAIN, half, without="AWS_ROLE").credentials)
    assert fault.kind == "credentials-incomplete"
    assert str(fault) == (
        "could not sign in to AWS: the AWS credentials are not complete "
        "(Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY)\n"
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, and temporary keys have AWS_SESSION_TOKEN too."
    )


def test_a_login_that_has_expired(aws: Make, tmp_path: Path, fault_of: FaultOf) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\nregion = eu-west-1\n"
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://sm-ci.invalid/start\n"
    )
    dev = {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "dev"}
    fault = fault_of(aws(PLAIN, dev, without="AWS_ROLE").credentials)
    assert fault.kind == "login-expired"
    assert fault.remedy == "Log in again: aws sso login, or aws login, with --profile NAME."


def test_a_web_identity_file_that_is_not_there(aws: Make, tmp_path: Path, fault_of: FaultOf) -> None:
    fault = fault_of(aws(PLAIN, {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "none")}).credentials)
    assert str(fault) == (
        f"could not sign in to AWS: No such file or directory: {tmp_path / 'none'}\n"
        "Check the file, and AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE."
    )


def test_a_command_that_fails(aws: Make, tmp_path: Path, fault_of: FaultOf) -> None:
    config = tmp_path / "config"
    config.write_text("[profile dev]\ncredential_process = sh -c 'echo no badge >&2; exit 3'\n")
    dev = {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "dev"}
    fault = fault_of(aws(PLAIN, dev, without="AWS_ROLE").credentials)
    assert str(fault) == (
        "could not sign in to AWS: the AWS credentials could not be had from where they are kept "
        "(Error when retrieving credentials from custom-process: no badge)\n"
        "Try it alone: aws sts get-caller-identity"
    )


# Later calls


def login(client: Any) -> EnvironmentFault:
    """The fault that a login at ECR ends with, as the rooms above find it."""
    with pytest.raises(ClientError) as caught:
        client.get_authorization_token()
    fault = refused(caught.value, "get a login")
    assert fault is not None
    return fault


def test_credentials_that_have_expired(account: Account, aws: Make) -> None:
    account.trust()
    client = aws().client("ecr")
    account.expire_tokens()
    fault = login(client)
    assert fault.kind == "credentials-expired"
    assert str(fault) == (
        "could not get a login: the AWS credentials have expired "
        "(ExpiredTokenException: The security token included in the request is expired)\n"
        "Sign in again: 'aws sso login', or in a workflow configure-aws-credentials in this same job, right before; "
        "with role-to-assume sm-ci renews them itself."
    )


def test_a_role_that_may_not_log_in(account: Account, aws: Make) -> None:
    account.trust()
    account.deny("ecr:GetAuthorizationToken")
    fault = login(aws().client("ecr"))
    assert fault.kind == "access-denied"
    assert fault.message == (
        f"could not get a login: AWS denies it (AccessDeniedException: User: {SESSION} is not authorized to perform: "
        "ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the action)"
    )
    assert statement(fault) == {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]}


def test_a_clock_that_is_wrong(account: Account, aws: Make) -> None:
    client = aws(PLAIN, {**account.user(), "AWS_ROLE_ARN": ""}).client("ecr")
    account.offset = -1200
    fault = login(client)
    assert fault.kind == "clock"
    assert str(fault) == (
        "could not get a login: this machine's clock is 20 min ahead of AWS's (SignatureDoesNotMatch)\n"
        "Set the clock: timedatectl set-ntp true, or chronyc makestep. AWS allows 5 minutes."
    )


def test_a_wrong_secret_key_is_not_answered_with_the_token(account: Account, aws: Make, fault_of: FaultOf) -> None:
    account.trust()
    session = aws().credentials()
    wrong = {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": "wrong",
        "AWS_SESSION_TOKEN": session.session_token,
    }
    signed_in = aws(PLAIN, {**wrong, "AWS_ROLE_ARN": ""})
    fault = login(signed_in.client("ecr"))  # AWS quotes what it signed, with the token in it
    assert str(fault) == (
        "could not get a login: the secret key does not belong to the access key's id (InvalidSignatureException)\n"
        "Copy AWS_SECRET_ACCESS_KEY again, whole and without spaces around it."
    )
    refusal = fault_of(lambda: signed_in.assume(EXECUTION_ROLE))
    assert refusal.kind == "credentials-wrong"


def test_keys_that_nobody_knows(aws: Make) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ROLE_ARN": ""}
    fault = login(aws(PLAIN, keys).client("ecr"))
    assert fault.kind == "credentials-unknown"


def test_the_password_of_ecr_is_as_long_as_the_real_one(account: Account, aws: Make, tmp_path: Path) -> None:
    account.htpasswd = tmp_path / "htpasswd"
    account.trust()
    given = aws().client("ecr").get_authorization_token()["authorizationData"][0]
    account.htpasswd = None
    assert len(given["authorizationToken"]) > 1900
    assert (tmp_path / "htpasswd").read_text().startswith("AWS:$2b$")
    assert given["expiresAt"] - datetime.now(UTC) > timedelta(hours=11)
