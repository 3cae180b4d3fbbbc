"""Pure decisions about what is: snapshots and ``now`` go in, findings with reasons come out."""
