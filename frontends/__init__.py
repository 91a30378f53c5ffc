"""Frontends: the model formats that come with tmpass."""
