"""What a user of AWS's scikit-learn image writes: the four functions the toolkit calls."""

import csv
import io
import json
from pathlib import Path

import joblib
import numpy as np
from sagemaker_inference.errors import BaseInferenceToolkitError
from sklearn.pipeline import Pipeline

JSON, CSV = "application/json", "text/csv"


def model_fn(model_dir: str) -> Pipeline:
    """Once a worker: the model."""
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body: bytes | str, content_type: str) -> np.ndarray:
    """The request's body as rows of numbers."""
    text = body.decode() if isinstance(body, bytes) else body
    if content_type == JSON:
        return np.array(json.loads(text)["instances"], dtype=float)
    if content_type == CSV:
        return np.array([row for row in csv.reader(io.StringIO(text)) if row], dtype=float)
    # The toolkit's own UnsupportedFormatError would become a 500.
    raise BaseInferenceToolkitError(415, f"cannot read {content_type}", f"send {JSON} or {CSV}")


def predict_fn(rows: np.ndarray, model: Pipeline) -> list[tuple[str, float]]:
    """A label and its probability for each row."""
    probabilities = model.predict_proba(rows)
    labels = model.classes_[probabilities.argmax(axis=1)]
    return list(zip(labels.tolist(), probabilities.max(axis=1).tolist(), strict=True))


def output_fn(predictions: list[tuple[str, float]], accept: str) -> str:
    """The predictions in the type that was asked for."""
    if accept == JSON:
        return json.dumps({"predictions": [{"label": label, "score": score} for label, score in predictions]})
    if accept == CSV:
        return "".join(f"{label},{score!r}\n" for label, score in predictions)
    raise BaseInferenceToolkitError(406, f"cannot answer {accept}", f"accept {JSON} or {CSV}")
