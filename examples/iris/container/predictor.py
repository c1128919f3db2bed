"""The application: GET /ping and POST /invocations, as SageMaker calls them."""

import csv
import functools
import io
import json
import logging
import math
import os
from pathlib import Path

import joblib
import numpy as np
from flask import Flask, Response, jsonify, request
from sklearn.pipeline import Pipeline
from werkzeug.exceptions import BadRequest, HTTPException, NotAcceptable, UnsupportedMediaType

JSON, CSV = "application/json", "text/csv"
FEATURES = 4  # sepal length, sepal width, petal length, petal width, in cm
CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger("predictor")
app = Flask(__name__)


@functools.cache
def model() -> Pipeline:
    """The classifier, read once a process."""
    return joblib.load(Path(os.environ.get("MODEL_DIR", "/opt/ml/model")) / "model.joblib")


@app.get("/ping")
def ping() -> Response:
    """Healthy when the model can be loaded; SageMaker looks at the status alone."""
    try:
        model()
    except Exception:
        log.exception("the model does not load")
        return Response(status=503)
    return Response(status=200)


@app.post("/invocations")
def invocations() -> Response:
    """One prediction a row."""
    accept = answer_type()
    rows = read_rows()
    probabilities = model().predict_proba(rows)
    labels = model().classes_[probabilities.argmax(axis=1)].tolist()
    scores = probabilities.max(axis=1).tolist()
    log.info("scored %d row%s", len(rows), "" if len(rows) == 1 else "s")
    answer = as_csv(labels, scores) if accept == CSV else as_json(labels, scores)
    if CUSTOM_ATTRIBUTES in request.headers:
        answer.headers[CUSTOM_ATTRIBUTES] = request.headers[CUSTOM_ATTRIBUTES]
    return answer


def answer_type() -> str:
    """The best of what the caller accepts; JSON when it says nothing."""
    best = request.accept_mimetypes.best_match([JSON, CSV]) if request.accept_mimetypes else JSON
    if best is None:
        raise NotAcceptable(f"cannot answer {request.headers['Accept']}: accept {JSON} or {CSV}")
    return best


def read_rows() -> np.ndarray:
    """The body as a matrix of finite numbers, FEATURES columns wide."""
    if request.mimetype == JSON:
        document = read_json(request.get_data())
        values = document.get("instances") if isinstance(document, dict) else None
    elif request.mimetype == CSV:
        values = [row for row in csv.reader(io.StringIO(request.get_data(as_text=True))) if row]
    else:
        sent = request.mimetype or "a body without a type"
        raise UnsupportedMediaType(f"cannot read {sent}: send {JSON} or {CSV}")
    if not isinstance(values, list) or not values:
        raise BadRequest('no rows: send {"instances": [[...], ...]} or lines of CSV')
    return np.array([read_row(number, row) for number, row in enumerate(values, 1)])


def read_json(body: bytes) -> object:
    """The document in the body."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise BadRequest(f"not JSON: {error}") from error


def read_row(number: int, row: object) -> list[float]:
    """One row's numbers."""
    if not isinstance(row, list) or len(row) != FEATURES:
        raise BadRequest(f"row {number}: {FEATURES} numbers are wanted")
    try:
        numbers = [float(value) for value in row]
    except (TypeError, ValueError) as error:
        raise BadRequest(f"row {number}: {error}") from error
    if not all(map(math.isfinite, numbers)):
        raise BadRequest(f"row {number}: not a finite number")
    return numbers


def as_json(labels: list[str], scores: list[float]) -> Response:
    """The answer as JSON."""
    pairs = zip(labels, scores, strict=True)
    return jsonify(predictions=[{"label": label, "score": score} for label, score in pairs])


def as_csv(labels: list[str], scores: list[float]) -> Response:
    """The answer as lines of label,score."""
    lines = [f"{label},{score!r}\n" for label, score in zip(labels, scores, strict=True)]
    return Response("".join(lines), content_type=f"{CSV}; charset=utf-8")


@app.errorhandler(HTTPException)
def explain(error: HTTPException) -> tuple[Response, int]:
    """Errors in JSON too: what was wrong, for whoever called."""
    return jsonify(error=error.description), error.code or 500
