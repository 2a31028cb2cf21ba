//! The outside world: configuration, clock, HTTP edge, object storage, mail, vision, queues.
