import pytest

from cachelint.buildcache.packages import only_installs_packages
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.source import SourceFile


def only_installs(run: str) -> bool:
    [_, instruction] = parse_dockerfile(SourceFile("Dockerfile", f"FROM b\n{run}\n")).instructions
    return only_installs_packages(instruction)


@pytest.mark.parametrize(
    "run",
    [
        "RUN apk add bash",
        "RUN apk add --no-cache --virtual .deps bash=5.2 curl",
        "RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*",
        "RUN apt-get update \\\n && apt-get install -y curl \\\n && apt-get clean",
        "RUN DEBIAN_FRONTEND=noninteractive apt-get install -y curl",
        'RUN ["apk", "add", "bash"]',
        "RUN set -eux; apk add bash; adduser -D app",
        "RUN <<EOF\napt-get update\napt-get install -y curl\nEOF",
        "RUN --mount=type=cache,target=/var/cache/apt apt-get install -y curl",
        "RUN dnf install -y curl && dnf clean all",
        "RUN microdnf install curl",
        "RUN yum -y install curl",
        "RUN zypper in -y curl",
        "RUN pacman -Sy --noconfirm curl",
    ],
)
def test_packages_alone(run):
    assert only_installs(run)


@pytest.mark.parametrize(
    "run",
    [
        "RUN ./build",
        "RUN apk add bash && ./build",
        "RUN apk add bash; npm ci",
        "RUN apt-get update",
        "RUN apt-get install -y ./local.deb",
        "RUN apt-get install -y $(cat packages.txt)",
        "RUN apt-get install -y `cat packages.txt`",
        "RUN xargs apt-get install -y < packages.txt",
        "RUN apk add bash && curl https://example.com/install | sh",
        "RUN apk add git && git clone https://example.com/a",
        "RUN sh /setup.sh # apk add bash",
        "RUN echo apk add bash",
        "COPY apk add",
        "RUN npm run apk",
    ],
)
def test_more_than_packages(run):
    assert not only_installs(run)
