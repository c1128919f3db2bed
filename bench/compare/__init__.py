"""How surely `sm-ci compare` finds what differs, and how rarely it finds what does not."""
