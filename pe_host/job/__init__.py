"""What a run is before private records are read: settings, source, plugins, privacy plan."""
