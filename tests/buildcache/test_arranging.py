import pytest

from cachelint.buildcache.arranging import only_arranges
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.source import SourceFile


def arranges(run: str) -> bool:
    [_, instruction] = parse_dockerfile(SourceFile("Dockerfile", f"FROM b\n{run}\n")).instructions
    return only_arranges(instruction)


@pytest.mark.parametrize(
    "run",
    [
        "RUN mkdir -p /data && chown -R app:app /data",
        'RUN ["chmod", "+x", "/start"]',
        "RUN sed -i 's/\\r$//' /start && cat /extra.conf >> /etc/app.conf",
        "RUN printf '# made by hand\\n' > /etc/app/empty.conf",
        "RUN echo '#!/bin/sh\\nexec \"$@\" $(ls)' > /start && chmod +x /start",
        "RUN set -eu; echo /opt/lib > /etc/ld.so.conf.d/app.conf; ldconfig",
        "RUN chmod +x $APP_HOME/bin/start",
        "RUN ln -sf /dev/stdout /log && cat /log 2>/dev/null",
        "RUN touch /run/app.pid && chown ${APP_UID}:${APP_GID:-0} /run/app.pid",
        "RUN find /app -name '*.pyc' -delete && find /app -type d -exec chmod 755 {} +",
        "RUN <<EOF\nmkdir /a\necho b > /a/b\nEOF",
    ],
)
def test_arranges_files(run):
    assert arranges(run)


@pytest.mark.parametrize(
    "run",
    [
        "COPY a b",
        "RUN ./build",
        "RUN mkdir /a && ./build",
        "RUN echo $(date) > /built",
        "RUN echo \"it's $(date), isn't it\" > /built",
        "RUN echo `date` > /built",
        "RUN echo ${X:-$(date)} > /built",
        "RUN echo $GIT_SHA > /commit",
        "RUN echo ${BUILD_NUMBER} > /number",
        "RUN echo $RANDOM > /salt",
        "RUN echo $$ > /salt",
        "RUN echo make | sh",
        "RUN cat /proc/sys/kernel/random/uuid > /salt",
        "RUN head -c 16 /dev/urandom > /salt",
        "RUN find /app -mtime +1 -delete",
        "RUN find /app -newer /built -delete",
        "RUN find /app -name '*.po' -exec msgfmt {} ;",
        "RUN <<EOF\necho '$(date)' > /built\nEOF",
    ],
)
def test_does_more(run):
    assert not arranges(run)


def test_an_open_quote_costs_no_time():
    assert not arranges("RUN echo " + "\\' $( \" " * 7_000)
