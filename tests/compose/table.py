"""Hand-written projects, each with one thing that Compose does in its own way."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Case(NamedTuple):
    """Files by name; `given` with ``-f``, called in `directory`, with `environment` on top of that of all cases.

    `since` is the first Compose that does so.
    """

    files: dict[str, str]
    given: tuple[str, ...] = ()
    directory: str = "."
    project: str | None = None
    env_files: tuple[str, ...] = ()
    since: tuple[int, ...] = (2, 24)
    environment: Mapping[str, str] = MappingProxyType({})


class Refused(NamedTuple):
    """Files that Compose refuses: the file and line to blame, and a part of the reason."""

    files: dict[str, str]
    place: tuple[str, int]
    message: str
    given: tuple[str, ...] = ()
    since: tuple[int, ...] = (2, 24)


def one(text: str, **more: str) -> dict[str, str]:
    """A project of ``compose.yaml``; other files by name, with ``__`` for a slash and ``_`` for a dot."""
    names = {name.replace("__", "/").replace("_", "."): value for name, value in more.items()}
    return {"compose.yaml": text, **names}


BUILD = "services:\n  web:\n    build: .\n"
ACCEPTED = {
    "short build": Case(one(BUILD)),
    "override is found": Case(one(BUILD, compose_override_yml="services: {web: {build: {args: {A: 1}}}}\n")),
    "override of the other name": Case(
        {"compose.yaml": BUILD, "docker-compose.override.yml": "services: {web: {image: x}}\n"}
    ),
    "first of the default names": Case({"compose.yml": BUILD, "docker-compose.yml": "services: {other: {image: a}}\n"}),
    "yml before yaml": Case({"docker-compose.yml": BUILD, "docker-compose.yaml": "services: {other: {image: a}}\n"}),
    "found above": Case({"compose.yaml": BUILD, "below/x": ""}, directory="below"),
    "COMPOSE_FILE": Case(
        {".env": "COMPOSE_FILE=a.yml:b.yml\n", "a.yml": BUILD, "b.yml": "services: {web: {image: b}}\n"}
    ),
    "COMPOSE_FILE in a directory": Case(
        {
            ".env": "COMPOSE_FILE=sub/a.yml\nX=1\n",
            "sub/a.yml": "services: {web: {build: {context: ., args: {A: $X}}}}\n",
            "sub/.env": "X=2\n",
        }
    ),
    "COMPOSE_PATH_SEPARATOR": Case(
        {
            ".env": "COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=a.yml;b.yml\n",
            "a.yml": BUILD,
            "b.yml": "services: {web: {image: b}}\n",
        }
    ),
    "no .env": Case(
        one("services: {web: {image: 'x:${TAG}'}}\n", _env="TAG=1\nCOMPOSE_FILE=gone.yml\n"),
        environment={"COMPOSE_DISABLE_ENV_FILE": "true"},
    ),
    "no .env, and files given": Case(
        one("services: {web: {image: 'x:${TAG}'}}\n", _env="TAG=1\n"),
        given=("compose.yaml",),
        environment={"COMPOSE_DISABLE_ENV_FILE": "1"},
    ),
    "no .env, but another file": Case(
        one("services: {web: {image: 'x:${TAG}'}}\n", _env="TAG=1\n", o_env="TAG=2\n"),
        env_files=("o.env",),
        environment={"COMPOSE_DISABLE_ENV_FILE": "T"},
    ),
    "no .env, but files of the environment": Case(
        one("services: {web: {image: 'x:${TAG}'}}\n", _env="TAG=1\n", o_env="TAG=2\n"),
        environment={"COMPOSE_DISABLE_ENV_FILE": "1", "COMPOSE_ENV_FILES": "o.env"},
    ),
    "no .env, but that of an included file": Case(
        one(
            "include: [inc/c.yml]\nservices: {web: {image: 'x:${TAG}'}}\n",
            _env="TAG=1\n",
            inc__c_yml="services: {inc: {image: 'x:${TAG}'}}\n",
            inc___env="TAG=2\n",
        ),
        environment={"COMPOSE_DISABLE_ENV_FILE": "1"},
    ),
    "an .env that is wanted": Case(
        one("services: {web: {image: 'x:${TAG}'}}\n", _env="TAG=1\n"),
        environment={"COMPOSE_DISABLE_ENV_FILE": "F"},
    ),
    "an .env that switches itself off": Case(
        one("services: {web: {image: 'x:${TAG}'}}\n", _env="TAG=1\nCOMPOSE_DISABLE_ENV_FILE=1\n")
    ),
    "an .env that names files and switches itself off": Case(
        {
            ".env": "COMPOSE_FILE=sub/a.yml\nTAG=1\nCOMPOSE_DISABLE_ENV_FILE=1\n",
            "sub/a.yml": "services: {web: {image: 'x:${TAG}'}}\n",
            "sub/.env": "TAG=2\n",
        }
    ),
    "an .env beside the given file that switches itself off": Case(
        {
            ".env": "TAG=1\n",
            "sub/a.yml": "services: {web: {image: 'x:${TAG}'}}\n",
            "sub/.env": "TAG=2\nCOMPOSE_DISABLE_ENV_FILE=1\n",
        },
        given=("sub/a.yml",),
    ),
    "COMPOSE_FILE of the shell": Case(
        {
            ".env": "COMPOSE_FILE=a.yml\nX=1\n",
            "a.yml": BUILD,
            "sub/b.yml": "services: {web: {build: {context: ., args: {A: $X}}}}\n",
            "sub/.env": "X=2\n",
        },
        environment={"COMPOSE_FILE": "sub/b.yml"},
    ),
    "COMPOSE_FILE of the shell, and the project directory": Case(
        {"a.yml": BUILD, "sub/.env": "X=2\n"},
        project="sub",
        environment={"COMPOSE_FILE": "a.yml"},
    ),
    "COMPOSE_FILE of the shell, and files given": Case(
        {"a.yml": BUILD, "b.yml": "services: {web: {image: b}}\n"},
        given=("b.yml",),
        environment={"COMPOSE_FILE": "a.yml"},
    ),
    "COMPOSE_PATH_SEPARATOR of the shell": Case(
        {"a.yml": BUILD, "b.yml": "services: {web: {image: b}}\n"},
        environment={"COMPOSE_FILE": "a.yml,b.yml", "COMPOSE_PATH_SEPARATOR": ","},
    ),
    "COMPOSE_FILE above": Case(
        {"a.yml": BUILD, "below/x": ""}, directory="below", environment={"COMPOSE_FILE": "../a.yml"}
    ),
    "COMPOSE_ENV_FILES": Case(
        {"compose.yaml": "services: {web: {image: 'i:${V}'}}\n", ".env": "V=no\n", "a.env": "V=a\n", "b.env": "V=b\n"},
        environment={"COMPOSE_ENV_FILES": "a.env,b.env"},
    ),
    "COMPOSE_ENV_FILES, and an env file given": Case(
        {"compose.yaml": "services: {web: {image: 'i:${V}'}}\n", ".env": "V=no\n", "a.env": "V=a\n", "b.env": "V=b\n"},
        env_files=("a.env",),
        environment={"COMPOSE_ENV_FILES": "b.env"},
    ),
    "COMPOSE_ENV_FILES that names the files": Case(
        {"a.yml": BUILD, "sub/a.env": "COMPOSE_FILE=a.yml\n"}, environment={"COMPOSE_ENV_FILES": "sub/a.env"}
    ),
    "files given": Case(
        {
            "compose.yaml": BUILD,
            "prod.yml": "services: {web: {build: {target: prod}}}\n",
            "compose.override.yaml": "services: {web: {image: no}}\n",
        },
        given=("compose.yaml", "prod.yml"),
    ),
    "files given from another directory": Case(
        {"deploy/a.yml": "services: {web: {build: ..}}\n", "over/b.yml": "services: {web: {build: {context: x}}}\n"},
        given=("deploy/a.yml", "over/b.yml"),
    ),
    "project directory": Case(
        {
            "deploy/a.yml": "services: {web: {build: ./x, image: 'i:${V}'}}\n",
            ".env": "V=root\n",
            "deploy/.env": "V=deploy\n",
        },
        given=("deploy/a.yml",),
        project=".",
    ),
    "env file given": Case(
        {
            "compose.yaml": "services: {web: {image: 'i:${V:-none}'}}\n",
            ".env": "V=no\n",
            "a.env": "V=a\nW=1\n",
            "b.env": "V=b$W\n",
        },
        env_files=("a.env", "b.env"),
    ),
    "the shell wins": Case(one("services: {web: {image: 'i:${BOTH}'}}\n", _env="BOTH=file\n")),
    "several documents": Case(
        one(BUILD + "---\nservices: {web: {build: {target: t}}}\n---\nservices: {web: {image: x}}\n")
    ),
    "byte order mark and CRLF": Case(one("\ufeff" + BUILD.replace("\n", "\r\n"))),
    "args as map over list": Case(
        one(
            "services: {web: {build: {args: [A=1, B, C=3]}}}\n",
            compose_override_yaml="services: {web: {build: {args: {A: 2, C: , D: 4}}}}\n",
        )
    ),
    "args as list over map": Case(
        one(
            "services: {web: {build: {args: {A: 1, SHELL_SET: }}}}\n",
            compose_override_yaml="services: {web: {build: {args: [A, 'E=e=e']}}}\n",
        )
    ),
    "args twice in a list": Case(one("services: {web: {build: {args: [A=1, A=2, A]}}}\n")),
    "argument named by a variable": Case(
        one("services: {web: {build: {args: ['${SHELL_SET}', 'X${EMPTY}=1']}}}\n", _env="EMPTY=\n")
    ),
    "numbers": Case(
        one(
            "services:\n  web:\n    build:\n      args:\n"
            + "".join(
                f"        A{number}: {text}\n"
                for number, text in enumerate(
                    "1.50 1e3 0x1F 010 1_000 yes .inf -.INF 0.00001 0o17 -0b11 12e30 True +5 1:30 089 -.5 .nan 18446744073709551615 "
                    "18446744073709551616 1234567.0 123456.0 999999.5 -0 -0.0 1. 1e400 0b 00 9007199254740993.0 2024-13-15 24-01-01 "
                    "0x_1 _1 1_ 1_0.5 on 1E5 1e21 0.0001234".split()
                )
            )
        ),
        since=(2, 40),
    ),
    "short build over long": Case(
        one(
            "services: {web: {build: {context: a, target: t, args: {A: 1}}}}\n",
            compose_override_yaml="services: {web: {build: ./b}}\n",
        )
    ),
    "null build over one": Case(one(BUILD, compose_override_yaml="services: {web: {build: , image: x}}\n")),
    "null texts over texts": Case(
        one(
            "services: {web: {build: {context: a, target: t}, image: x}}\n",
            compose_override_yaml="services: {web: {build: {context: , target: }, image: }}\n",
        )
    ),
    "reset of a build": Case(one(BUILD, compose_override_yaml="services: {web: {build: !reset null, image: x}}\n")),
    "reset of a service": Case(
        one(BUILD + "  other: {image: x}\n", compose_override_yaml="services: {web: !reset null}\n")
    ),
    "reset of an argument": Case(
        one(
            "services: {web: {build: {args: {A: 1, B: 2}}}}\n",
            compose_override_yaml="services: {web: {build: {args: {A: !reset null}}}}\n",
        )
    ),
    "reset of an argument of a list": Case(
        one(
            "services: {web: {build: {args: [A=1, B=2]}}}\n",
            compose_override_yaml="services: {web: {build: {args: {A: !reset null}}}}\n",
        )
    ),
    "override of arguments": Case(
        one(
            "services: {web: {build: {args: {A: 1, B: 2}}}}\n",
            compose_override_yaml="services: {web: {build: {args: !override [C=3]}}}\n",
        )
    ),
    "override of a build": Case(
        one(
            "services: {web: {build: {args: {A: 1}, target: t}}}\n",
            compose_override_yaml="services: {web: {build: !override {context: x}}}\n",
        )
    ),
    "override of volumes": Case(
        one(
            "services: {web: {image: x, volumes: [./a:/a, ./b:/b]}}\n",
            compose_override_yaml="services: {web: {volumes: !override [./c:/c]}}\n",
        )
    ),
    "reset of what is extended": Case(
        one(
            "services:\n  base: {build: {context: b, args: {A: 1}}, image: x}\n  web:\n    extends: base\n    build: !reset null\n"
        )
    ),
    "lists are put together": Case(
        one(
            "services: {web: {build: {context: ., cache_from: [a, a], cache_to: [x]}}}\n",
            compose_override_yaml="services: {web: {build: {cache_from: [a, b]}}}\n",
        )
    ),
    "volumes by target": Case(
        one(
            "services: {web: {image: x, volumes: [./a:/a, data:/b, /c]}}\nvolumes: {data: }\n",
            compose_override_yaml="services: {web: {volumes: [./z:/b/, {type: tmpfs, target: /c}, more:/d:ro]}}\nvolumes: {more: }\n",
        )
    ),
    "volumes that look like drives": Case(
        one("services: {web: {image: x, volumes: ['a:/x', '\\\\srv\\p:/y', '/z', 'ab:/w:ro,rw']}}\nvolumes: {ab: }\n"),
        since=(2, 40),
    ),
    "home directories": Case(
        one("services: {web: {build: ~/b, image: x, volumes: [~/a:/a, {type: bind, source: '~', target: /h}]}}\n")
    ),
    "no_cache as text": Case(
        one("services: {web: {build: {context: ., no_cache: 'on'}}, b: {build: {no_cache: '${X:-false}'}}}\n")
    ),
    "contexts": Case(
        one(
            "services:\n"
            + "".join(
                f"  s{number}: {{build: '{text}'}}\n"
                for number, text in enumerate(
                    (
                        "./",
                        "a/../b",
                        "..",
                        "/abs//x/",
                        "https://h/r.git",
                        "git@h:r",
                        "docker-image://x",
                        "service:s0",
                        "github.com/a/b",
                        "C:\\x",
                        "",
                        "~",
                    )
                )
            )
        )
    ),
    "pull policy": Case(
        one("services: {a: {image: x, pull_policy: if_not_present}, b: {image: x, pull_policy: build}}\n")
    ),
    "inline Dockerfile": Case(
        one(
            "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM x\n        RUN echo $$A ${SHELL_SET}\n"
        )
    ),
    "anchors": Case(
        one(
            "x-b: &b\n  context: b\n  args: &a {A: 1}\nservices:\n  one: {build: *b}\n  two: {build: {<<: *b, context: c}}\n  three: {build: {args: {<<: *a, B: 2}}}\n"
        )
    ),
    "merge keys in order": Case(
        one(
            "x-a: &a {context: a, target: a}\nx-b: &b {context: b, dockerfile: b, target: b}\nservices:\n  one: {build: {<<: [*a, *b], target: own}}\n  two: {build: {<<: [*b, *a]}}\n"
        )
    ),
    "merge keys on a service": Case(
        one(
            "x-s: &s\n  build: {context: s, args: {A: 1}}\n  image: s\nservices:\n  one:\n    <<: *s\n    build: {context: own}\n"
        )
    ),
    "extends in the short form": Case(
        one("services:\n  base: {build: {context: b, args: {A: 1}}}\n  web: {extends: base, build: {args: {B: 2}}}\n")
    ),
    "extends before its base": Case(one("services:\n  a: {extends: {service: z}}\n  z: {build: z}\n")),
    "a chain of extends": Case(
        one(
            "services:\n  a: {build: {context: a, args: [X=a, Y=a]}}\n  b: {extends: a, build: {args: {X: b}}}\n  c: {extends: {service: b}, build: {args: [Z=c]}}\n"
        )
    ),
    "extends of another file": Case(
        one(
            "services:\n  web: {extends: {file: sub/base.yml, service: base}, build: {args: {B: 2}}, volumes: ['./w:/w']}\n",
            sub__base_yml="services:\n  base: {build: {context: ./ctx, args: {A: $BOTH}}, volumes: ['./v:/v']}\n",
        )
    ),
    "a base without a context": Case(
        one(
            "services:\n  web: {extends: {file: sub/base.yml, service: base}}\n",
            sub__base_yml="services:\n  base: {build: {dockerfile: D}}\n",
        )
    ),
    "extends through three files": Case(
        {
            "compose.yaml": "services:\n  web: {extends: {file: a/a.yml, service: a}}\n",
            "a/a.yml": "services:\n  a: {extends: {file: ../b/b.yml, service: b}, build: {target: a}}\n",
            "b/b.yml": "services:\n  b: {build: {context: here}}\n",
        }
    ),
    "an extended file includes nothing": Case(
        {
            "compose.yaml": "services:\n  web: {extends: {file: a.yml, service: a}}\n",
            "a.yml": "include: [nowhere.yml]\nservices:\n  a: {build: .}\n",
        }
    ),
    "extends of its own file": Case(
        one("services:\n  base: {build: b}\n  web: {extends: {file: compose.yaml, service: base}}\n")
    ),
    "extends in an override": Case(
        one(
            "services:\n  web: {build: w, image: w}\n",
            compose_override_yaml="services:\n  base: {build: {target: t}}\n  web: {extends: base}\n",
        )
    ),
    "null arguments in what is extended": Case(
        one(
            "services:\n  base: {build: {args: {A: 1, SHELL_SET: 2}}}\n  web: {extends: base, build: {args: [A, SHELL_SET]}}\n"
        )
    ),
    "include": Case(
        one(
            "include: [sub/compose.yaml]\nservices: {web: {image: w}}\n",
            sub__compose_yaml="services: {db: {build: {context: ., args: {A: '${V}'}}, volumes: ['./d:/d']}}\n",
        )
        | {"sub/.env": "V=sub\nBOTH=sub\n"}
    ),
    "include in the long form": Case(
        {
            "compose.yaml": "include:\n  - path: [sub/a.yml, over.yml]\n    project_directory: .\n    env_file: [my.env]\n",
            "sub/a.yml": "services: {db: {build: {context: ./c, args: {V: $V}}}}\n",
            "over.yml": "services: {db: {build: {target: '$W'}}}\n",
            "my.env": "V=1\nW=two\n",
            ".env": "W=outer\n",
        }
    ),
    "include without an environment": Case(
        {
            "compose.yaml": "include: [{path: sub/a.yml, env_file: /dev/null}]\nservices: {x: {image: x}}\n",
            "sub/a.yml": "services: {db: {build: {args: {V: '${V:-d}'}}}}\n",
            "sub/.env": "V=no\n",
        },
        since=(2, 40),
    ),
    "bare arguments of what is included": Case(
        {
            "compose.yaml": "include: [sub/a.yml]\n",
            "sub/a.yml": "services: {db: {build: {args: [ONLY_SUB, ONLY_MAIN, SHELL_SET]}}}\n",
            "sub/.env": "ONLY_SUB=1\n",
            ".env": "ONLY_MAIN=1\n",
        }
    ),
    "include that includes": Case(
        {
            "compose.yaml": "include: [a/a.yml]\n",
            "a/a.yml": "include: [b/b.yml]\nservices: {a: {build: .}}\n",
            "a/b/b.yml": "services: {b: {build: .}}\n",
        }
    ),
    "override of what is included": Case(
        {
            "compose.yaml": "include: [sub/a.yml]\n",
            "sub/a.yml": "services: {db: {build: {args: {A: 1}}}}\n",
            "compose.override.yaml": "services: {db: {build: {context: x, args: {B: 2}}}}\n",
        }
    ),
    "include with a directory that is not here": Case(
        {
            "compose.yaml": "include: [{path: sub/a.yml, project_directory: gone/deep}]\n",
            "sub/a.yml": "services: {db: {build: ., volumes: ['./x:/x'], image: 'i${X}'}}\n",
            "gone/.env": "X=1\n",
        }
    ),
    "networks and services to wait for": Case(
        {
            "compose.yaml": "include: [inc/a.yml]\n"
            "services:\n  web: {image: x, networks: [default, front, inc], depends_on: [db, more]}\n"
            "  db: {image: x, networks: {front: {aliases: [d]}}, depends_on: {late: {condition: service_started, "
            "required: false}}}\n  late: {image: x, profiles: [p]}\n"
            "  own: {extends: base, networks: [late]}\n  base: {image: x, networks: {front: }, depends_on: [db]}\n"
            "networks: {front: }\n",
            "compose.override.yaml": "services:\n  web: {networks: {late: {aliases: [w]}}, depends_on: "
            "{more: {condition: service_healthy}}}\n"
            "  db: {depends_on: [more], networks: !override [late]}\n"
            "networks: {late: {external: true}}\n",
            "inc/a.yml": "services: {more: {image: x, networks: [inc]}}\nnetworks: {inc: {}}\n",
        }
    ),
    "include of nothing": Case(one("include: [{path: }]\nservices: {web: {image: w}}\n")),
    "services in place of others": Case(
        one(BUILD, compose_override_yaml="services: !override {two: {build: b}}\nx-own: 1\n")
    ),
    "a reset at an anchor counts there alone": Case(
        one(
            "services: {web: {image: i, build: {context: a, args: {A: 1}, cache_from: [c]}}}\n",
            compose_override_yaml="x-a: &a {args: !reset null}\nx-b: &b {cache_from: !reset null, target: t}\n"
            "x-n: &n !reset null\n"
            "services: {web: {build: {<<: [*a, *b]}, image: *n}}\n",
        )
    ),
    "a reset at an anchor inside a service that another one takes": Case(
        one(
            "services:\n  one: {image: i, build: {args: {A: 1}}}\n  two: {image: i, build: {args: {A: 1}}}\n",
            compose_override_yaml="services:\n  one: &one {build: {args: !reset null, target: t}}\n  two: *one\n",
        )
    ),
    "extends of what is included": Case(
        {
            "compose.yaml": "include: [sub/a.yml]\nservices: {db: {build: {args: {B: 2}}}}\n",
            "sub/a.yml": "services: {db: {build: {args: {A: 1}}}}\n",
        },
        since=(5, 0),
    ),
    "twice included": Case(
        {
            "compose.yaml": "include: [a.yml, b.yml]\n",
            "a.yml": "include: [c.yml]\nservices: {a: {image: a}}\n",
            "b.yml": "services: {b: {image: b}}\n",
            "c.yml": "services: {c: {build: .}}\n",
        }
    ),
    "variables everywhere": Case(
        one(
            "services:\n  web:\n    image: ${REG:-r.io}/x:${TAG-1}\n    build:\n      context: ./${DIR}\n      dockerfile: ${F:+$F.}Dockerfile\n      target: ${T:?no}\n      args: ['${N}=$$$N', 'J={\"a\": \"${T}\"}']\n      cache_from: ['type=registry,ref=${T}']\n",
            _env="DIR=d\nF=f\nT=t\nN=name\n",
        )
    ),
    "nested defaults": Case(
        one(
            "services:\n  web: {image: 'a${A:-${B-${C:-c}}}b${X:+${Y:-y}}${T:+${U:-u}}${E-e}${E:-${T}}'}\n",
            _env="T=t\nE=\n",
        )
    ),
    "what is no variable": Case(
        one(
            "services:\n  web: {image: 'a', build: {args: ['A=$1 $ $-', 'B=$$', 'C=$$$$x', 'D=${T}}', 'E={$T}', 'F=a$T-b']}}\n",
            _env="T=t\n",
        )
    ),
    "environment file": Case(
        one(
            "services:\n  web: {build: {args: [A, B, C, D, E, F, G, H, I, J, K, L, SHELL_SET, BOTH]}}\n",
            _env="\ufeffA=1 # c\nB='a $A'\nC=\"x\\ty $A\"\nexport D=d#e\nE: e\nF=\n G = g \nH=\"two\nlines\"\nI=${A}${NO:-i}\nJ=\\$x\nK='it\\'s'\nL=a'b'c\n#M=1\nBOTH=no\nSHELL_SET\n",
        )
    ),
    "profiles": Case(one("services:\n  web: {image: x, profiles: [a]}\n  b: {build: ., profiles: [b, c]}\n")),
    "provider": Case(one("services: {web: {provider: {type: model}}}\n"), since=(2, 36)),
    "an empty mapping": Case(one("services: {web: {build: {}}}\n")),
    "deploy only file": Case(one(BUILD, compose_override_yaml="networks: {n: }\n")),
}
E1 = "compose.yaml"
ENV = {
    "one.env": "FROM_FILE=1\nOVER=file\nSHELL_SET\nGONE\n",
    "two.env": "export FROM_FILE=x${FROM_FILE}\nQUOTED='$OVER'\nMENTIONS=\"$OVER/$BOTH/$LATER\"\nLATER=1\n",
}


def environment(text: str, **more: str) -> Case:
    """A service ``web`` with these keys; other files as for `one`."""
    return Case({**one(f"services:\n  web:\n    image: x\n{text}", **more), **ENV})


ACCEPTED |= {
    "keys that are not Compose's own": Case(
        {
            "compose.yaml": "services:\n"
            "  web: {extends: {file: base.yaml, service: u}, x-bild: ., build: {context: ., x-own: 1}}\n"
            "  reset: {image: x, bild: !reset null}\n",
            "base.yaml": "services:\n  t: {image: x, bild: .}\n  u: {image: y}\n",
        }
    ),
    "environment as a mapping": environment(
        "    environment: {A: 1, F: 1.50, T: true, E: '', N: , SHELL_SET: , BOTH: '${BOTH}!', Q: '1.0', H: 0x1F}\n"
    ),
    "environment as a list": environment(
        "    environment: [A=1, A=2, 'B= c', N, SHELL_SET, E=, ' L=1', '=x', D=2024-01-01]\n"
    ),
    "environment of the project": environment("    environment: {DOT: , M: '$DOT'}\n", _env="DOT=1\nBOTH=no\n"),
    "environment over a mapping": environment(
        "    environment: {A: 1, B: 2, C: 3, D: }\n",
        compose_override_yaml="services: {web: {environment: [A=4, B, E, SHELL_SET]}}\n",
    ),
    "environment over a list": environment(
        "    environment: [A=1, B, 'C=$BOTH', D]\n",
        compose_override_yaml="services: {web: {environment: {A: , B: 5, C: true, SHELL_SET: }}}\n",
    ),
    "environment taken away": environment(
        "    environment: {A: 1, B: 2}\n    env_file: one.env\n",
        compose_override_yaml="services: {web: {environment: {A: !reset null}, env_file: !reset []}}\n",
    ),
    "environment in place of another": environment(
        "    environment: {A: 1, B: 2}\n",
        compose_override_yaml="services: {web: {environment: !override {C: 3}}}\n",
    ),
    "environment from an anchor": Case(
        one("x-e: &e {A: 1, B: 2}\nservices: {web: {image: x, environment: {<<: *e, B: 3}}}\n")
    ),
    "environment of what it extends": Case(
        {
            "compose.yaml": "services: {web: {extends: {file: sub/b.yaml, service: b}, environment: {B: , C: 1}, env_file: s.env}}\n",
            "sub/b.yaml": "services: {b: {image: x, environment: [SHELL_SET, B=1], env_file: [s.env, ../s.env]}}\n",
            "sub/s.env": "S=sub\nT=$B\n",
            "s.env": "S=top\n",
        }
    ),
    "environment of what is included": Case(
        {
            "compose.yaml": "include: [inc/compose.yaml]\n",
            "inc/compose.yaml": "services:\n  a: {image: x, environment: [X, BOTH, N], env_file: i.env}\n"
            "  b: {image: x, environment: {X: , BOTH: , N: }}\n",
            "inc/.env": "X=inc\nBOTH=inc\n",
            "inc/i.env": "I=$X/$BOTH\n",
        }
    ),
    "environment files": environment(
        "    env_file: [one.env, {path: two.env}, {path: no.env, required: false}]\n    environment: {OVER: own}\n"
    ),
    "environment files the other way round": environment(
        "    env_file: [two.env, ./one.env]\n    environment: {OVER: }\n"
    ),
    "an environment file named again": environment("    env_file: [one.env, two.env, one.env]\n"),
    "an environment file named again in other words": environment("    env_file: [one.env, two.env, ./one.env]\n"),
    "an environment file over another": environment(
        "    env_file: one.env\n", compose_override_yaml="services: {web: {env_file: two.env}}\n"
    ),
    "a raw environment file": Case(
        {
            "compose.yaml": "services: {web: {image: x, env_file: [{path: r.env, format: raw}]}}\n",
            "r.env": "A='$B' # c\n # d\n  C=1 \nSHELL_SET\nN\n",
        }
    ),
    "an environment file with a variable in its path": environment("    env_file: '${GONE:-one}.env'\n"),
    "an environment file without a last line break": Case(
        {
            "compose.yaml": "services: {web: {image: x, env_file: n.env}}\n",
            "n.env": "\ufeffA=1\r\nB='x\ny'\nC",
        }
    ),
}
REFUSED = {
    "a service with a key that is misspelt": Refused(
        one("services:\n  web:\n    image: x\n    bild: .\n"),
        (E1, 4),
        "`bild` is no key of a service, did you mean `build`?",
    ),
    "a build with a key that is misspelt": Refused(
        one("services:\n  web:\n    build:\n      contxt: .\n"),
        (E1, 4),
        "`contxt` is no key of a build, did you mean `context`?",
    ),
    "a key that is misspelt in a service that is extended": Refused(
        {
            "compose.yaml": "services: {web: {extends: {file: base.yaml, service: t}}}\n",
            "base.yaml": "services:\n  t:\n    image: x\n    bild: .\n",
        },
        ("base.yaml", 4),
        "`bild` is no key",
    ),
    "a key that is misspelt in a service of a profile": Refused(
        one("services:\n  web:\n    image: x\n    zzz: .\n    profiles: [p]\n"), (E1, 4), "`zzz` is no key of a service"
    ),
    "a key that is misspelt where it is merged in": Refused(
        one("x-a: &a\n  bild: .\nservices:\n  web:\n    image: x\n    <<: *a\n"), (E1, 2), "`bild` is no key"
    ),
    "environment that is empty": Refused(
        one("services:\n  web:\n    image: x\n    environment:\n"), ("compose.yaml", 4), "must be a mapping or a list"
    ),
    "environment with a collection": Refused(
        one("services:\n  web:\n    image: x\n    environment:\n      A: [1]\n"), ("compose.yaml", 5), "must be text"
    ),
    "environment with a date": Refused(
        one("services:\n  web:\n    image: x\n    environment:\n      A: 2024-01-01\n"),
        ("compose.yaml", 5),
        "must be text",
    ),
    "environment with a number in a list": Refused(
        one("services:\n  web:\n    image: x\n    environment:\n      - 1\n"), ("compose.yaml", 5), "must be text"
    ),
    "a space before the equals sign": Refused(
        one("services:\n  web:\n    image: x\n    environment:\n      - A =1\n"), ("compose.yaml", 5), "has a space"
    ),
    "an environment file that is not here": Refused(
        one("services:\n  web:\n    image: x\n    env_file: no.env\n"), ("compose.yaml", 4), "cannot be read"
    ),
    "an environment file without a path": Refused(
        one("services:\n  web:\n    image: x\n    env_file:\n      - required: false\n"),
        ("compose.yaml", 5),
        "has no path",
    ),
    "an environment file as a mapping": Refused(
        one("services:\n  web:\n    image: x\n    env_file:\n      path: one.env\n"),
        ("compose.yaml", 4),
        "must be text or a list",
    ),
    "what an environment file says": Refused(
        {"compose.yaml": "services: {web: {image: x, env_file: bad.env}}\n", "bad.env": "A=1\nB C=2\n"},
        ("bad.env", 2),
        "must not contain a space",
    ),
    "no image and no build": Refused(
        one("services:\n  web:\n    command: x\n"), (E1, 2), "neither an image nor a build"
    ),
    "services that are none": Refused(
        one(BUILD, compose_override_yaml="# nothing\nservices:\n"), ("compose.override.yaml", 2), "must be a mapping"
    ),
    "services as a list": Refused(one("services: [web]\n"), (E1, 1), "must be a mapping"),
    "a key that is misspelt at the top": Refused(
        one(BUILD + "volume:\n  data:\n"), (E1, 4), "`volume` is no key of a Compose file, did you mean `volumes`?"
    ),
    "a service's name with a space": Refused(one("services:\n  a b: {image: x}\n"), (E1, 2), "no name of a service"),
    "a service's name with a variable": Refused(
        one("services:\n  web: {image: x}\n  '${SHELL_SET}': {image: x}\n"), (E1, 3), "no name of a service"
    ),
    "a service's name that is a number": Refused(one("services:\n  1: {image: x}\n"), (E1, 2), "it must be text"),
    "a network that nobody declares": Refused(
        one("services:\n  web:\n    image: x\n    networks:\n      - back\nnetworks: {front: }\n"), (E1, 5), "`back`"
    ),
    "a network with an address that nobody declares": Refused(
        one("services:\n  web:\n    image: x\n    networks:\n      back: {aliases: [a]}\n"), (E1, 5), "`back`"
    ),
    "a service to wait for that is not there": Refused(
        one("services:\n  web:\n    image: x\n    depends_on: [db]\n"), (E1, 4), "`db`"
    ),
    "a service to wait for in a way that is not there": Refused(
        one("services:\n  web:\n    image: x\n    depends_on:\n      db: {condition: service_started}\n"),
        (E1, 5),
        "`db`",
    ),
    "null build": Refused(one("services:\n  web:\n    build:\n"), (E1, 3), "is empty"),
    "null args": Refused(one("services:\n  web:\n    build:\n      args:\n"), (E1, 4), "`args`"),
    "null args in an override": Refused(
        one(BUILD, compose_override_yaml="services:\n  web:\n    build:\n      args:\n"),
        ("compose.override.yaml", 4),
        "`args`",
    ),
    "date": Refused(
        one("services:\n  web:\n    build:\n      args:\n        D: 2024-01-15\n"), (E1, 5), "`D`", since=(2, 40)
    ),
    "nested argument": Refused(one("services:\n  web:\n    build:\n      args:\n        D: [1]\n"), (E1, 5), "`D`"),
    "target that is a number": Refused(one("services:\n  web:\n    build:\n      target: 1\n"), (E1, 4), "`target`"),
    "image that is a list": Refused(one("services:\n  web:\n    image: [a]\n"), (E1, 3), "`image`"),
    "two Dockerfiles": Refused(
        one("services:\n  web:\n    build:\n      dockerfile: a\n      dockerfile_inline: FROM b\n"),
        (E1, 5),
        "exclude each other",
    ),
    "mapping over list": Refused(
        one(
            "services:\n  web:\n    build:\n      cache_from: [a]\n",
            compose_override_yaml="services:\n  web:\n    build:\n      cache_from: {a: b}\n",
        ),
        ("compose.override.yaml", 4),
        "list",
    ),
    "no_cache that is a word": Refused(
        one("services:\n  web:\n    build:\n      no_cache: perhaps\n"), (E1, 4), "true or false"
    ),
    "pull policy": Refused(one("services:\n  web:\n    image: x\n    pull_policy: seldom\n"), (E1, 4), "pull policy"),
    "unknown volume": Refused(
        one("services:\n  web:\n    image: x\n    volumes:\n      - data:/d\n"), (E1, 5), "not declared"
    ),
    "volume without a target": Refused(
        one("services:\n  web:\n    image: x\n    volumes:\n      - {type: volume}\n"), (E1, 5), "target"
    ),
    "too many colons": Refused(
        one("services:\n  web:\n    image: x\n    volumes:\n      - ./a:/b:ro:z\n"), (E1, 5), "colons"
    ),
    "nothing between colons": Refused(
        one("services:\n  web:\n    image: x\n    volumes:\n      - ./a::ro\n"), (E1, 5), "between"
    ),
    "two mounts at one place": Refused(
        one("services:\n  web:\n    image: x\n    volumes:\n      - ./a:/t\n      - {type: tmpfs, target: /t/}\n"),
        (E1, 6),
        "mounted",
        since=(2, 40),
    ),
    "service that is a word": Refused(one("services:\n  web:\n    image: x\n  restart: always\n"), (E1, 4), "mapping"),
    "extends of nothing": Refused(one("services:\n  web:\n    image: x\n    extends: gone\n"), (E1, 4), "`gone`"),
    "extends of a file that is missing": Refused(
        one("services:\n  web:\n    extends: {file: gone.yml, service: x}\n"), (E1, 3), "gone.yml"
    ),
    "extends of a service that a file lacks": Refused(
        one("services:\n  web:\n    extends: {file: a.yml, service: x}\n", a_yml="services: {y: {image: y}}\n"),
        (E1, 3),
        "`x`",
    ),
    "extends in a circle": Refused(
        one("services:\n  a: {extends: b}\n  b: {extends: c}\n  c:\n    extends: a\n    image: x\n"), (E1, 2), "circle"
    ),
    "extends of itself": Refused(one("services:\n  a:\n    extends: a\n    image: x\n"), (E1, 3), "circle"),
    "extends in a circle of files": Refused(
        one(
            "services:\n  a:\n    extends: {file: b.yml, service: b}\n",
            b_yml="services:\n  b:\n    extends: {file: compose.yaml, service: a}\n",
        ),
        ("b.yml", 3),
        "circle",
    ),
    "include of a missing file": Refused(
        one("include:\n  - gone.yml\nservices: {a: {image: a}}\n"), (E1, 2), "gone.yml"
    ),
    "include in a circle": Refused(
        one("include:\n  - b.yml\nservices: {a: {image: a}}\n", b_yml="include:\n  - compose.yaml\n"),
        ("b.yml", 2),
        "circle",
    ),
    "include of a missing environment": Refused(
        one("include:\n  - {path: a.yml, env_file: gone.env}\n", a_yml=BUILD), (E1, 2), "gone.env"
    ),
    "include that is a word": Refused(one("include: a.yml\nservices: {a: {image: a}}\n", a_yml=BUILD), (E1, 1), "list"),
    "a variable that does not end": Refused(
        one("services:\n  web:\n    image: x\n    command: echo ${A\n"), (E1, 4), "${A"
    ),
    "a variable without a name": Refused(one("x-a: '${}'\nservices:\n  web:\n    image: x\n"), (E1, 1), "${}"),
    "a required variable": Refused(
        one("services:\n  web:\n    image: x:${TAG:?no tag}\n"), (E1, 3), "TAG is missing a value: no tag"
    ),
    "an environment file": Refused(one(BUILD, _env="A=1\nB!=2\n"), (".env", 2), "'!'"),
    "an environment file that says nobody knows what": Refused(
        one(BUILD, _env="A=1\nCOMPOSE_DISABLE_ENV_FILE=yes\n"), (".env", 2), "true or false"
    ),
    "a quote in an environment file": Refused(one(BUILD, _env="A=1\n\nB='2\n"), (".env", 3), "never closed"),
    "an alias of itself": Refused(one("x-a: &a\n  b: *a\nservices:\n  web: {image: x}\n"), (E1, 2), "refers to itself"),
    "a space in an argument's name": Refused(
        one("services:\n  web:\n    build:\n      args:\n        - 'A =1'\n"), (E1, 5), "space", since=(2, 40)
    ),
    "a file that is given and missing": Refused(
        one(BUILD), ("gone.yml", 1), "gone.yml", given=("compose.yaml", "gone.yml")
    ),
}
