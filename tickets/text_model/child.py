"""The process that trains: `python -m tickets.text_model.child MEGABYTES SECONDS < lesson`.

The lesson is JSON: `texts`, their `labels` (0 and up), and the `names` of the reasons. It answers one line of JSON and
then the weights, two bytes each, a row for each feature. It has no secrets, no database and no network in it.
"""

import json
import resource
import sys

from tickets.text_model.comparing import accuracy_of_counts
from tickets.text_model.training import train


def main() -> None:
    megabytes, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024 * 1024,) * 2)
    lesson = json.load(sys.stdin.buffer)
    texts, labels, names = lesson["texts"], lesson["labels"], lesson["names"]
    model, accuracy = train(texts, labels, len(names))
    answer = {
        "features": model.features,
        "start": model.start.tolist(),
        "n": accuracy.n,
        "top1": accuracy.top1,
        "top3": accuracy.top3,
        "counts_top1": accuracy_of_counts(texts, labels, names),
    }
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.write(model.weights.astype("<f2").tobytes())


if __name__ == "__main__":
    main()
