"""The timeline: the steps of a whole model, one after the other."""
