"""The composition root: reads settings, binds the ports, starts the engine and the loops."""
