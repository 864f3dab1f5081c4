"""The settings of an experiment that say where the work is done."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_serializer, model_validator

from deepfeat.config.endpoint import parse_endpoint
from deepfeat.config.section import Section, Size, Text, fault
from deepfeat.config.values import shown_value
from deepfeat.errors import did_you_mean

ENGINES = ("local", "dask")


def _endpoint(text: str) -> str:
    try:
        parse_endpoint(text)
    except ValueError:
        raise fault(
            f"found {shown_value(text)}; write a name or an address of this machine, with :port if it "
            "matters, and an address of IPv6 with a port as '[fd00::5]:8786'"
        ) from None
    return text


class TlsConfig(Section):
    """Files that encrypt what is said between machines, and prove who says it; all in PEM."""

    ca: Text = Field(description="certificate of the authority that has signed all the others")
    certificate: Text = Field(description="certificate of this machine, or of everybody")
    key: Text = Field(description="private key of that certificate; readable by its owner alone")


class DaskConfig(Section):
    """Workers of dask.distributed: started for the run on this machine, or those of a cluster."""

    workers: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="processes started on this machine; by default one per core",
    )
    memory: Size | None = Field(
        default=None,
        description="memory of one worker, such as 4 GiB, beyond which it is ended; by default an equal "
        "share of what is free",
    )
    address: Text | None = Field(
        default=None,
        description="join the cluster of this scheduler, such as tcp://10.0.0.1:8786 or tls://head:8786",
    )
    scheduler_file: Text | None = Field(
        default=None,
        description="join the cluster whose scheduler has written this file; with listen: write it",
    )
    listen: Annotated[Text, AfterValidator(_endpoint)] | None = Field(
        default=None,
        description="have workers of other machines join, at this name or address of this machine, with "
        ":port if it matters (an address of IPv6 then in brackets, all of it in quotes); by default nobody "
        "from outside can connect",
    )
    tls: TlsConfig | None = Field(
        default=None, description="encrypt, and let nobody in without a certificate of the same authority"
    )
    wait: float = Field(
        default=600, gt=0, description="seconds to wait for a scheduler, and later for a first worker"
    )
    shutdown: bool = Field(
        default=False, description="end the cluster that was joined, scheduler and workers, when the run ends"
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=100,
        description="how often work that has ended its worker is given to another one before it has failed",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "DaskConfig":
        if self.address is not None:
            for name in ("scheduler_file", "listen"):
                if getattr(self, name) is not None:
                    raise fault(f"address and {name} are both given; keep one of them", name)
        if self.joins and self.workers is not None:
            raise fault(
                "a cluster that is joined has its own workers; remove workers, or what leads to the cluster",
                "workers",
            )
        if self.workers == 0 and self.listen is None:
            raise fault("0 leaves nobody to do the work; give at least 1, or listen for others", "workers")
        return self

    @property
    def joins(self) -> bool:
        """Whether there is a scheduler already."""
        return self.address is not None or (self.scheduler_file is not None and self.listen is None)


class EngineConfig(BaseModel):
    """Where the work is done: written as `local`, as `dask`, or as `dask: {setting: value}`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    dask: DaskConfig | None = Field(default=None, description="workers of dask.distributed")

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, data: object) -> object:
        if isinstance(data, str):
            if data not in ENGINES:
                raise fault(f"unknown value {shown_value(data)}; {did_you_mean(data, ENGINES)}")
            return {"dask": {}} if data == "dask" else {}
        if isinstance(data, Mapping):
            return {key: {} if value is None and key == "dask" else value for key, value in data.items()}
        return data

    @model_serializer(mode="plain")
    def _as_written(self) -> str | dict[str, Any]:
        return "local" if self.dask is None else {"dask": self.dask.model_dump(exclude_none=True)}
