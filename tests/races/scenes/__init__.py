"""Ways through paying, confirming, refunding and cancelling, each with one step in which a process dies.

Together they come to every fault point of these use cases. A scene names the steps (core.faults) that its process can
die before and after, plays, goes on as its traveller would when everything is up again, and tells how all has to end.
"""

from tests.races.scenes import cancelling, deciding, in_naira, leaving, paying, refunding
from tests.races.scenes.scene import SCENES, End, Scene

__all__ = ["SCENES", "End", "Scene", "cancelling", "deciding", "in_naira", "leaving", "paying", "refunding"]
