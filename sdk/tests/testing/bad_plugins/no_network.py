"""Breaks the rule `no_network`."""

import socket

from bad_plugins.good import Good, spec


class Bad(Good):
    def render(self, params, labels, seeds):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as away:
            away.connect(("127.0.0.1", 9))
        return super().render(params, labels, seeds)


SPEC = spec(Bad)
