"""What bodies and answers are made of: strict going in, plain going out, and bounded everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

INT64 = 2**63 - 1
ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

Id = Annotated[str, StringConstraints(pattern=ID, max_length=36)]
# A name is shown on one line: it has something to see and no control characters.
ONE_LINE = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=ONE_LINE)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", max_length=32)]
Text = Annotated[str, StringConstraints(max_length=4000)]
LongText = Annotated[str, StringConstraints(max_length=65536)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Ids = Annotated[list[Id], Field(max_length=64)]


class Body(BaseModel):
    """A request body: nothing is converted, nothing unknown is accepted."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)

    def values(self) -> dict[str, Any]:
        """What was sent, by field name; what was left out is left out, so that PATCH changes only what was named.

        Fields with a default are included when the model has no optional "not sent" meaning, as in a create.
        """
        names = type(self).model_fields if not self._partial() else self.model_fields_set
        return {name: getattr(self, name) for name in type(self).model_fields if name in names}

    @classmethod
    def _partial(cls) -> bool:
        return False


class Patch(Body):
    """A body of changes: a field that was not sent stays as it is."""

    @classmethod
    def _partial(cls) -> bool:
        return True


class Query(BaseModel):
    """Query parameters: text, so that ``"50"`` is a number; an unknown one is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """Part of an answer. Made from rows, dataclasses or mappings by ``of``."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    @classmethod
    def of(cls, thing: Any) -> Self:
        """The answer that shows ``thing``; reads attributes, or keys of a mapping."""
        return cls.model_validate(dict(thing) if isinstance(thing, Mapping) else thing)


class Ref(Answer):
    """Another thing, by id, with the name to show."""

    id: str
    name: str


class Failure(Answer):
    """What went wrong with a thing: a stable code and its sentence."""

    code: str
    detail: str


class TextAnswer(str):
    """An answer of type text/plain."""


class Health(Answer):
    """Whether this process can answer."""

    status: str
    version: str
