"""Tells the mood of a text: =) or =( or =|. DJL's Python engine calls `handle` for each request."""

import csv
import re
from pathlib import Path

import numpy as np
from djl_python import Input, Output

WORD = re.compile(r"[a-z']+")
scores: dict[str, float] = {}  # of words, from -3 to 3


def load(folder: str) -> None:
    with Path(folder, "words.csv").open(encoding="utf-8", newline="") as file:
        scores.update((word, float(score)) for word, score in csv.reader(file))


def mood(text: str) -> str:
    found = [scores[word] for word in WORD.findall(text.lower()) if word in scores]
    return ("=(", "=|", "=)")[int(np.sign(np.sum(found))) + 1]


def handle(inputs: Input) -> Output | None:
    if not scores:
        load(inputs.get_property("model_dir"))
    if inputs.is_empty():  # the engine's own call at the start: time to load
        return None
    sent = inputs.get_property("content-type") or "a body without a type"
    if not sent.startswith("text/"):
        return answer(f"{sent} is no text", 415)
    face = mood(inputs.get_as_string())
    print("answered", face)
    return answer(face)


def answer(text: str, code: int = 200) -> Output:
    return Output(code).add_property("content-type", "text/plain").add(text)
