//! The compiled pipeline: the tree of a configuration, turned into a program that a worker runs events through.
