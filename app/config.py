"""Settings of this computer: defaults < file < environment < command line.

The file is `tegoed.toml` in the configuration folder. `TEGOED_HOME` names one folder for everything
(settings, embedded database, logs): a trial or a test then leaves nothing elsewhere. Settings that belong
to a company (sender, gaps, recall window) are in the database; here is only what this computer must know.
No secret is ever a setting.
"""

from __future__ import annotations

import os
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import platformdirs

from app.errors import Invalid

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "resources"
MIGRATIONS = ROOT / "migrations"


@dataclass(frozen=True, slots=True)
class Config:
    """What this computer must know.

    `home` holds the embedded database and logs, `settings` the file and the station's identity.
    `database` is a PostgreSQL connection string without a password, empty for the embedded server.
    `outbox` and `print_folder` are where folder deliveries land; `language` is of the screens.
    """

    home: Path
    settings: Path
    database: str = ""
    outbox: Path = Path()
    print_folder: Path = Path()
    language: str = "en"

    @property
    def log_folder(self) -> Path:
        return self.home / "log"

    def station_id(self) -> uuid.UUID:
        """This computer's identity as a sending station; made once, kept in the settings folder."""
        path = self.settings / "station"
        if path.exists():
            return uuid.UUID(path.read_text("ascii").strip())
        self.settings.mkdir(parents=True, exist_ok=True)
        station = uuid.uuid4()
        try:
            with path.open("x", encoding="ascii") as file:
                file.write(f"{station}\n")
        except FileExistsError:
            return uuid.UUID(path.read_text("ascii").strip())
        return station


def load(
    environment: Mapping[str, str] | None = None, *, overrides: Mapping[str, object] | None = None
) -> Config:
    """Settings from file, environment and `overrides` (the command line), in rising order.

    Raises `Invalid` naming the file and key when a setting is unknown or of the wrong kind.
    """
    env = os.environ if environment is None else environment
    config = _defaults(env)
    for source, values in (
        (str(config.settings / "tegoed.toml"), _file_values(config.settings / "tegoed.toml")),
        ("environment", _environment_values(env)),
        ("command line", {k: v for k, v in (overrides or {}).items() if v is not None}),
    ):
        config = _apply(config, source, values)
    return config


def _defaults(env: Mapping[str, str]) -> Config:
    if env.get("TEGOED_HOME"):
        home = settings = Path(env["TEGOED_HOME"]).expanduser().absolute()
    else:
        home = Path(platformdirs.user_data_path("tegoed", appauthor=False))
        settings = Path(platformdirs.user_config_path("tegoed", appauthor=False))
    return Config(home=home, settings=settings, outbox=home / "outbox", print_folder=home / "print")


def _file_values(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(
            str(path), f"{path} is not a settings file: {error}.", code="settings.unreadable"
        ) from error


def _environment_values(env: Mapping[str, str]) -> dict[str, object]:
    keys = {f"TEGOED_{field.name.upper()}": field.name for field in fields(Config)}
    return {keys[k]: v for k, v in env.items() if k in keys and v and keys[k] != "home"}


def _apply(config: Config, source: str, values: Mapping[str, object]) -> Config:
    known = {field.name for field in fields(Config)} - {"home", "settings"}
    checked: dict[str, object] = {}
    for key, value in values.items():
        if key not in known:
            raise Invalid(
                key,
                f"{source} has an unknown setting {key!r}.",
                remedy=f"Known settings: {', '.join(sorted(known))}.",
                code="settings.unknown",
            )
        if not isinstance(value, str | Path):
            raise Invalid(key, f"{source}: {key} must be text.", code="settings.kind")
        checked[key] = (
            Path(value).expanduser().absolute() if key in {"outbox", "print_folder"} else str(value)
        )
    return replace(config, **checked)  # pyright: ignore[reportArgumentType]
