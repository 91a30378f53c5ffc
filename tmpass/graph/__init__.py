"""A model as a graph, how its dimensions are bound, and facts about it."""
