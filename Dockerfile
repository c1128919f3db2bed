ARG BASE=public.ecr.aws/docker/library/python:3.12-slim-bookworm
FROM ${BASE}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /opt/sm-ci
COPY pyproject.toml README.md LICENSE ./
COPY sm_ci ./sm_ci
RUN pip install --root-user-action=ignore .
COPY entrypoint.py ./entrypoint.py

ENTRYPOINT ["python3", "/opt/sm-ci/entrypoint.py"]
