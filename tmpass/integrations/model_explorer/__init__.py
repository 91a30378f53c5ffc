"""tmpass inside Model Explorer: `model-explorer model.tflite --extensions=tmpass.integrations.model_explorer`."""
