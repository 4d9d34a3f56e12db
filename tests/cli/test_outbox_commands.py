"""`status`, `parked`, `outbox check` and `test`, on outboxes that a real replay filled."""

import json
from pathlib import Path

import pytest

from cammra_edge.cli import main
from cammra_edge.cli.exits import Exit
from cammra_edge.cli.script import load_script
from cammra_edge.cli.stored import audit_beside
from cammra_edge.clock import SYSTEM_CLOCK
from cammra_edge.config.saved import CURRENT, page_folder
from cammra_edge.receiver import Answer, Receiver
from cammra_edge.web import serve_page
from cammra_edge.web.access import Access
from cammra_edge.web.saved import SavedSettings
from tests.cli.scripts import write_recording, write_script

Said = pytest.CaptureFixture[str]


@pytest.fixture
def refused(tmp_path: Path, capsys: Said) -> Path:
    """A config whose receiver has refused some events for good: they are parked."""
    recording = write_recording(tmp_path / "r", vehicles=1, pictures=False)
    with Receiver() as receiver:
        receiver.answer(Answer(413), times=2)
        script = write_script(tmp_path / "camera.py", receiver.http_url)
        words = ["replay", str(recording), "--config", str(script), "--speed", "max"]
        assert main(words) == Exit.UNDELIVERED
    capsys.readouterr()
    return script


def test_parked_deliveries_are_listed_and_shown(refused: Path, capsys: Said) -> None:
    assert main(["parked", "list", str(refused), "--json"]) == Exit.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["profile"], row["packet"]) for row in rows] == [("gate", 1), ("gate", 2)]
    assert "413" in rows[0]["why"]
    assert main(["parked", "show", str(refused), "--seq", str(rows[0]["seq"])]) == Exit.OK
    assert "new of vehicle 1, AB0CD" in capsys.readouterr().out
    assert main(["parked", "show", str(refused)]) == Exit.USAGE
    assert main(["parked", "show", str(refused), "--seq", "99999"]) == Exit.USAGE


def test_parked_deliveries_can_be_exported_retried_and_discarded(
    refused: Path, tmp_path: Path, capsys: Said
) -> None:
    assert main(["parked", "export", str(refused), "--to", str(tmp_path / "out")]) == Exit.OK
    assert len(list((tmp_path / "out").glob("*.json"))) == 2
    capsys.readouterr()
    assert main(["parked", "list", str(refused), "--json"]) == Exit.OK
    first, second = (json.loads(line)["seq"] for line in capsys.readouterr().out.splitlines())
    assert main(["parked", "discard", str(refused)]) == Exit.USAGE
    assert main(["parked", "discard", str(refused), "--seq", str(first)]) == Exit.OK
    assert main(["parked", "retry", str(refused), "--profile", "gate"]) == Exit.OK
    assert "1 wait again" in capsys.readouterr().out
    assert main(["parked", "list", str(refused)]) == Exit.OK
    assert "nothing is parked" in capsys.readouterr().out
    assert second > first
    path = load_script(refused).engine.settings.outbox.path
    lines = [(line["kind"], line["what"]) for line in audit_beside(path).entries()]
    assert lines == [
        ("parked", "1 parked event of profile gate retried"),
        ("parked", "1 parked event of all profiles discarded"),
        ("export", "parked events exported"),
    ]


def test_a_profile_that_does_not_exist_is_named(refused: Path, capsys: Said) -> None:
    assert main(["parked", "list", str(refused), "--profile", "moon"]) == Exit.CONFIG
    assert "'moon'" in capsys.readouterr().err


def test_status_shows_the_outbox_of_a_script_or_a_path(refused: Path, capsys: Said) -> None:
    assert main(["status", str(refused), "--json"]) == Exit.OK
    (profile,) = json.loads(capsys.readouterr().out)["profiles"]
    assert (profile["name"], profile["parked_now"], profile["state"]) == ("gate", 2, "not running")
    path = load_script(refused).engine.settings.outbox.path
    assert main(["status", str(path), "--metrics"]) == Exit.OK
    assert 'cammra_parked_events{profile="gate",name="gate"} 2' in capsys.readouterr().out


def test_status_says_what_filters_kept_back_and_what_would_have_been_sent(
    refused: Path, capsys: Said
) -> None:
    script = load_script(refused).engine.settings
    page = SavedSettings(page_folder(script), script, lambda _: None, SYSTEM_CLOCK)
    page.save({"profiles[gate].events": ["lost"]}, on=None, who="test")
    assert main(["status", str(refused), "--json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    (outlook,) = told["outlook"]
    assert (outlook["profile"], outlook["of"] > outlook["would_send"]) == ("gate", True)
    assert outlook["kept_back"] == {"events": outlook["of"] - outlook["would_send"]}
    assert told["profiles"][0]["kept_back"].keys() <= {"events"}
    assert main(["status", str(refused)]) == Exit.OK
    sent = f"would have sent {outlook['would_send']} of the latest {outlook['of']} events"
    assert sent in capsys.readouterr().out
    assert main(["status", str(script.outbox.path), "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["outlook"] == []


def test_status_knows_the_profiles_of_the_page_too(refused: Path, capsys: Said) -> None:
    script = load_script(refused).engine.settings
    page = SavedSettings(page_folder(script), script, lambda _: None, SYSTEM_CLOCK)
    changes = {"profiles[Profile 2].name": "mine", "profiles[gate].name": "main gate"}
    page.save(changes, on=None, who="test")
    assert main(["status", str(refused), "--json"]) == Exit.OK
    profiles = json.loads(capsys.readouterr().out)["profiles"]
    assert [(one["key"], one["name"], one["state"]) for one in profiles] == [
        ("gate", "main gate", "not running"),
        ("Profile 2", "mine", "not running"),
    ]
    assert main(["outbox", "give", str(refused), "mine", "gate"]) == Exit.CONFIG
    (page_folder(script) / CURRENT).write_bytes(b"broken")
    assert main(["status", str(refused), "--json"]) == Exit.OK
    assert [one["key"] for one in json.loads(capsys.readouterr().out)["profiles"]] == ["gate"]


def test_status_asks_a_running_engines_page(
    refused: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = load_script(refused).engine
    (tmp_path / "page").mkdir(mode=0o700)
    token, _ = Access(tmp_path / "page" / "access.json", SYSTEM_CLOCK).tokens.make(
        "status", ["read"]
    )
    with (
        engine.running(live=False),
        serve_page(engine, port=0, folder=tmp_path / "page", say=False) as page,
    ):
        words = ["status", str(refused), "--page", page.url]
        assert main(words) == Exit.CONFIG
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith(
            "answers 401 Unauthorized; put a token made on the page in CAMMRA_TOKEN"
        )
        monkeypatch.setenv("CAMMRA_TOKEN", token)
        assert main([*words, "--json"]) == Exit.OK
        (profile,) = json.loads(capsys.readouterr().out)["profiles"]
        assert (profile["name"], profile["parked_now"]) == ("gate", 2)


def test_an_outbox_in_use_is_left_alone(refused: Path, capsys: Said) -> None:
    with load_script(refused).engine.running(live=False, local_socket=False):
        for words in (["status"], ["parked", "list"], ["parked", "retry"]):
            assert main([*words, str(refused)]) == Exit.OUTBOX
            assert "is held by process" in capsys.readouterr().err


def test_outbox_check_tells_a_whole_file_from_a_damaged_one(refused: Path, capsys: Said) -> None:
    assert main(["outbox", "check", str(refused)]) == Exit.OK
    assert "it is whole" in capsys.readouterr().out
    path = load_script(refused).engine.settings.outbox.path
    with load_script(refused).engine.running(live=False, local_socket=False):
        assert main(["outbox", "check", str(path)]) == Exit.OK
    (segment,) = path.glob("events-*.log")
    content = bytearray(segment.read_bytes())
    at = content.index(b"AB0CD")
    content[at : at + 5] = b"AB1CD"
    segment.write_bytes(content)
    assert main(["outbox", "check", str(path)]) == Exit.OUTBOX
    assert "is damaged from" in capsys.readouterr().out
    assert main(["outbox", "check", str(path.with_name("gone"))]) == Exit.OUTBOX
    assert "there is no outbox" in capsys.readouterr().err


def test_test_goes_step_by_step_and_says_what_to_do(tmp_path: Path, capsys: Said) -> None:
    with Receiver() as receiver:
        script = write_script(tmp_path / "camera.py", receiver.http_url)
        assert main(["test", str(script), "--plate", "TÖL1", "--json"]) == Exit.OK
        steps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {"tcp", "answer", "done"} <= {step["step"] for step in steps}
        assert [event.plate for event in receiver.events] == ["TÖL1"]
    assert main(["test", str(script), "gate"]) == Exit.UNDELIVERED
    text = capsys.readouterr().out
    assert "failed" in text
    assert "Check address and port" in text
    assert main(["test", str(script), "moon"]) == Exit.CONFIG


def test_test_takes_a_profile_by_key_or_name(tmp_path: Path, capsys: Said) -> None:
    script = tmp_path / "camera.py"
    script.write_text(
        "from cammra_edge import Engine, HttpPost, Profile\n"
        "way = HttpPost('http://127.0.0.1:1/')\n"
        "engine = Engine(profiles=[Profile('a', way, key='one'), Profile('b', way, key='two')])\n"
    )
    for texts, keys in ((["one"], ["one"]), (["b"], ["two"]), ([], ["one", "two"])):
        assert main(["test", str(script), *texts, "--json"]) == Exit.UNDELIVERED
        steps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert list(dict.fromkeys(step["profile"] for step in steps)) == keys


def test_what_a_removed_profile_left_is_shown_and_can_be_given_away(
    refused: Path, capsys: Said
) -> None:
    renamed = refused.read_text().replace("'gate'", "'barrier'")
    refused.write_text(renamed)
    assert main(["status", str(refused), "--json"]) == Exit.OK
    profiles = json.loads(capsys.readouterr().out)["profiles"]
    states = [(profile["key"], profile["state"], profile["parked_now"]) for profile in profiles]
    assert states == [("barrier", "not running", 0), ("gate", "removed", 2)]
    assert main(["outbox", "give", str(refused), "gate"]) == Exit.USAGE
    assert main(["outbox", "give", str(refused), "barrier", "gate"]) == Exit.CONFIG
    assert main(["outbox", "give", str(refused), "gate", "moon"]) == Exit.CONFIG
    capsys.readouterr()
    assert main(["outbox", "give", str(refused), "gate", "barrier"]) == Exit.OK
    assert "2 deliveries moved from gate to barrier" in capsys.readouterr().out
    path = load_script(refused).engine.settings.outbox.path
    (line,) = audit_beside(path).entries(kind="change")
    assert line["what"] == "2 events of profile gate given to barrier"
    assert line["who"] == "shell"
    assert main(["parked", "list", str(refused), "--json"]) == Exit.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["profile"] for row in rows] == ["barrier", "barrier"]
