"""What the sections of an experiment have in common: their base, types, and errors that go to the user."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from deepfeat.config.sizes import parse_size
from deepfeat.config.values import shown_value


def fault(message: str, *at: str | int) -> PydanticCustomError:
    """The error of a validator whose message goes to the user as it is.

    Args:
        message: what is wrong; what to do.
        at: where, from the model that is validated; by default the model itself.
    """
    return PydanticCustomError("fault", "{message}", {"message": message, "at": at})


def _size(text: str) -> str:
    try:
        parse_size(text)
    except ValueError:
        raise fault(f"found {shown_value(text)}; write an amount such as 4 GiB or 500 MB") from None
    return text


Text = Annotated[str, Field(min_length=1)]
Size = Annotated[str, AfterValidator(_size)]


class Section(BaseModel):
    """A part of the experiment; a key without a value (or whose variable is empty) counts as left out."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_value_is_left_out(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}
