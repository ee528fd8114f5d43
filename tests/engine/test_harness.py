"""The harness itself: what it reads from a log, and that an engine answers as the harness says."""

import pytest

OLD = """#1 [internal] load build definition from Dockerfile
#1 sha256:0123
#1 DONE 0.0s

#5 [1/3] FROM docker.io/library/base:1
#5 sha256:4567
#5 CACHED

#6 [2/3] RUN printf '#7 CACHED'
#6 sha256:89ab
#6 0.083 #7 CACHED#6 DONE 0.1s

#7 [3/3] COPY . .
#7 ...

#8 exporting to image
#8 DONE 0.0s

#7 [3/3] COPY . .
#7 DONE 0.4s
"""


def test_steps_of_a_log(parse_steps):
    assert parse_steps(OLD) == [
        ("[1/3] FROM docker.io/library/base:1", "cached"),
        ("[2/3] RUN printf '#7 CACHED'", "ran"),
        ("[3/3] COPY . .", "ran"),
    ]


@pytest.mark.engine
def test_build(engine, tmp_path):
    (tmp_path / "file").write_text(engine.unique())
    dockerfile = f"FROM {engine.base}\nARG REV\nRUN echo {engine.unique()}\nCOPY file /\n"
    labels = [f"[2/3] RUN {dockerfile.splitlines()[2][4:]}", "[3/3] COPY file /"]

    def steps(**options):
        found = engine.build(tmp_path, dockerfile, **options)
        return [one for one in found if " FROM " not in one.label]  # whose end an engine may not print

    assert steps() == [(label, "ran") for label in labels]
    assert steps() == [(label, "cached") for label in labels]
    assert steps(args={"REV": "2"}) == [(label, "ran") for label in labels]
    assert steps(no_cache=True) == [(label, "ran") for label in labels]


@pytest.mark.engine
def test_failure(engine, tmp_path):
    with pytest.raises(engine.BuildError, match="nope"):
        engine.build(tmp_path, "FROM scratch\nCOPY nope /\n")
