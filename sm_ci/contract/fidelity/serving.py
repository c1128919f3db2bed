"""What the container is given, and how it is asked, watched and stopped. Pure."""

from __future__ import annotations

from sm_ci.contract.fidelity.row import near, never, same

_ACCESS = "integration/test_access.py"
_CONTRACT = "integration/test_contract.py"
_FAILURES = "integration/test_failures.py"
_HOSTING = "integration/test_hosting.py"
_STACK = "integration/test_serving_stack.py"
_FIDELITY = "integration/test_fidelity.py"
_INVOKE = "unit/test_invoke.py"
_SUITE = f"{_CONTRACT}::test_a_container_that_breaks_one_check_breaks_no_other"
_RESTARTS = f"{_CONTRACT}::test_what_another_start_shows"
_PING = f"{_FAILURES}::test_a_ping_that_never_answers_200"
_HEADERS = f"{_HOSTING}::test_the_container_gets_exactly_sagemakers_headers"
_STREAMS = "integration/test_streams.py"
_SEEN = f"{_FIDELITY}::test_what_callers_of_an_endpoint_never_see_can_be_asserted_on"

ROWS = (
    # Environment, credentials, network.
    same(
        "Environment: at most 100 entries, 1,024 bytes a value, 32 KB in all",
        "errors of the spec, and `environment-limits`",
        "api",
        "unit/spec/rules/test_environment.py::test_environment_and_secrets",
        "unit/conformance/test_image.py::test_environments_that_create_model_refuses",
    ),
    near(
        "`SAGEMAKER_BIND_TO_PORT`, `SAGEMAKER_SAFE_PORT_RANGE`, `AWS_REGION`, `AWS_DEFAULT_REGION`",
        "8080, 23000-23999, us-east-1; documented for endpoints of several containers, seen on others; `bind-port` tries "
        "another port",
        "multi-container",
        f"{_HOSTING}::test_the_container_sees_the_platforms_variables_and_its_own_and_nothing_else",
        _RESTARTS,
    ),
    same(
        "Credentials of the execution role",
        "with `execution_role`, at 169.254.170.2 by `AWS_CONTAINER_CREDENTIALS_FULL_URI`; without, and in isolation, none at "
        "all. Nothing of the caller's environment reaches the container but `secrets`",
        "guide",
        f"{_ACCESS}::test_the_container_gets_its_execution_roles_credentials_and_no_others",
        f"{_ACCESS}::test_an_isolated_container_gets_no_credentials",
        "integration/test_commands.py::test_a_secret_reaches_the_container_and_no_output",
    ),
    near(
        "`EnableNetworkIsolation`: no way out, requests still come in",
        "an internal network of the run's own; `network-isolation` tries it without being asked. The machine's own addresses "
        "stay reachable through its gateway on older engines (seen on 20.10)",
        "isolation",
        f"{_FIDELITY}::test_an_isolated_containers_only_network_is_internal",
        f"{_HOSTING}::test_network_isolation_has_no_way_out_and_the_container_still_answers",
        _RESTARTS,
    ),
    never("`VpcConfig`, `KmsKeyId`", "the engine's default network, and its disk as it is", "api"),
    # Into service, and in service.
    same("Port 8080, on an address that is not the loopback", "called on the container's own address", "guide", _PING),
    same("`GET /ping`: status 200 alone counts, within 2 s a try; no redirect is followed", "the same", "guide", _PING),
    near(
        "Pings come every 5 s",
        "while starting more often, at most 1 s apart; in service every 5 s, every second after an `Unhealthy`",
        "seen, 605",
        f"{_HOSTING}::test_pings_go_on_in_the_middle_of_a_long_request",
        f"{_HOSTING}::test_readiness_in_the_first_second_is_noticed_soon",
        f"{_FAILURES}::test_a_ping_that_waits_for_invocations_is_a_warning",
    ),
    near(
        '200s "consistently" within 8 minutes of the start; 60 to 3,600 s can be set',
        "the first 200 is enough; `startup_timeout` may be shorter than 60 s",
        "guide; api",
        _PING,
        f"{_STACK}::test_a_model_that_loads_for_20_seconds_is_not_taken_for_dead",
    ),
    near(
        "An instance that misses pings in service is replaced",
        "each miss is a warning; `ping-idle`, `ping-busy` and `stays_healthy` make it a failure",
        "guide",
        f"{_FAILURES}::test_a_ping_that_waits_for_invocations_is_a_warning",
        f"{_FAILURES}::test_stays_healthy_is_asked_right_after_the_request",
        _SUITE,
    ),
    near(
        "The ping's body is ignored",
        "read: [what counts as dead](#what-counts-as-dead)",
        "guide",
        f"{_FAILURES}::test_unhealthy_in_the_pings_body_ends_the_run_in_the_middle_of_a_request",
    ),
    near(
        "stdout and stderr go to CloudWatch, a file in the container goes nowhere",
        "both are followed, searched and reported; a server that prints nothing is told (`log-to-stdout`)",
        "logs",
        f"{_FAILURES}::test_what_the_log_must_and_must_not_hold",
        _SUITE,
    ),
    # Requests.
    same(
        "A connection is accepted within 250 ms",
        "the same",
        "guide",
        f"{_INVOKE}::test_a_server_that_does_not_accept_within_250_ms_is_not_waited_for",
    ),
    same(
        "The whole answer within 60 s",
        "`invocation_timeout`, from the request's beginning to the last byte, also for servers that dribble",
        "guide",
        f"{_FAILURES}::test_an_answer_that_is_none",
    ),
    same(
        "`POST` headers are stripped except those of InvokeEndpoint",
        "a header that would be stripped is not sent, and a warning says so",
        "guide; runtime",
        _HEADERS,
    ),
    near(
        "`X-Amzn-SageMaker-Inference-Id` on every request",
        "a random one unless the spec gives one; that SageMaker always sends one is inferred",
        "djl",
        f"{_HOSTING}::test_every_request_has_an_inference_id_of_its_own",
    ),
    same(
        "`Host: model.aws.local:8080`, `User-Agent: AHC/2.0`, HTTP/1.1",
        "the same, and no header that an HTTP library would add",
        "seen, 605",
        _HEADERS,
        f"{_INVOKE}::test_exactly_the_headers_that_sagemaker_sends_go_over_the_wire",
    ),
    same(
        "Bodies pass unchanged in both directions",
        "compressed answers are not unpacked",
        "faq",
        f"{_INVOKE}::test_compressed_bodies_are_handed_on_as_they_are",
    ),
    near(
        "An answer has at most 25 MB; the API model says 6 MiB",
        "a warning above 6 MiB, no answer above 25 MB",
        "faq; runtime",
        f"{_FAILURES}::test_an_answer_that_is_none",
        _SEEN,
    ),
    near(
        "A request has at most 25 MB; the API model says 6 MiB",
        "a warning above 6 MiB, not sent above 25 MB; `oversized-body` sends one at the limit",
        "faq; runtime",
        f"{_FAILURES}::test_a_request_that_sagemaker_would_refuse_for_its_size_is_not_sent",
        _SUITE,
    ),
    near(
        "Requests come at the same time",
        "tests one after the other, each on a connection of its own, pings in between; `concurrent-requests` sends several",
        "guide",
        _SUITE,
    ),
    never(
        "Callers get 424 ModelError for each status of 400 and above",
        "you assert on the container's own status",
        "runtime",
        _SEEN,
    ),
    never(
        "Response headers are dropped but for a few",
        "you may assert on every header that the container sends",
        "runtime",
        _SEEN,
    ),
    near(
        "Response streaming: parts are handed on as they come, for 8 minutes",
        "`stream: true`: each part is timed as it comes; not packed into the service's own event stream, and at most 256 MiB",
        "streaming",
        f"{_STREAMS}::test_streams_are_measured_judged_and_told_alone_and_under_load",
        "unit/cases/test_request.py::test_a_stream_has_8_minutes_unless_the_request_or_the_defaults_say_otherwise",
    ),
    same(
        "Streams take no NEW_SESSION and no TargetModel",
        "an error of the spec",
        "streaming",
        "unit/spec/rules/test_streams.py::test_what_is_wrong_is_told_at_its_place",
    ),
    never("Bidirectional streaming by WebSocket", "no such request", "guide"),
    # The end, and other ways to host.
    same(
        "`SIGTERM`, and `SIGKILL` 30 s later",
        "30 s, and `sigterm` tells; the image's `STOPSIGNAL` is honoured, which SageMaker does not document",
        "guide",
        f"{_FAILURES}::test_sigterm_ignored_costs_30_seconds_and_is_told",
        f"{_FIDELITY}::test_the_memory_limit_holds_for_swap_too_and_the_images_stop_signal_is_sent",
    ),
    near(
        "A container can be started anew at any time, by a replacement or while the endpoint scales",
        "one start; at level full `same-after-restart` and `empty-model` start it again",
        "guide",
        _RESTARTS,
    ),
    never("Several instances, variants, scaling, data capture, shadow tests", "one container", "api"),
    never("Endpoints of several models, of several containers, inference components", "one model", "multi-model; api"),
    never(
        "Serverless and asynchronous endpoints, batch transform", "real-time hosting alone", "serverless; async; batch"
    ),
)
