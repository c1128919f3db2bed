ARG BASE=public.ecr.aws/docker/library/python:3.12-slim-bookworm
FROM ${BASE}

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Installed, and the source removed: beside the entry point it would be imported instead, without its byte code.
COPY pyproject.toml README.md LICENSE /opt/sm-ci/source/
COPY sm_ci /opt/sm-ci/source/sm_ci
RUN pip install --root-user-action=ignore /opt/sm-ci/source && rm -r /opt/sm-ci/source

COPY entrypoint.py /opt/sm-ci/entrypoint.py
WORKDIR /github/workspace
ENTRYPOINT ["python3", "/opt/sm-ci/entrypoint.py"]
