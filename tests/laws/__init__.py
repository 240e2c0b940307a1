"""The laws that hold for every model, tried on models that nobody wrote."""
