"""Settings classes: what a field may hold is written beside it, for scripts, files, the API and the page.

    @settings
    class Tcp(Checked):
        server_url: str = required(URLS.check(), address=True)
        persistent: bool = False
        ack: str = setting("", text(most=1024))

Without a check of its own, a field is checked by its type hint: a flag, a text of one line, a path, the words of an
enumeration, or another settings class.

Invariants, held by `tests/checks/test_checks.py`:

1. Every field has been checked before anyone sees the value.
2. What the schema refuses is refused; a flag, number, word, list or plain text that it takes is taken.
3. Hostile data is refused by `ConfigError`, with the path of every wrong field; nothing else is raised.
4. No text keeps a control character; line ends only in a text of `lines`.
5. No `repr` and no error shows a field marked `secret`.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import ItemsView, Mapping, Sequence
from dataclasses import MISSING, dataclass, is_dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Protocol,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from cammra_edge.checks import (
    MASK,
    Check,
    Want,
    choice,
    flag,
    inside,
    join,
    maybe,
    path,
    refused,
    shown,
    text,
)
from cammra_edge.errors import ConfigError, SettingsError

if TYPE_CHECKING:
    from cammra_edge.checks import Plain, Schema

    _Held_co = TypeVar("_Held_co", covariant=True)
    _Given_contra = TypeVar("_Given_contra", contravariant=True)

    class Taken(Generic[_Held_co, _Given_contra]):
        """A field whose constructor parameter is wider than the field: `Taken[Auth, Auth | AuthWord]`.

        To a type checker, a field declared as a descriptor has the parameter type of `__set__` and the value type of
        `__get__`; nothing else in `dataclass_transform` lets the two differ. At run time it is `Annotated`, so the
        field simply has the first type.
        """

        def __get__(self, instance: object, owner: type) -> _Held_co: ...
        def __set__(self, instance: object, value: _Given_contra) -> None: ...
else:
    Taken = Annotated

T = TypeVar("T")
_Key_co = TypeVar("_Key_co", covariant=True)
_Value_co = TypeVar("_Value_co", covariant=True)


class Entries(Protocol[_Key_co, _Value_co]):
    """What a mapping setting takes: unlike those of `Mapping`, its keys may be of a narrower type."""

    def items(self) -> ItemsView[_Key_co, _Value_co]:
        """Keys with their values."""
        ...


def record(cls: type[T]) -> Check[T]:
    """Another settings class: a script passes the value, plain data its fields."""

    def take(value: object) -> T:
        if not isinstance(value, cls):
            raise refused(value, Want.RECORD(kind=cls.__name__))
        return value

    return Check(take, schema_of(cls), lambda value: read_record(cls, value), record=cls)


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a settings class.

    Args:
        check: What it may hold.
        default: `dataclasses.MISSING` if it has none.
        secret: Written, but never shown.
        address: Names a host, to which the secrets beside it go.
        leads: Decides how those secrets get there, or who may be taken for that host.
        usual: Values to suggest; any other good value is as good.
        derived: The default stands for a value that follows from other fields; `_agree` fills it in.
    """

    check: Check[Any]
    default: object = MISSING
    secret: bool = False
    address: bool = False
    leads: bool = False
    usual: tuple[Plain, ...] = ()
    derived: bool = False

    def schema(self) -> Schema:
        """The field in JSON Schema."""
        schema = dict(self.check.schema)
        if self.usual:
            schema["examples"] = list(self.usual)
        if self.check.names_file:
            schema["readOnly"] = True
        if self.secret:
            schema["writeOnly"] = True
        elif self.default is not MISSING and not self.derived:
            schema["default"] = plain_of(self.default)
        return schema


def setting(  # noqa: PLR0913 - the marks of a field, by name
    default: object,
    check: Check[Any] | None = None,
    *,
    secret: bool = False,
    address: bool = False,
    leads: bool = False,
    usual: tuple[Plain, ...] = (),
    derived: bool = False,
) -> Any:  # noqa: ANN401 - as `dataclasses.field`, it stands for the default
    """A field with a default; the arguments are those of `Setting`."""
    marks = {
        "check": check,
        "secret": secret,
        "address": address,
        "leads": leads,
        "usual": usual,
        "derived": derived,
    }
    if type(default).__hash__ is None:
        return dataclasses.field(default_factory=lambda: default, metadata=marks)
    return dataclasses.field(default=default, metadata=marks)


def required(
    check: Check[Any] | None = None, *, secret: bool = False, address: bool = False
) -> Any:  # noqa: ANN401 - as above
    """A field without a default; the arguments are those of `Setting`."""
    return dataclasses.field(metadata={"check": check, "secret": secret, "address": address})


@dataclass_transform(frozen_default=True, field_specifiers=(required, dataclasses.field))
def settings(cls: type[T]) -> type[T]:
    """Make a class derived from `Checked` a frozen dataclass."""
    return dataclass(frozen=True, slots=True, repr=False)(cls)


class Checked:
    """Base of every settings class: checks its fields when it is made, and masks its secrets in its `repr`."""

    __slots__ = ()

    def __post_init__(self) -> None:
        known, owner = settings_of(type(self)), self._owner()
        errors: list[ConfigError] = []
        for name, field in known.items():
            value = getattr(self, name)
            if field.derived and value is field.default:
                continue
            try:
                self._put(name, field.check.take(value))
            except ConfigError as error:
                errors.extend(inside(error, name, mask=field.secret, owner=owner))
        if not errors:
            try:
                self._agree()
            except ConfigError as error:
                secret = error.field in known and known[error.field].secret
                errors.extend(inside(error, "", mask=secret, owner=owner))
        if errors:
            raise SettingsError(errors)

    def __repr__(self) -> str:
        pairs = [
            (name, MASK if field.secret and getattr(self, name) else getattr(self, name))
            for name, field in settings_of(type(self)).items()
        ]
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"

    def _agree(self) -> None:
        """Refuse values that do not go together, and fill in those that follow from others."""

    def _owner(self) -> str:
        """What a message calls this value, in front of the field."""
        return type(self).__name__

    def _put(self, name: str, value: object) -> None:
        """Set a field of the frozen value while it is made."""
        object.__setattr__(self, name, value)


_KNOWN: dict[type, Mapping[str, Setting]] = {}


def settings_of(cls: type) -> Mapping[str, Setting]:
    """The fields of a settings class in their order."""
    known = _KNOWN.get(cls)
    if known is None:
        hints = get_type_hints(cls)
        known = {
            field.name: _setting_of(field, hints[field.name])
            for field in dataclasses.fields(cls)
            if field.init
        }
        _KNOWN[cls] = known
    return known


def _setting_of(field: dataclasses.Field[Any], hint: object) -> Setting:
    marks = dict(field.metadata)
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return Setting(marks.pop("check", None) or _check_of(hint, field.name), default, **marks)


def _check_of(hint: object, name: str) -> Check[Any]:
    if get_origin(hint) in {Union, types.UnionType}:
        inner = [option for option in get_args(hint) if option is not types.NoneType]
        if len(inner) == 1:
            return maybe(_check_of(inner[0], name))
    if hint is bool:
        return flag()
    if hint is str:
        return text()
    if hint is Path:
        return path()
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return choice(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return record(hint)
    raise TypeError(f"{name}: say what it may hold, its type does not")


def leaves_of(cls: type) -> dict[str, Setting]:
    """The fields of a settings class and of the records in it, by their paths: `tls.pin`."""
    leaves: dict[str, Setting] = {}
    for name, field in settings_of(cls).items():
        inner = leaves_of(field.check.record) if field.check.record else {"": field}
        leaves |= {join(name, path): leaf for path, leaf in inner.items()}
    return leaves


def read_record(cls: type[T], plain: object, **ready: object) -> T:
    """A settings class from a mapping; missing fields take their default.

    Args:
        cls: The class.
        plain: Its fields; unknown ones are refused.
        ready: Fields that need not be read.

    Raises:
        ConfigError: Names every field that is wrong.
    """
    if not isinstance(plain, Mapping):
        raise refused(plain, Want.FIELDS())
    known = settings_of(cls)
    values = dict(ready)
    errors = [
        ConfigError(str(name)[:64], shown(value), Want.NO_SUCH_FIELD())
        for name, value in plain.items()
        if name not in known
    ]
    for name, field in known.items():
        if name in values:
            continue
        if name not in plain:
            if field.default is MISSING:
                errors.append(ConfigError(name, None, Want.VALUE()))
            continue
        try:
            values[name] = field.check.read(plain[name])
        except ConfigError as error:
            errors.extend(inside(error, name, mask=field.secret))
    if errors:
        raise SettingsError(errors)
    return cls(**values)


def plain_of(value: object) -> Plain:  # noqa: PLR0911 - one line per kind of value
    """The value as JSON-able data; fields in their order, sets sorted as their enumeration is."""
    if isinstance(value, Enum):
        return plain_of(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value):
        return {name: plain_of(getattr(value, name)) for name in settings_of(type(value))}
    if isinstance(value, Mapping):
        return {str(plain_of(key)): plain_of(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return [plain_of(item) for item in sorted(value, key=_rank)]
    if isinstance(value, Sequence):
        return [plain_of(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def _rank(item: object) -> tuple[int, str]:
    return (list(type(item)).index(item) if isinstance(item, Enum) else 0, str(item))


def schema_of(cls: type) -> Schema:
    """What `read_record` takes for a settings class: its fields with their defaults, bounds and secrecy."""
    known = settings_of(cls)
    schema: Schema = {
        "type": "object",
        "properties": {name: field.schema() for name, field in known.items()},
        "additionalProperties": False,
    }
    if missing := [name for name, field in known.items() if field.default is MISSING]:
        schema["required"] = list(missing)
    return schema
