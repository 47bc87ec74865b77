"""A checked policy becomes Python functions that decide as the reference interpreter does, only faster."""
