"""`format=flowed` (RFC 3676): lines that end in a blank go on in the next one."""


def unflow(text: str, *, delete_space: bool = False) -> str:
    """`text` with its paragraphs on one line each; quote signs and signature rules keep their lines. Linear."""
    paragraphs: list[list[str]] = []
    open_depth = -1  # quote depth of the paragraph that goes on; -1: none does
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")  # one blank may have been stuffed in
        flows = words.endswith(" ") and words != "-- "
        if depth != open_depth or words == "-- ":
            paragraphs.append([">" * depth + " "] if depth else [])
        paragraphs[-1].append(words[:-1] if flows and delete_space else words)
        open_depth = depth if flows else -1
    return "\n".join("".join(pieces) for pieces in paragraphs)
