"""Durable operations: claimed, run, retried, cancelled, undone and recovered; the sole caller of mutating driver calls.

An operation is a row with journalled steps. A worker claims it under a lease and runs its steps in order: the
*effect* calls the world and writes nothing, the *record* writes what came of it together with the step's mark and
the events, in one transaction that names the lease. Whoever no longer holds the lease writes nothing. A step that
was cut off between effect and record runs again, so that every effect is safe to repeat; the recovery of a dead
worker's operation is an ordinary claim.
"""
