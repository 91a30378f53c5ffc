"""Loading of model files, and the contracts of frontends and of the execution of models."""
