# The action's image, for linux/amd64 and linux/arm64, with BuildKit and without.
# BASE is a tag here; a release resolves it to a digest (.github/workflows/release.yml).
ARG BASE=public.ecr.aws/docker/library/python:3.12-slim-bookworm

# The packages of requirements.lock, in an environment without pip.
FROM ${BASE} AS packages
COPY requirements.lock script/image/without_symbols.py /build/
RUN python3 -m venv --without-pip /opt/sm-ci/venv && \
    python3 -m pip --python /opt/sm-ci/venv/bin/python --no-cache-dir --disable-pip-version-check install \
        --root-user-action=ignore --no-compile --no-deps --only-binary :all: --require-hashes \
        --requirement /build/requirements.lock && \
    python3 -m pip --python /opt/sm-ci/venv/bin/python check

# Of botocore's 28 MB of service data stay those that sm_ci makes clients of, and its chain of credentials (the last three).
ARG AWS_SERVICES="ecr ecr-public s3 sts signin sso sso-oidc"
# The folder's name has Python's version.
# hadolint ignore=DL3003
RUN cd /opt/sm-ci/venv/lib/python*/site-packages && \
    for service in ${AWS_SERVICES}; do set -- "$@" ! -name "${service}"; done && \
    find botocore/data -mindepth 1 -maxdepth 1 -type d "$@" -exec rm -r {} + && \
    rm -r boto3/data boto3/examples /opt/sm-ci/venv/bin/*ctivate* && \
    find . -type d \( -name tests -o -name test \) -prune -exec rm -r {} + && \
    find pygments/lexers -type f ! -name __init__.py ! -name _mapping.py -delete && \
    find . -type f \( -name '*.pyi' -o -name '*.[ch]' -o -name '*.pyx' -o -name '*.pxd' \) -delete && \
    find . -name '*.so' -exec python3 /build/without_symbols.py {} + && \
    echo /opt/sm-ci >sm-ci.pth && \
    python3 -m compileall -q --invalidation-mode unchecked-hash .

# Isolated (-I): neither PYTHONPATH nor what lies in the workspace or in HOME takes the place of a module.
FROM ${BASE} AS program
COPY entrypoint.py post_entrypoint.py LICENSE /opt/sm-ci/
COPY sm_ci /opt/sm-ci/sm_ci
RUN sed -i '1s|.*|#!/opt/sm-ci/venv/bin/python -Iu|' /opt/sm-ci/*entrypoint.py && chmod 755 /opt/sm-ci/*entrypoint.py && \
    python3 -m compileall -q --invalidation-mode unchecked-hash /opt/sm-ci/sm_ci

FROM ${BASE}
# Python images bring the standard library without byte code: compiled here, or else at each start.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash \
        -x '/(dist-packages|site-packages|test|idlelib|lib2to3|ensurepip|tkinter|turtledemo|pydoc_data|unittest|distutils)/' \
        "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')"
COPY --from=packages /opt/sm-ci/venv /opt/sm-ci/venv
COPY --from=program /opt/sm-ci /opt/sm-ci
WORKDIR /github/workspace
ENTRYPOINT ["/opt/sm-ci/entrypoint.py"]
