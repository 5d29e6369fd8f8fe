# reaper as an image: the daemon by default, any command of reaper by its name.
#
#   docker build -t reaper .
#   docker run -d --name reaper --read-only --tmpfs /tmp \
#     -v reaper:/var/lib/reaper -v ./reaper.yaml:/etc/reaper/config.yaml:ro \
#     -v /var/run/docker.sock:/var/run/docker.sock \
#     --group-add "$(stat -c %g /var/run/docker.sock)" --stop-timeout 30 -p 127.0.0.1:9187:9187 reaper
#
# It runs as the user 65532, who may not use the engine's socket: --group-add gives it the socket's
# group, whose number differs from host to host. Whoever may use the socket is root on that host.
# Checked by tests/image, on a base made with debootstrap.
# Any base with Python 3.11 or newer as `python3`, with venv, will do.
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
COPY requirements/dev.txt pyproject.toml reaper.pth README.md LICENSE ./
# The versions that are tested, without what only the tests need; a change of the code alone does not
# fetch them again.
RUN sed -E '/^ +--hash/d; s/ \\$//' dev.txt > constraints.txt \
    && python3 -m venv /opt/reaper \
    && mkdir reaper && touch reaper/__init__.py \
    && /opt/reaper/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        -c constraints.txt '.[all]'
COPY reaper reaper
RUN /opt/reaper/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --force-reinstall .

FROM ${BASE_IMAGE}
COPY --from=build /opt/reaper /opt/reaper
RUN mkdir -p /var/lib/reaper /etc/reaper && chown 65532:65532 /var/lib/reaper
ENV PATH=/opt/reaper/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/reaper \
    REAPER_STATE=/var/lib/reaper \
    REAPER_DAEMON__LISTEN=0.0.0.0:9187 \
    PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /var/lib/reaper
VOLUME /var/lib/reaper
EXPOSE 9187
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python3", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:9187/healthz', timeout=4)"]
ENTRYPOINT ["reaper"]
CMD ["daemon"]
