//! timberline.yml, environment and flags, assembled into each room's own configuration.
