"""The two scales, in words."""

CSAT = ((5, "Very good"), (4, "Good"), (3, "All right"), (2, "Poor"), (1, "Very poor"))
CES = (
    (7, "Very easy"), (6, "Easy"), (5, "Rather easy"), (4, "In between"), (3, "Rather hard"), (2, "Hard"),
    (1, "Very hard"),
)  # fmt: skip
HAPPY = 4  # csat 4 and 5
EASY = 5  # ces 5, 6 and 7
LOW = 2  # csat 1 and 2
FEW = 10  # under so many answers a share says little and is shown grey
