"""up-without-build: what starts an image that is older than the source."""

import subprocess

import pytest

from tests.support import fix_files, lint_files

RULE = ["up-without-build"]
COMPOSE = "services:\n  web:\n    build: .\n  db:\n    image: postgres\n"
FILES = {"compose.yaml": COMPOSE, "Dockerfile": "FROM alpine\nCOPY . .\nRUN ./build\n"}
CI = ".github/workflows/main.yml"


def found(name, text, files=FILES):
    return [one.location.line_text.strip() for one in lint_files({**files, name: text}, RULE)]


def workflow(steps, runner="self-hosted"):
    indented = "".join(f"      {line}\n" for line in steps.splitlines())
    return f"jobs:\n  ship:\n    runs-on: {runner}\n    steps:\n{indented}"


@pytest.mark.parametrize(
    "text",
    [
        "git pull\nUP\n",
        "git pull --ff-only origin main && UP\n",
        "git -C . pull\nUP\n",
        "git fetch\ngit reset --hard origin/main\nUP\n",
        "git fetch --all\ngit checkout -f $TAG\nUP\n",
        "git switch --detach v1\nUP\n",
        "git fetch && git merge --ff-only origin/main\nUP\n",
        "git pull\ndocker compose down\nUP\n",
        "git pull\ndocker-compose up -d --force-recreate\n",
        "git pull\nsudo docker compose -f compose.yaml up -d web\n",
        "docker compose build\ngit pull\nUP\n",
        "if [ -d .git ]; then git pull; fi\nUP\n",
        'cd "$(dirname "$0")"\ngit pull\nUP\n',
        "cd /srv/app\ngit pull\nUP\n",
        "cd $APP\ngit pull\nUP\n",
        "cd ~/app && git pull && UP\n",
        "pushd /srv/app\ngit pull\nUP\npopd\n",
        "update() { git pull; }\nstart() { UP; }\nupdate\nstart\n",
        "tar xzf release.tar.gz\nUP\n",
        "tar -xzf release.tar.gz -C /srv/app --strip-components=1\ncd /srv/app\nUP\n",
        "unzip -o release.zip -d /srv/app && cd /srv/app && UP\n",
        "rsync -az build@ci:/out/ ./\nUP\n",
        "ssh web 'cd /srv/app && git pull && UP'\n",
        'ssh "$HOST" "cd $DIR && git pull && UP"\n',
        "ssh web <<EOF\ncd /srv/app\ngit pull\nUP\nEOF\n",
        "ssh web 'cd /srv/app && git pull'\nssh web 'cd /srv/app && UP'\n",
        "rsync -az --delete --exclude .git -e 'ssh -p 22' ./ web:/srv/app/\nssh web 'cd /srv/app && UP'\n",
        'rsync -az . "$U@$H:$DIR"\nssh "$U@$H" "cd $DIR && UP"\n',
        "rsync -az ./ web:app\nssh web 'cd ~/app; UP'\n",
        "scp -r . web:/srv/app\nssh web 'cd /srv/app && UP'\n",
        "scp app.tgz web:/srv/app/\nssh web 'cd /srv/app && tar xzf app.tgz && UP'\n",
        "docker build -t other .\nrsync -az ./ web:/srv/app\nssh web 'cd /srv/app && UP'\n",
        "git pull\nUP\nmake logs\n",
        "git pull\nnpm ci\nUP\n",
        "git pull\nUP\ndocker image prune -af\n",
        'log_info "building"\ngit pull\nlog_info "restarting"\nUP\n',
        "case $1 in\n  build) docker compose build;;\n  update) git pull; UP;;\nesac\n",
        "git pull\r\nUP\r\n",
    ],
)
def test_an_old_image_is_started(text):
    assert len(found("deploy.sh", text.replace("UP", "docker compose up -d"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "UP\n",
        "git pull\nUP --build\n",
        "git pull\nUP --no-build\n",
        "git pull\nUP --pull always\n",
        "git pull\nUP --help\n",
        "git pull\nUP $MORE\n",
        "git pull\nUP db\n",
        "git pull\ndocker compose build\nUP\n",
        "git pull\ndocker compose build --pull web && UP\n",
        "git pull\nif ! docker compose build; then exit 1; fi\nUP\n",
        'git pull\nif [ "$BUILD" ]; then docker compose build; fi\nUP\n',
        'git pull\nif [ "$1" = --build ]; then UP --build; else UP; fi\n',
        "if git pull; then docker compose build; fi\nUP\n",
        "git pull\ndocker buildx bake\nUP\n",
        "git pull\ndocker build -t app .\nUP\n",
        "git pull\ndocker compose pull\nUP\n",
        "git pull\ndocker pull ghcr.io/x/web\nUP\n",
        "docker compose pull\ngit pull\nUP\n",
        "git pull\ndocker load -i app.tar\nUP\n",
        "git pull\ndocker compose down --rmi all\nUP\n",
        "git pull\ndocker system prune -af\nUP\n",
        "git pull\ndocker rmi app-web\nUP\n",
        "docker compose down --rmi all && git pull && UP\n",
        "docker rmi -f $(docker images -q)\ngit pull\nUP\n",
        "git pull\n./scripts/build.sh\nUP\n",
        "git pull\nbash ./x.sh\nUP\n",
        "git pull\nmake images\nUP\n",
        "git pull\nnpm run docker\nUP\n",
        "git pull\nansible-playbook x.yml\nUP\n",
        "git pull\n$BUILD\nUP\n",
        "source lib.sh\ngit pull\nprepare_all\nUP\n",
        "git pull\nbuild_images\nUP\n",
        "git pull\nUP db\ndocker compose build\nUP\n",
        "git pull\nUP\nUP --build\n",
        "git clone https://x/y .\nUP\n",
        "git checkout -- compose.yaml\nUP\n",
        "git checkout -b x\nUP\n",
        "git fetch\nUP\n",
        "git reset --hard\nUP\n",
        "git status\nUP\n",
        "echo git pull\nUP\n",
        "cat <<EOF\ngit pull\nEOF\nUP\n",
        "(cd ../tool && git pull)\nUP\n",
        "cd /opt/other && git pull\ncd /srv/app && UP\n",
        "git -C ../other pull\nUP\n",
        "tar xzf backup.tar.gz\nUP\n",
        "tar xzf data.tgz -C volumes\nUP\n",
        "tar czf release.tgz .\nUP\n",
        "tar xzf tool.tgz -C /usr/local\nUP\n",
        "scp compose.yaml .env web:/srv/app\nssh web 'cd /srv/app && UP'\n",
        "scp app.tgz web:/srv/app/\nUP\n",
        "rsync -az ./ web:/srv/app\nUP\n",
        "rsync -az ./ web:/srv/app\nssh other 'cd /srv/app && UP'\n",
        "rsync -az ./ web:/srv/app\nssh web 'cd /srv/else && UP'\n",
        "rsync -azn ./ web:/srv/app\nrsync -az compose.yaml web:/srv/app\nssh web 'cd /srv/app && UP'\n",
        "ssh web 'cd /srv/app && git pull'\nUP\n",
        "git pull\nssh web 'cd /srv/app && UP'\n",
        "ssh web 'cd /srv/app && git pull && docker compose build && UP'\n",
        "docker save x | ssh web docker load\nrsync -az ./ web:/a\nssh web docker load -i x\nssh web 'cd /a && UP'\n",
        "git pull\ndocker compose -f other.yaml up -d\n",
        "git pull\ndocker compose -f $FILE up -d\n",
        "export COMPOSE_FILE=x.yaml\ngit pull\nUP\n",
        "git pull\npodman-compose up -d\n",
        "UP\ngit pull\n",
        "case $1 in\n  pull) git pull;;\n  up) UP;;\nesac\n",
        'pull() { git pull; }\nup() { UP; }\n"$@"\n',
        'mv /srv/old "$NEW"\ncd "$NEW"\ngit pull\nUP\n',
    ],
)
def test_silent(text):
    assert found("deploy.sh", text.replace("UP", "docker compose up -d")) == []


@pytest.mark.parametrize(
    "compose",
    [
        "services:\n  web:\n    image: x\n",
        "services:\n  web:\n    build: .\n    pull_policy: build\n",
        "services:\n  web:\n    build: .\n    image: x\n    pull_policy: always\n",
        "services:\n  web:\n    build: .\n    pull_policy: ${POLICY}\n",
        "services:\n  web:\n    build: https://github.com/x/y.git\n",
        "services:\n  web:\n    build: .\n    profiles: [tools]\n",
        "services:\n  web:\n    build: .\n    volumes: [.:/app]\n",
        "services:\n  web:\n    build: .\n    volumes: ['${CODE}:/app']\n",
        "services:\n  web:\n    build: ./db\n",
        "services:\n  web:\n    build: ./missing\n",
        "services:\n  web:\n    build: ./src\n    volumes:\n      - {type: bind, source: ./src, target: /app}\n",
    ],
)
def test_silent_about_services_that_take_their_code_from_elsewhere(compose):
    files = {"compose.yaml": compose, "Dockerfile": FILES["Dockerfile"]}
    files |= {"db/Dockerfile": "FROM postgres\nRUN true\n", "src/Dockerfile": FILES["Dockerfile"]}
    assert found("deploy.sh", "git pull\ndocker compose up -d\n", files) == []


def test_an_override_file_mounts_the_source():
    over = {"compose.override.yaml": "services:\n  web:\n    volumes: [.:/app]\n"}
    script = "git pull\ndocker compose {}up -d\n"
    assert found("deploy.sh", script.format(""), {**FILES, **over}) == []
    assert len(found("deploy.sh", script.format("-f compose.yaml "), {**FILES, **over})) == 1


def test_a_mounted_file_is_not_the_source():
    files = {**FILES, "compose.yaml": "services:\n  web:\n    build: .\n    volumes: [./data:/data, ./a.conf:/etc/a]\n"}
    assert len(found("deploy.sh", "git pull\ndocker compose up -d\n", files)) == 1


def test_only_what_arrives_in_a_context_counts():
    files = {"compose.yaml": "services:\n  web:\n    build: ./web\n", "web/Dockerfile": FILES["Dockerfile"]}
    assert len(found("deploy.sh", "tar xf a.tar -C web\ndocker compose up -d\n", files)) == 1
    assert found("deploy.sh", "tar xf a.tar -C conf\ndocker compose up -d\n", files) == []


def test_old_code_in_sight_is_old_code():
    assert len(found("run.sh", "git pull\ndocker compose up\n")) == 1


def test_a_file_that_is_moved_makes_no_other_project():
    assert len(found("deploy.sh", "git pull\nmv prod.yaml compose.yaml\ndocker compose up -d\n")) == 1


@pytest.mark.parametrize("name", ["ci/deploy.sh", "scripts/deploy_to_ci_host.sh"])
def test_a_deploy_script_of_ci_deploys(name):
    assert len(found(name, "cd ..\ngit pull\ndocker compose up -d\n")) == 1


@pytest.mark.parametrize("name", ["test.sh", "ci/up.sh", "scripts/dev.sh", "tests/deploy.sh"])
def test_silent_where_something_is_only_tried(name):
    assert found(name, "cd ..\ngit pull\ndocker compose up -d\n") == []


@pytest.mark.parametrize(
    ("steps", "runner", "count"),
    [
        ("- uses: actions/checkout@v4\n- run: docker compose up -d\n", "self-hosted", 1),
        ("- uses: actions/checkout@v4\n- run: docker compose up -d\n", "ubuntu-latest", 0),
        ("- uses: actions/checkout@v4\n- run: docker compose up -d\n", "${{ inputs.runner }}", 0),
        ("- uses: actions/checkout@v4\n- run: docker compose build\n- run: docker compose up -d\n", "self-hosted", 0),
        ("- uses: actions/checkout@v4\n- uses: docker/bake-action@v6\n- run: docker compose up -d\n", "self-hosted", 0),
        (
            "- uses: actions/checkout@v4\n  with: {repository: x/y}\n- run: docker compose up -d\n",
            "self-hosted",
            0,
        ),
        (
            "- uses: appleboy/ssh-action@v1\n  with:\n    host: ${{ secrets.HOST }}\n    script: |\n"
            "      cd /srv/app\n      git pull\n      docker compose up -d\n",
            "ubuntu-latest",
            1,
        ),
        (
            "- uses: appleboy/ssh-action@v1\n  with:\n    host: a\n    script: cd /srv/app && git pull\n"
            "- uses: appleboy/ssh-action@v1\n  with:\n    host: b\n    script: cd /srv/app && docker compose up -d\n",
            "ubuntu-latest",
            0,
        ),
    ],
)
def test_a_workflow(steps, runner, count):
    assert len(found(CI, workflow(steps, runner))) == count


def test_other_files_are_only_reported():
    assert len(found("Makefile", "deploy:\n\tgit pull && docker compose up -d\n")) == 1
    assert len(found("Makefile", "deploy:\n\tgit pull\n\tdocker compose up -d\n")) == 1
    assert len(found("package.json", '{"scripts": {"deploy": "git pull && docker compose up -d"}}')) == 1
    assert len(
        found(".gitlab-ci.yml", "deploy:\n  script:\n    - ssh web 'cd /a && git pull && docker compose up -d'\n")
    )


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("git pull\ndocker compose up -d\n", "git pull\ndocker compose up --build -d\n"),
        ("git pull\r\ndocker-compose -f compose.yaml up", "git pull\r\ndocker-compose -f compose.yaml up --build"),
        (
            "git pull && docker compose \\\n  up \\\n  -d web\n",
            "git pull && docker compose \\\n  up --build \\\n  -d web\n",
        ),
        ("ssh a 'git pull && docker compose up -d'\n", "ssh a 'git pull && docker compose up --build -d'\n"),
        ("ssh a <<E\ngit pull\ndocker compose up\nE\n", "ssh a <<E\ngit pull\ndocker compose up --build\nE\n"),
        ("git pull\nC='docker compose'\n$C up -d # x\n", "git pull\nC='docker compose'\n$C up --build -d # x\n"),
        ("git pull\ndocker compose up -t $(a) web\n", "git pull\ndocker compose up --build -t $(a) web\n"),
        ("git pull\nO=$(docker compose up -d 2>&1)\n", "git pull\nO=$(docker compose up --build -d 2>&1)\n"),
        ("git pull\nUP='up -d'\ndocker compose $UP\n", "git pull\nUP='up -d'\ndocker compose $UP\n"),
    ],
)
def test_the_fix(text, after):
    fixed = fix_files({**FILES, "deploy.sh": text}, RULE)
    assert fixed.report.refused == ()
    assert fixed.files["deploy.sh"] == after
    assert fix_files(fixed.files, RULE).files == fixed.files
    assert subprocess.run(["bash", "-n"], input=after.replace("\r", ""), text=True, check=False).returncode == 0


def test_the_fix_of_a_workflow():
    steps = "- uses: actions/checkout@v4\n- run: docker compose up -d  # {}\n".replace("{}", "${{ x }}")
    text = workflow(steps)
    assert fix_files({**FILES, CI: text}, RULE).files[CI] == text.replace("up -d", "up --build -d")


def test_what_is_said():
    [one] = lint_files({**FILES, "deploy.sh": "git pull\ndocker compose up -d\n"}, RULE)
    assert one.message == (
        "`git pull` brings new source, but this starts the image that is already there: `web` keeps running the old "
        "code. Write `up --build`."
    )
    assert [(each.location.path.rpartition("/")[2], each.location.start.line) for each in one.related] == [
        ("deploy.sh", 1),
        ("compose.yaml", 3),
    ]


@pytest.mark.parametrize(
    ("between", "others", "expected"),
    [
        ("bash scripts/verify.sh", {"scripts/verify.sh": "#!/bin/sh\ntest -f .env || exit 1\n"}, 1),
        ("./scripts/verify.sh --all", {"scripts/verify.sh": "test -f .env\n./scripts/two.sh\n"}, 0),
        (
            "./scripts/verify.sh",
            {"scripts/verify.sh": "test -f .env\n./scripts/two.sh\n", "scripts/two.sh": "date >> deploys.txt\n"},
            1,
        ),
        ("./scripts/verify.sh", {"scripts/verify.sh": "./scripts/verify.sh\n"}, 0),
        ("./scripts/verify.sh", {"scripts/verify.sh": "docker compose build\n"}, 0),
        ("./scripts/verify.sh", {"scripts/verify.sh": "docker ps\n"}, 0),
        ("./scripts/verify.sh", {"scripts/verify.sh": "make images\n"}, 0),
        ("./scripts/verify.sh", {}, 0),
        ("/srv/verify.sh", {}, 0),
        ("ssh web ./scripts/verify.sh", {"scripts/verify.sh": "date\n"}, 0),
    ],
)
def test_a_script_that_is_called_in_between_is_read(between, others, expected):
    text = f"git pull\n{between}\ndocker compose up -d\n"
    assert len(found("deploy.sh", text, {**FILES, **others})) == expected
