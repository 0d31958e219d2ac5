"""The store for programs: who buys, what was ordered, what is owed and what was paid."""
