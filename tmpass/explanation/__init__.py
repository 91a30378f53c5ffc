"""Explains the peak of a plan, and finds changes that would lower it."""
