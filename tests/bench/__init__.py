"""The figures of the console, beside what the bare machine does: `make bench`, or `python -m tests.bench --only board`.

Every module here that has `measure(stage)` is a subject and answers its figures; a new one needs no other place.
The machine has few cores, so clients are processes of their own that do as little as they can (`load`, `listen`).
"""
