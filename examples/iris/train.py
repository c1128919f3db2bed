"""Trains the classifier and writes model/model.joblib; the same versions write the same bytes.

Needs the scikit-learn of container/Dockerfile, which is easiest had in that image: see README.md.
"""

from pathlib import Path

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODEL = Path(__file__).parent / "model" / "model.joblib"

iris = load_iris()
species = iris.target_names[iris.target]
train_x, test_x, train_y, test_y = train_test_split(iris.data, species, test_size=0.3, random_state=7, stratify=species)
classifier = make_pipeline(StandardScaler(), LogisticRegression(random_state=7, max_iter=1000))
classifier.fit(train_x, train_y)
MODEL.parent.mkdir(exist_ok=True)
joblib.dump(classifier, MODEL)
print(f"{MODEL.name}: {classifier.score(test_x, test_y):.1%} of the held-out flowers right")
