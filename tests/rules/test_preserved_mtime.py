"""preserved-mtime: times that hide a change from BuildKit."""

import pytest

from tests.support import lint_files

RULE = ["preserved-mtime"]
FILES = {
    "compose.yaml": "services:\n  web:\n    build: ./web\n",
    "web/Dockerfile": "FROM alpine\nCOPY . .\nRUN ./build\n",
    "Dockerfile": "FROM alpine\nCOPY . .\n",
}
CI = ".github/workflows/main.yml"
PRUNE = "docker builder prune --force --filter type=source.local\n"


def found(name, text):
    return [one.location.line_text.strip() for one in lint_files({**FILES, name: text}, RULE)]


def workflow(steps, runner="self-hosted"):
    indented = "".join(f"      {line}\n" for line in steps.splitlines())
    return f"jobs:\n  ship:\n    runs-on: {runner}\n    steps:\n      - uses: actions/checkout@v4\n{indented}"


@pytest.mark.parametrize(
    "text",
    [
        "touch -d @0 Dockerfile\ndocker build .\n",
        "touch -t 198001010000 src/*\ndocker build .\n",
        "touch -hr compose.yaml Dockerfile\ndocker build .\n",
        'touch --date="@$SOURCE_DATE_EPOCH" src\ndocker build .\n',
        "find . -type f -exec touch -d @0 {} +\ndocker compose build\n",
        "find web -exec touch -d @0 {} ';'\ndocker compose up -d --build\n",
        "find . -print0 | xargs -0 touch -d @0\ndocker build .\n",
        'git ls-files | while read f; do touch -d "$(git log -1 --format=%cI "$f")" "$f"; done\ndocker build .\n',
        "git restore-mtime\ndocker build .\n",
        "git-restore-mtime --force\ndocker buildx build --push -t x .\n",
        "cp -a /srv/release/. .\ndocker build .\n",
        "cp -p ../shared/*.py web/\ndocker compose build\n",
        "cp --preserve=timestamps ../a.conf .\ndocker build .\n",
        "rsync -a build@ci:/out/ ./\ndocker build .\n",
        'rsync -rlt "$RELEASE/" ./\ndocker build .\n',
        "rsync -az $OUT/ web:/srv/app/\nssh web 'cd /srv/app && docker compose up -d --build'\n",
        "scp -rp /srv/release web:/srv/app\nssh web 'cd /srv/app/release && docker build .'\n",
        "tar --mtime=@0 -cf a.tar .\nscp a.tar w:/a/\nssh w 'cd /a && tar xf a.tar'\nssh w 'cd /a && docker build .'\n",
        "tar --mtime @0 -c . | tar -x -C /srv/app\ndocker build /srv/app\n",
        "cd $DIR\ngit restore-mtime\ndocker build .\n",
        "ssh w 'cd /a && git restore-mtime && docker build .'\n",
        "if [ $X ]; then touch -d @0 src; fi\ndocker build .\n",
        "t() { find . -exec touch -d @0 {} +; }\nt\ndocker build .\n",
        "docker builder prune -f --filter until=24h\ngit restore-mtime\ndocker build .\n",
        "git restore-mtime\ndocker build --no-cache .\n",
    ],
)
def test_a_change_is_hidden(text):
    assert len(found("deploy.sh", text)) == 1


@pytest.mark.parametrize("prune", [PRUNE, "docker builder prune -af\n"])
def test_silent_behind_a_prune(prune):
    assert found("deploy.sh", f"git restore-mtime\n{prune}docker build .\n") == []
    assert found("deploy.sh", f"{prune}git restore-mtime\ndocker build .\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "git restore-mtime\n",
        "docker build .\ngit restore-mtime\n",
        "touch Dockerfile\ndocker build .\n",
        "touch -a -m Dockerfile\ndocker build .\n",
        "touch -d @0 .stamp\ndocker build .\n",
        "touch -d '1 hour ago' /tmp/x\ndocker build .\n",
        "touch -d @0 ../other/x\ndocker build .\n",
        "touch -d @0 docs/x\ndocker compose build\n",
        "find /var/log -exec touch -d @0 {} +\ndocker build .\n",
        "find docs -exec touch -d @0 {} +\ndocker compose build\n",
        "find . -newer x -exec rm {} +\ndocker build .\n",
        "cp -r /srv/release/. .\ndocker build .\n",
        "cp -a web/dist web/public\ndocker compose build\n",
        "cp -a . /srv/backup\ndocker build .\n",
        'cp -a "$BACKUP_DIR/$f" ./\ndocker build .\n',
        "cp -p /etc/shop/.env .\ndocker build .\n",
        "cp -p a.conf /etc/shop/\ndocker build .\n",
        "rsync -a --no-times ci:/out/ ./\ndocker build .\n",
        "rsync -r ci:/out/ ./\ndocker build .\n",
        "rsync -a ./ web:/srv/app/\nssh web 'cd /srv/app && docker compose up -d --build'\n",
        "rsync -az --delete \"$PWD/\" web:/srv/app/\nssh web 'cd /srv/app && docker compose build'\n",
        "rsync -az src/ Dockerfile web:app/\nssh web 'cd app && docker compose build'\n",
        "rsync -az $OUT/ web:/srv/app/\ndocker build .\n",
        "rsync -az $OUT/ web:/srv/app/\nssh other 'cd /srv/app && docker build .'\n",
        "rsync -az $OUT/ web:/srv/app/\nssh web 'cd /srv/else && docker build .'\n",
        "tar --mtime=@0 -cf a.tar .\ndocker build .\n",
        "tar xf release.tar.gz\ndocker build .\n",
        "docker run x touch -d @0 /app\ndocker build .\n",
        "docker run x sh -c 'git restore-mtime'\ndocker build .\n",
        "git restore-mtime\nssh web 'docker build .'\n",
        "git restore-mtime\npodman build .\n",
        "git restore-mtime\nDOCKER_BUILDKIT=0 docker build .\n",
        "git restore-mtime\ndocker build https://github.com/x/y.git\n",
        "git restore-mtime\ndocker build - < Dockerfile\n",
        "echo git restore-mtime\ndocker build .\n",
        "case $1 in a) git restore-mtime;; b) docker build .;; esac\n",
    ],
)
def test_silent(text):
    assert found("deploy.sh", text) == []


@pytest.mark.parametrize("name", ["test.sh", "ci/build.sh", "scripts/dev.sh"])
def test_silent_where_something_is_only_tried(name):
    assert found(name, "cd ..\ngit restore-mtime\ndocker build .\n") == []


ACTION = "- uses: docker/build-push-action@v6\n  with:\n    context: .\n    push: true\n"


@pytest.mark.parametrize(
    ("steps", "runner", "count"),
    [
        ("- run: git restore-mtime\n- run: docker build .\n", "self-hosted", 1),
        ("- run: git restore-mtime\n- run: docker build .\n", "ubuntu-latest", 0),
        ("- run: git restore-mtime\n- run: docker build .\n", "${{ x }}", 0),
        (f"- run: git restore-mtime\n{ACTION}", "self-hosted", 1),
        (f"- run: git restore-mtime\n- run: {PRUNE}{ACTION}", "self-hosted", 0),
        (f"- run: git restore-mtime\n- uses: docker/setup-buildx-action@v3\n{ACTION}", "self-hosted", 0),
    ],
)
def test_a_workflow(steps, runner, count):
    assert len(found(CI, workflow(steps, runner))) == count


def test_other_files():
    assert len(found("Makefile", "image:\n\tgit restore-mtime\n\tdocker build .\n")) == 1
    assert len(found("package.json", '{"scripts": {"image": "git restore-mtime && docker build ."}}')) == 1
    dockerfile = "FROM alpine\nCOPY . .\nRUN find . -exec touch -d @0 {} +\n"
    assert lint_files({"Dockerfile": dockerfile, "deploy.sh": "docker build .\n"}, RULE) == ()


def test_what_is_said():
    [one] = lint_files({**FILES, "deploy.sh": "touch -d @0 Dockerfile\ndocker build .\n"}, RULE)
    assert one.message.startswith("`touch -d` sets the times of files that are built below: ")
    assert [each.location.start.line for each in one.related] == [2]


def test_nothing_is_claimed_where_too_much_happens():
    assert found("deploy.sh", "".join(f"cp -p /x/{n} .\n" for n in range(100)) + "docker build .\n") == []
