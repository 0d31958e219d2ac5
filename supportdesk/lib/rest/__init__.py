"""What every address of the API has in common: strict input, one shape of errors, keyset pages, its description."""
