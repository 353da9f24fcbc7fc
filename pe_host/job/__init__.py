"""The job of a run before private records are read: settings, source, plugins, privacy plan."""
