import uuid
from pathlib import Path

import pytest

from app import config
from app.errors import Invalid


@pytest.fixture
def home(tmp_path):
    return {"TEGOED_HOME": str(tmp_path)}


def write(folder: Path, text: str) -> None:
    (folder / "tegoed.toml").write_text(text, "utf-8")


def test_one_folder_for_everything_when_home_is_named(home, tmp_path):
    found = config.load(home)
    places = (found.home, found.settings, found.log_folder, found.outbox, found.print_folder)
    assert all(place == tmp_path or tmp_path in place.parents for place in places)


def test_without_a_home_settings_and_data_are_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    found = config.load({})
    assert found.home == tmp_path / "data" / "tegoed"
    assert found.settings == tmp_path / "config" / "tegoed"


def test_no_database_named_means_the_embedded_one(home):
    assert config.load(home).database == ""


def test_the_file_wins_over_the_default_the_environment_over_it_and_the_command_line_over_all(home, tmp_path):
    assert config.load(home).language == "en"
    write(tmp_path, 'language = "nl"')
    assert config.load(home).language == "nl"
    environment = home | {"TEGOED_LANGUAGE": "de"}
    assert config.load(environment).language == "de"
    assert config.load(environment, overrides={"language": "fr"}).language == "fr"


def test_what_the_command_line_leaves_out_stays_as_it_was(home, tmp_path):
    write(tmp_path, 'language = "nl"')
    assert config.load(home, overrides={"language": None}).language == "nl"


def test_an_unknown_setting_is_named_with_the_known_ones(home, tmp_path):
    write(tmp_path, 'langauge = "nl"')
    with pytest.raises(Invalid) as refused:
        config.load(home)
    assert "langauge" in str(refused.value)
    assert "language" in refused.value.remedy
    assert str(tmp_path / "tegoed.toml") in refused.value.message


@pytest.mark.parametrize("text", ["language = 7", "database = ['a']"])
def test_a_setting_of_the_wrong_kind_is_refused(home, tmp_path, text):
    write(tmp_path, text)
    with pytest.raises(Invalid) as refused:
        config.load(home)
    assert refused.value.code == "settings.kind"


@pytest.mark.parametrize("content", [b"language = ", b'language = "\xff"'])
def test_a_file_that_cannot_be_read_is_named(home, tmp_path, content):
    (tmp_path / "tegoed.toml").write_bytes(content)
    with pytest.raises(Invalid, match=r"tegoed\.toml"):
        config.load(home)


def test_home_itself_cannot_be_moved_by_the_file(home, tmp_path):
    write(tmp_path, 'home = "/elsewhere"')
    with pytest.raises(Invalid):
        config.load(home)


def test_folders_are_taken_from_where_the_command_was_given(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert config.load(home, overrides={"outbox": "mail"}).outbox == tmp_path / "mail"


def test_a_computer_keeps_its_identity(home):
    first = config.load(home).station_id()
    assert isinstance(first, uuid.UUID)
    assert config.load(home).station_id() == first


def test_two_computers_are_two_stations(tmp_path):
    stations = {config.load({"TEGOED_HOME": str(tmp_path / name)}).station_id() for name in "ab"}
    assert len(stations) == 2


def test_migrations_and_resources_are_where_the_program_is():
    assert (config.MIGRATIONS / "env.py").is_file()
    assert config.RESOURCES.is_dir()
