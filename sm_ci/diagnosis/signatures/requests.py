"""What sm-ci itself sees of a request that fails, where the log says nothing. Pure.

The patterns are held against `answer STATUS: start of the body`, and `no answer: why`.
"""

from sm_ci.diagnosis.signature import Role, signature

_STATUS = "integration/test_diagnosis.py::test_an_answer_without_a_word_in_the_log_is_told_by_its_status"

REQUESTS = (
    signature(
        "content-type-refused",
        Role.STATE,
        r"^answer 415: |is not an accepted ContentType",
        cause="the server does not take requests of this content type",
        remedy="Send one that it takes: its answer or its documentation names them.",
        link="https://github.com/aws/sagemaker-xgboost-container/issues/390",
        confidence=0.95,
        observed=_STATUS,
    ),
    signature(
        "accept-refused",
        Role.STATE,
        r"^answer 406: ",
        cause="the server cannot answer with the type that Accept asks for",
        remedy="Ask for another: request.accept.",
        link="https://github.com/aws/sagemaker-inference-toolkit#implementation-steps",
        confidence=0.95,
        observed=_STATUS,
    ),
    signature(
        "body-too-large",
        Role.STATE,
        r"^answer 413: |HTTP content length exceeded|oversize body",
        cause="the body is larger than the server takes",
        remedy="Raise the server's own limit (client_max_body_size, max_request_size), or send a reference to S3.",
        link="https://github.com/aws/amazon-sagemaker-examples/issues/245",
        confidence=0.95,
        observed=_STATUS,
    ),
    signature(
        "gateway",
        Role.STATE,
        r"^answer 50[24]: ",
        cause="a proxy answers in place of the server behind it, which hung up or took too long",
        remedy="Read the log of the server behind it; raise proxy_read_timeout if it only needs longer.",
        link="https://github.com/aws/amazon-sagemaker-examples/issues/790",
        confidence=0.8,
        observed=_STATUS,
    ),
    signature(
        "invocation-timeout",
        Role.STATE,
        r"^no answer: timeout|^hangs: ",
        cause="the answer took longer than invocation_timeout; SageMaker gives a model 60 s",
        remedy="Make the model faster, send less at once, or use an asynchronous endpoint.",
        link="https://github.com/aws/sagemaker-python-sdk/issues/1119",
        confidence=0.9,
        observed="integration/test_failures.py::test_an_answer_that_is_none",
    ),
)
