"""Which contact reason a text speaks of: a linear model over words, pairs of words and parts of words.

`features` and `scoring` are plain Python and run in the web process; `training` needs numpy and runs in a process of
its own (`apart`), which ends with the training.
"""
