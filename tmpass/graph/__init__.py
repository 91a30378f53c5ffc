"""The graph of a model, the binding of its dimensions, and facts about it."""
