"""The vault of `supportdesk.lib`, under the name that mail's first migration knows."""

from supportdesk.lib.vault import PREFIX, SealedField, SealedTooWell, seal, unseal

__all__ = ["PREFIX", "SealedField", "SealedTooWell", "seal", "unseal"]
