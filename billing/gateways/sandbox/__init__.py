"""A payment provider of our own, for trying things out: what runs while no Stripe key is set.

`client.SandboxHTTPClient` stands where the network would be, below the official SDK, so that the product has one way of
asking only. It takes the published test cards and nothing else, keeps its state in tables, refuses what the SDK's types
refuse (`gateways/contract.py`), and posts signed events to our own webhook address.
"""
