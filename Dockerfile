# The deepfeat image: `runtime` runs experiments, `tests` adds what the tests need.
#   docker compose build                                       as docker-compose.yml says
#   BASE_IMAGE=python:3.11-slim-bookworm@sha256:... docker compose build      with the base pinned by its digest
ARG BASE_IMAGE=python:3.11-slim-bookworm


# ---- the locked dependencies, in a virtual environment of their own: rebuilt only when the lock changes ----
FROM ${BASE_IMAGE} AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.lock /build/
# The secret is pip's own configuration file, where a site has one (a mirror); it never reaches a layer.
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip_config,target=/etc/pip.conf \
    python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-compile --require-hashes -r /build/requirements.lock

# A third of the dependencies is of no use at run time: TensorFlow's C++ headers, libclang (only TensorFlow's own
# code generators load it), the libraries' test suites, and TensorFlow's and LLVM's symbol tables (only debuggers read
# them; other libraries are left as they are, because stripping breaks those that auditwheel has patched).
# Bytecode is compiled once here, with no check against the sources, because containers could not save theirs.
RUN if ! command -v strip >/dev/null; then \
        apt-get update -q && apt-get install -q -y --no-install-recommends binutils && rm -rf /var/lib/apt/lists/*; \
    fi
RUN cd /opt/venv/lib/python3.*/site-packages \
    && rm -rf tensorflow/include clang/native pyarrow/include \
    && find . -type d -name tests -prune -exec rm -rf {} + \
    && find tensorflow llvmlite -name '*.so*' -type f -exec strip --strip-unneeded {} + \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash .


# ---- the image of `docker compose run experiment` ----
FROM ${BASE_IMAGE} AS runtime
LABEL org.opencontainers.image.title="deepfeat" \
      org.opencontainers.image.description="Which inputs matter to a deep network, how strongly, and how sure are we?" \
      org.opencontainers.image.licenses="MIT"

COPY --from=dependencies /opt/venv /opt/venv
# Any user id works, with the root file system read-only: what libraries want to keep in a home goes to /tmp.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    USER=deepfeat \
    LOGNAME=deepfeat \
    KERAS_HOME=/tmp/keras \
    MPLCONFIGDIR=/tmp/matplotlib \
    NUMBA_CACHE_DIR=/tmp/numba

WORKDIR /app
COPY .docker/entrypoint /usr/local/bin/deepfeat-container
COPY pyproject.toml README.md LICENSE ./
COPY plugins plugins
COPY examples examples
COPY cluster cluster
COPY deepfeat deepfeat
# Installed in place, so that the image is laid out as a checkout, /app/deepfeat beside /app/plugins; and readable
# by any user, whatever the modes in the checkout of the one who builds.
RUN /usr/local/bin/python -m pip --python /opt/venv/bin/python install --quiet --root-user-action=ignore \
        --no-cache-dir --no-deps --no-build-isolation --editable . \
    && rm -rf build ./*.egg-info \
    && python -m compileall -q --invalidation-mode unchecked-hash deepfeat \
    && chmod -R a+rX . /usr/local/bin/deepfeat-container \
    && install -d -m 1777 ExpOutput
USER 1000:1000
ENTRYPOINT ["deepfeat-container"]
CMD ["--help"]


# ---- the image of `docker compose run tests`, which mounts the checkout over /app ----
FROM runtime AS tests
USER 0:0
COPY requirements-dev.lock /build/
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=secret,id=pip_config,target=/etc/pip.conf \
    /usr/local/bin/python -m pip --python /opt/venv/bin/python install --root-user-action=ignore \
        --require-hashes -r /build/requirements-dev.lock
ENV HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis
USER 1000:1000
ENTRYPOINT ["python", "-m", "pytest", "-p", "no:cacheprovider", "-n", "auto", "-m", "not slow and not e2e"]
CMD []
