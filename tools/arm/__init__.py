"""`make arm`: ARM wheels built, checked and tested on an x86-64 machine. README.md beside this says how."""
