"""A small but honest survey pipeline that runs anywhere `pipetask` does.

It simulates a window of the sky for each exposure and detector of a few Hyper Suprime-Cam visits, measures the images,
summarises the visits, combines them on the sky and draws what came out. Campaigns use it for demonstrations and tests:
its data IDs and regions are real, its failures come from the data, and its steps take seconds.
"""
