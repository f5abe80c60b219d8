"""Random programs of deloop's loop language: generator, runner, shrinker."""
