//! Build, run, stop: the only place that knows all rooms.
