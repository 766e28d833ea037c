"""A selection of models as a script that fetches them elsewhere: pure, and safe whatever names the models have."""
