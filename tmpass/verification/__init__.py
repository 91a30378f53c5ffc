"""The independent checker: it shares no code with the stages that make plans, only their value types."""
