"""The configuration: where it is found, what it may say, and how it says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reaper.config import Config, find, known_keys, load
from reaper.durations import format_duration
from reaper.errors import ConfigurationError
from reaper.plan import Brake
from reaper.policy import Policy, Protection
from reaper.tags import BUILT_IN, ExpiryReader, KeepReader, Profile, TagRules
from reaper.tags import Read as TagReading

ROOT = Path(__file__).parents[1]

Read = Callable[..., Config]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Load a text as `reaper.yaml`, with an environment; None: there is no file."""

    def read(text: str | None = None, **env: str) -> Config:
        if text is not None:
            (tmp_path / "reaper.yaml").write_text(text)
        return load(None, env, directory=tmp_path, system=tmp_path / "none.yaml")

    return read


def problems(read: Read, text: str | None = None, **env: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        read(text, **env)
    return caught.value.args


# What is found


def test_without_any_file_the_local_engine_is_the_one_place(read: Read) -> None:
    config = read()

    assert config.source is None
    assert [place.host for place in config.providers.docker] == [None]


NOBODYS = "00000000-0000-0000-0000-000000000000"
OCI = "{tenancy: ocid1.tenancy.oc1..t, compartments: [ocid1.compartment.oc1..c]}"


@pytest.mark.parametrize("text", ["", "realm: ours\n", "providers:\n"])
def test_a_file_that_names_no_provider_means_none(read: Read, text: str) -> None:
    config = read(text)

    assert config.providers.docker == ()


def test_the_first_file_in_the_order_is_read(tmp_path: Path) -> None:
    names = ["named", "variable", "reaper", "config", "system"]
    files = {name: tmp_path / f"{name}.yaml" for name in names}
    for name, file in files.items():
        file.write_text(f"realm: {name}\n")

    realms = []
    for name in names:
        config = load(
            files["named"] if files["named"].exists() else None,
            {"REAPER_CONFIG": str(files["variable"])} if files["variable"].exists() else {},
            directory=tmp_path,
            system=files["system"],
        )
        realms.append(config.realm)
        files[name].unlink()

    assert realms == names


@pytest.mark.parametrize("env", [{}, {"REAPER_CONFIG": "nowhere.yaml"}])
def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path, env: dict[str, str]) -> None:
    path = None if env else tmp_path / "nowhere.yaml"

    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: there is no such file"):
        load(path, env, directory=tmp_path)


@pytest.mark.parametrize(
    "text", ["database: x\n", "- realm\n", "", "{{ template }}: [\n", "a: !vault x\n"]
)
def test_another_programs_config_yaml_is_passed_over_with_a_notice(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "config.yaml").write_text(text)

    found = find(None, {}, directory=tmp_path, system=tmp_path / "none.yaml")

    assert found.path is None
    assert "config.yaml was passed over" in found.notices[0]


def test_our_config_yaml_with_a_slip_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("realm: ours\npolicy: {\n")

    with pytest.raises(ConfigurationError, match=r"config\.yaml: it is no valid YAML: line 3"):
        load(None, {}, directory=tmp_path)


@pytest.mark.parametrize("content", [b"realm: \xff\n", b"- realm\n", b"just words\n"])
def test_a_file_that_holds_no_configuration_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "reaper.yaml").write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"reaper\.yaml: it (is no UTF-8|holds no keys)"):
        load(None, {}, directory=tmp_path)


def test_a_directory_in_the_files_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="it is a directory"):
        load(tmp_path, {})


def test_a_file_that_cannot_be_looked_at_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    unreachable = tmp_path / ("x" * 300)  # as in a directory that is closed to us, also for root

    with pytest.raises(ConfigurationError, match=r"it cannot be read \(File name too long\)"):
        load(unreachable, {})
    with pytest.raises(ConfigurationError, match="it cannot be read"):
        load(None, {}, directory=tmp_path, system=unreachable)


def test_a_key_that_stands_twice_is_an_error_with_its_line(read: Read) -> None:
    said = problems(read, "policy: {protect: ['name:db']}\nrealm: a\npolicy: {grace: 0s}\n")

    assert "line 3, column 1: the key policy stands twice" in said[0]


def test_merged_mappings_are_no_keys_that_stand_twice(read: Read) -> None:
    config = read(
        "providers:\n  docker:\n    - &a {name: a, host: 'unix:///a'}\n    - {<<: *a, name: b}\n"
    )

    assert [(place.name, place.host) for place in config.providers.docker] == [
        ("a", "unix:///a"),
        ("b", "unix:///a"),
    ]


def test_a_file_that_cannot_be_read_is_an_error_not_an_empty_file() -> None:
    with pytest.raises(ConfigurationError, match="it cannot be read"):
        load(Path("/proc/self/mem"), {})


def test_a_file_with_forbidden_characters_is_an_error(read: Read) -> None:
    assert "no valid YAML" in problems(read, "realm: \x07\n")[0]


def test_a_variable_below_what_is_no_section_leaves_the_error(read: Read) -> None:
    said = problems(read, "policy: 5\n", REAPER_POLICY__GRACE="0s")

    assert "policy is 5: write its keys below it" in said[0]


def test_the_default_ledger_follows_the_state_directory(read: Read) -> None:
    config = read(REAPER_STATE="/var/lib/ours")

    assert config.ledger == "sqlite:////var/lib/ours/ledger.db"


# What it may say


def test_the_documented_example_has_only_docker_active() -> None:
    config = load(ROOT / "config.yaml", {})

    assert config.providers.model_fields_set == {"docker"}
    assert [place.host for place in config.providers.docker] == ["unix:///var/run/docker.sock"]
    assert config.runs == Config().runs
    assert config.policy_settings == Config().policy_settings


def test_every_key_of_the_example_exists_also_those_commented_out() -> None:
    text = (ROOT / "config.yaml").read_text()
    active = re.sub(
        r"^( *)# ( *- |  +\w+:|ledger:|aws:|gce:|azure:|oci:)",
        r"\1\2",
        text,
        flags=re.MULTILINE,
    )
    active = re.sub(r": \[\](?=\s+# (what is never|tags that|cells with))", ":", active)

    written = set(_paths(yaml.safe_load(active), ""))

    assert written == {key.path for key in known_keys()}


def _paths(tree: Any, prefix: str) -> list[str]:
    if isinstance(tree, dict):
        paths = [f"{prefix}.{key}".lstrip(".") for key in tree]
        return paths + [p for key, value in tree.items() for p in _paths(value, f"{prefix}.{key}")]
    if isinstance(tree, list):
        return [path.lstrip(".") for entry in tree for path in _paths(entry, f"{prefix}[]")]
    return []


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ("docker:image", {"kind": "docker:image"}),
        ("kind:docker:image", {"kind": "docker:image"}),
        ("docker:*", {"kind": "docker:*"}),
        ("name:prod-*", {"name": "prod-*"}),
        ("'scope:*'", {"scope": "*"}),
        ("{kind: docker:volume, name: a:b}", {"kind": "docker:volume", "name": "a:b"}),
    ],
)
def test_protections_are_words_or_mappings(read: Read, entry: str, wanted: dict[str, str]) -> None:
    config = read(f"policy: {{protect: [{entry}]}}\n")

    assert [p.model_dump(exclude_none=True) for p in config.policy_settings.protect] == [wanted]


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////var/l.db", "sqlite:////var/l.db"),
        ("sqlite:///l.db", "sqlite:///l.db"),
    ],
)
def test_the_ledgers_address_is_brought_into_one_form(
    read: Read, address: str, wanted: str
) -> None:
    assert read(REAPER_LEDGER=address).ledger == wanted


def test_the_ledgers_file_may_lie_in_the_home_directory(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")

    assert read("ledger: sqlite:///~/l.db\n").ledger == "sqlite:////home/someone/l.db"


def test_what_it_says_reaches_the_rules(read: Read) -> None:
    config = read(
        "realm: ours\n"
        "runs: {max: 2h}\n"
        "policy:\n"
        "  {grace: 1m, max_keep: 2m, allow_forever: true, max_skew: 3s, reap_unknown_after: 4d,\n"
        "   enable: ['docker:image'], protect: ['name:prod-*'],\n"
        "   brake: {max_deletions: 1, max_share: 0.2, min_tagged: 3}}\n"
    )

    assert config.policy() == Policy(
        grace=timedelta(minutes=1),
        max_keep=timedelta(minutes=2),
        allow_forever=True,
        max_skew=timedelta(seconds=3),
        reap_unknown_after=timedelta(days=4),
        max_run=timedelta(hours=2),
        protect=(Protection(kind=None, scope=None, name="prod-*"),),
        enabled=frozenset({"docker:image"}),
    )
    assert config.brake() == Brake(max_deletions=1, max_share=0.2, min_tagged=3)
    assert config.tag_rules() == TagRules(realm="ours")


def test_profiles_are_ones_own_or_those_that_reaper_brings(read: Read) -> None:
    config = read(
        "tags:\n"
        "  profiles:\n"
        "    - testcontainers\n"
        "    - {name: ours, run: BuildId, owner: StartedBy, keep: {key: keep, read: hours},\n"
        "       expires: {key: ttl, after: 7d}, reap: true, no_identity: [manual]}\n"
        "    - {name: theirs, run: JobId}\n"
    )

    *brought, ours, theirs = config.tag_rules().profiles
    assert tuple(brought) == BUILT_IN["testcontainers"]
    assert ours == Profile(
        name="ours",
        run="BuildId",
        owner="StartedBy",
        keep=KeepReader(key="keep", read=TagReading.HOURS),
        expires=ExpiryReader(key="ttl", read=TagReading.EPOCH, after=timedelta(days=7)),
        reap=True,
        no_identity=("manual",),
    )
    assert theirs == Profile(name="theirs", run="JobId", no_identity=())


def test_the_configuration_cannot_be_changed_once_read(read: Read) -> None:
    config = read()

    with pytest.raises(ValidationError, match="frozen"):
        config.realm = "other"


# What is wrong


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("policy: {garce: 1m}", "there is no key policy.garce; did you mean policy.grace?"),
        ("grace: 1m", "there is no key grace; did you mean policy.grace?"),
        ("providers: {gcp: []}", "there is no key providers.gcp"),
        (
            f"providers: {{oci: [{OCI}, {OCI}]}}",
            "providers: oci has two places with the tenancy ocid1.tenancy.oc1..t, and only one",
        ),
        ("providers: {gce: [{project: p-1}, {project: p-1}]}", "with the project p-1"),
        (
            f"providers: {{azure: [{{subscription: {NOBODYS}}}, {{subscription: {NOBODYS}}}]}}",
            NOBODYS,
        ),
        (
            "providers: {docker: [{hots: x}]}",
            "there is no key providers.docker[0].hots; did you mean providers.docker[].host?",
        ),
        ("policy: {grace: 15}", "policy.grace: 15 is no duration: write a whole number and a unit"),
        ("policy: {grace: -15m}", "policy.grace: '-15m' is no duration"),
        ("policy: {max_keep: 99999d}", "policy.max_keep: 99999d is out of range"),
        ("policy: {reap_unknown_after: 0s}", "policy.reap_unknown_after: 0s is too short"),
        ("policy: {brake: {max_share: 1.01}}", "policy.brake.max_share is 1.01: write at most 1"),
        ("policy: {brake: {max_share: -0.1}}", "policy.brake.max_share is -0.1: write at least 0"),
        ("policy: {brake: {max_share: .nan}}", "policy.brake.max_share is nan: write"),
        ("policy: {brake: {max_deletions: yes}}", "policy.brake.max_deletions: true is no number"),
        ("policy: {brake: {min_tagged: x}}", "policy.brake.min_tagged is 'x': write a whole"),
        ("policy: {allow_forever: 3}", "policy.allow_forever is 3: write true or false"),
        ("policy: {protect: [{}]}", "policy.protect[0]: it protects nothing"),
        ("policy: {protect: [prod]}", "policy.protect[0].kind: 'prod' is no kind"),
        ("policy: {protect: ['dokcer:*']}", "no provider that reaper knows; did you mean docker?"),
        ("policy: {protect: docker:image}", "policy.protect is 'docker:image': write a list"),
        ("policy: {enable: ['docker:*']}", "policy.enable[0]: 'docker:*' is a pattern"),
        ("policy: 5", "policy is 5: write its keys below it"),
        ("policy: true", "policy is true: write its keys below it"),
        ("ledger: 5", "ledger is not readable: write a text"),
        ("runs: {beat: 61s}", "runs.beat must be at least ten times shorter than runs.lease"),
        ("runs: {max: 9m}", "runs.max (9m) must not be shorter than runs.lease (10m)"),
        ("runs: {lease: 0s}", "runs.lease: 0s is too short"),
        ("realm: Ours", "realm is 'Ours': write at most 63 lower-case letters"),
        ("realm: 5", "realm is 5: write a text, a number in quotes"),
        ("ledger: mysql://h/d", "ledger: it is no ledger's address: write sqlite:///FILE or"),
        ("ledger: 'sqlite://'", "ledger: a ledger in memory forgets"),
        ("ledger: 'sqlite:///:memory:'", "ledger: a ledger in memory forgets"),
        ("providers: {docker: }", "providers.docker is empty: write a list"),
        ("providers: {docker: [{host: x}]}", "'x' is no engine's address"),
        (
            "providers: {docker: [{host: 'tcp://u:hunter2@x'}]}",
            "docker[0]: host must not hold a pas",
        ),
        ("providers: {docker: [{host: 'unix:///x', context: y}]}", "give only one of them"),
        ("providers: {docker: [{tls: {cert: /x}}]}", "cert and key go together"),
        ("providers: {docker: [{host: 'unix:///x', tls: {}}]}", "tls needs a host of the form"),
        ("tags: {profiles: [{name: x}]}", "tags.profiles[0].run is missing"),
        ("tags: {profiles: [{name: x, run: y, reap: true}]}", "the profile x reaps, but nothing"),
        ("tags: {profiles: [{name: x, run: a}, {name: x, run: b}]}", "two profiles are called x"),
        (
            "tags: {profiles: [{name: x, run: a, keep: {key: k, read: days}}]}",
            "tags.profiles[0].keep.read is 'days': write 'hours', 'epoch' or 'words'",
        ),
        ("tags: {profiles: [{name: x, run: a, rape: true}]}", "did you mean tags.profiles[].reap"),
        ("tags: {profiles: [{name: x, run: reaper-run}]}", "reaper-run is reaper's own tag"),
        ("tags: {profiles: [{name: x, run: a, expires: {}}]}", "expires: it tells no time"),
        (
            "tags: {profiles: [{name: x, run: a, expires: {key: k, read: words}}]}",
            "words tell no time",
        ),
        ("tags: {profiles: [testcontainer]}", "did you mean testcontainers?"),
        ("tags: {profiles: [5]}", "tags.profiles[0] is 5: write its keys below it"),
    ],
)
def test_an_error_is_one_sentence_with_file_key_and_cure(
    read: Read, text: str, sentence: str
) -> None:
    said = problems(read, text)

    assert len(said) == 1
    assert "reaper.yaml: " in said[0]
    assert sentence in said[0]


def test_all_errors_are_told_at_once(read: Read) -> None:
    said = problems(
        read,
        "realm: Ours\npolicy: {garce: 1m, max_keep: x}\n",
        REAPER_RUNS__LEASE="1",
        REAPER_RUNS__LAESE="1h",
    )

    assert len(said) == 5
    assert sum("reaper.yaml" in sentence for sentence in said) == 3


def test_several_errors_stand_below_each_other() -> None:
    assert str(ConfigurationError("a", "b")) == "the configuration has 2 problems:\n  - a\n  - b"


def test_a_password_in_a_refused_ledger_address_is_not_shown(read: Read) -> None:
    said = problems(read, "ledger: mysql://u:sesame@h/d\n")

    assert "sesame" not in str(said)


# The environment


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("REAPER_POLICY__GARCE", "there is no key policy.garce; did you mean REAPER_POLICY__GRACE"),
        ("REAPER_FOO__BAR", "there is no key foo.bar"),
        ("REAPER_PROVIDERS__DOCKER__HOST", "a list is given as a whole, in REAPER_PROVIDERS__D"),
    ],
)
def test_a_variable_that_names_no_key_is_an_error(read: Read, name: str, sentence: str) -> None:
    said = problems(read, **{name: "x"})

    assert said[0].startswith(f"{name}: {sentence}")


@pytest.mark.parametrize(("text", "what"), [("[", "no valid YAML"), ("", "nothing is no duration")])
def test_a_variable_that_does_not_parse_is_an_error(read: Read, text: str, what: str) -> None:
    said = problems(read, REAPER_POLICY__GRACE=text)

    assert said[0].startswith("REAPER_POLICY__GRACE: ")
    assert what in said[0]


def test_an_error_between_file_and_environment_names_both(read: Read) -> None:
    said = problems(read, "runs: {lease: 5m}\n", REAPER_RUNS__BEAT="1m")

    assert re.match(r"\S*reaper\.yaml and REAPER_RUNS__BEAT: runs: a beat every 1m", said[0])


def test_other_variables_of_ours_are_no_keys(read: Read) -> None:
    names = ["URL", "TOKEN", "RUN_ID", "STATE", "TEST_POSTGRES", "POLICY"]

    config = read(**{f"REAPER_{name}": "x" for name in names})

    assert config.policy_settings == Config().policy_settings


def test_a_variable_for_a_part_leaves_the_rest_of_the_file(read: Read) -> None:
    config = read(
        "policy: {grace: 1m, brake: {min_tagged: 7}}\n",
        REAPER_POLICY__BRAKE="{max_share: 0.1, max_deletions: 3}",
        REAPER_POLICY__BRAKE__MAX_DELETIONS="4",
    )

    brake = config.policy_settings.brake
    assert config.policy_settings.grace == timedelta(minutes=1)
    assert (brake.max_deletions, brake.max_share, brake.min_tagged) == (4, 0.1, 7)


def test_a_variable_can_take_all_places_away(read: Read) -> None:
    assert read(REAPER_PROVIDERS__DOCKER="[]").providers.docker == ()


def test_a_variables_text_needs_no_quotes(read: Read) -> None:
    assert read(REAPER_REALM="007").realm == "007"


durations = st.builds(
    format_duration, st.timedeltas(min_value=timedelta(seconds=0), max_value=timedelta(days=3650))
)
entries = st.fixed_dictionaries(
    {}, optional={"kind": st.just("docker:*"), "name": st.text(), "scope": st.sampled_from("ab*")}
)
values = st.one_of(
    st.tuples(st.sampled_from(["policy.grace", "policy.max_keep", "runs.lease"]), durations),
    st.tuples(st.just("policy.reap_unknown_after"), st.none() | durations),
    st.tuples(st.just("policy.allow_forever"), st.booleans()),
    st.tuples(st.just("policy.brake.max_share"), st.floats() | st.integers()),
    st.tuples(st.just("policy.brake.max_deletions"), st.integers() | st.floats() | st.text()),
    st.tuples(st.just("policy.protect"), st.lists(entries | st.text(max_size=5), max_size=3)),
    st.tuples(st.just("realm"), st.text("abc-_X", min_size=1)),
)


@given(values)
def test_a_variable_means_what_its_text_means_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, written: tuple[str, Any]
) -> None:
    path, value = written
    directory = tmp_path_factory.mktemp("config", numbered=True)
    tree: Any = value
    for name in reversed(path.split(".")):
        tree = {name: tree}
    (directory / "tree.yaml").write_text(yaml.safe_dump(tree), "utf-8")
    (directory / "empty.yaml").write_text("")
    variable = "REAPER_" + path.replace(".", "__").upper()
    text = value if path == "realm" else yaml.safe_dump(value)

    by_file = _result(directory / "tree.yaml", {})
    by_variable = _result(directory / "empty.yaml", {variable: text})

    assert by_file == by_variable


def _result(path: Path, env: dict[str, str]) -> str | tuple[str, ...]:
    """Load it and write it down; of errors, what stands after the source."""
    try:
        return load(path, env).model_dump_json()
    except ConfigurationError as error:
        return tuple(str(problem).partition(": ")[2] for problem in error.args)


# The daemon


@pytest.mark.parametrize("address", ["127.0.0.1:9187", "0.0.0.0:0", "[::1]:80"])
def test_an_address_to_listen_on_is_an_ip_and_a_port(read: Read, address: str) -> None:
    assert read(f"daemon: {{listen: '{address}'}}").daemon.listen == address


@pytest.mark.parametrize("address", ["9187", ":9187", "localhost:9187", "127.0.0.1:99999", "::1"])
def test_another_address_is_refused(read: Read, address: str) -> None:
    (problem,) = problems(read, f"daemon: {{listen: '{address}'}}")

    assert "daemon.listen" in problem
    assert "IP:PORT" in problem


def test_the_first_schedule_that_fits_counts(read: Read) -> None:
    text = """
      daemon:
        schedule:
          - {cell: docker/ABC*, every: 1m}
          - {cell: "*build*", cron: 0 3 * * *}
    """
    daemon = read(text).daemon

    assert daemon.schedule_of("docker/ABC:D", "the build machine") == (timedelta(minutes=1), None)
    assert daemon.schedule_of("docker/XYZ", "the build machine") == (None, "0 3 * * *")
    assert daemon.schedule_of("docker/XYZ", "here") == (timedelta(minutes=5), None)


@pytest.mark.parametrize("entry", ["{cell: x}", "{cell: x, every: 1m, cron: '* * * * *'}"])
def test_a_schedule_has_either_an_interval_or_a_cron(read: Read, entry: str) -> None:
    (problem,) = problems(read, f"daemon: {{schedule: [{entry}]}}")

    assert "either every or cron" in problem


@pytest.mark.parametrize("cron", ["0 3 * *", "@daily", "0 3 * * $"])
def test_a_cron_has_five_fields(read: Read, cron: str) -> None:
    (problem,) = problems(read, f"daemon: {{schedule: [{{cell: x, cron: '{cron}'}}]}}")

    assert "five fields" in problem


def test_a_daemon_observes_until_it_is_told_to_act(read: Read) -> None:
    assert read().daemon.mode == "observe"
    assert read(REAPER_DAEMON__MODE="act").daemon.mode == "act"
