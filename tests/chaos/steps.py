def kill_at(step): ...


STEPS = {}
