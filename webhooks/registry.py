"""Which events there are: each app that publishes names its own from `AppConfig.ready()`."""

TEST = "webhook.test"

_types: dict[str, str] = {}


def register(type: str, label: str) -> None:
    """Let `type`, written "thing.happened", be published. `label` says in words when that is."""
    if "." not in type:
        raise ValueError(f"An event names its thing first, as in 'ticket.created'; got {type!r}.")
    _types[type] = label


def labels() -> dict[str, str]:
    """Every event and its words, in the order of registration."""
    return dict(_types)


def is_known(type: str) -> bool:
    """Whether an app publishes `type`."""
    return type in _types or type == TEST
