"""The compute side: a host that imports torch once, and the worker it forks to run tasks.

`client` runs in the UI's process and knows no torch; `host`, `worker` and `device` run in
processes of their own and know no Textual. Between them go the messages of `protocol`.
"""
