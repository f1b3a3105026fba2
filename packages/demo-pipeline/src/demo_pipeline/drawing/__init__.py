"""The plots. Apart from the tasks, so that building a graph of them needs no matplotlib."""
