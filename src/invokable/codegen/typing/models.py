"""Models: the models installed on a server, as names for completion under each input that takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields

from invokable.codegen.naming.names import NameHints, attribute_names
from invokable.schema.model import InputTemplate


@dataclass(frozen=True, slots=True, order=True)
class InstalledModel:
    """A model in the server's list."""

    name: str
    base: str
    type: str
    key: str
    hash: str
    variant: str = ""
    format: str = ""

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> InstalledModel:
        """Read an entry of the server's list of models; missing values become empty."""
        given = (config.get(member.name) for member in fields(cls))
        return cls(*(value if isinstance(value, str) else "" for value in given))


def model_choices(template: InputTemplate, installed: Collection[InstalledModel]) -> dict[str, InstalledModel]:
    """The models that an input takes, by name; empty for an input of another type."""
    if template.type.name not in ("ModelIdentifierField", "LoRAField"):
        return {}
    fitting = sorted(model for model in set(installed) if template.models.admits(asdict(model)))
    hints = [
        NameHints((model.key, ""), model.name, f"{model.base} {model.type}", "", f"model_{number}")
        for number, model in enumerate(fitting)
    ]
    return dict(zip(attribute_names(hints, reserved=frozenset()), fitting, strict=True))
