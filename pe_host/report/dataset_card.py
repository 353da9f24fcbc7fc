"""The dataset card of a release: Markdown with the metadata header that dataset hubs read."""

import functools
import json
import re
import unicodedata

import jinja2

from pe_host.errors import PrivacyRefusal
from pe_host.report import formats
from pe_host.report.attack import attack_bounds
from pe_host.report.data import ReportData
from pe_host.report.limits import limits

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&$])")
_LINE_START = re.compile(r"^(\s*\d*)([-+=:)]|\.(?=\s|$))")  # lists, rules, headings by underlining
# Unicode categories: controls, direction marks, line ends
_SPACES = frozenset({"Cc", "Cf", "Zl", "Zp"})


def card(data: ReportData) -> str:
    """Render the card, from the public part of `data` only.

    Raises:
        PrivacyRefusal: the run is NOT PRIVATE, or has no release.
    """
    privacy, release, generator = data.privacy, data.release, data.generator
    if not privacy.private:
        raise PrivacyRefusal("the run is NOT PRIVATE, so there is no release to describe")
    if release is None:
        raise PrivacyRefusal("the run has released nothing yet")
    return _template().render(
        data=data.public(),
        privacy=privacy,
        class_counts=list(zip(data.class_names, release.counts, strict=True)),
        generator_source=" ".join(
            part for part in (generator.distribution, generator.version) if part
        ),
        bounds=attack_bounds(privacy.epsilon, privacy.delta, privacy.mu),
        limits=limits(privacy.unit),
    )


class _Verbatim(str):
    """Text that is not Markdown and is written as it is."""

    __slots__ = ()


@functools.cache
def _template() -> jinja2.Template:
    # `finalize` escapes Markdown in every value; HTML escaping would break the header's quotes.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pe_host.report"),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        finalize=_escape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        exact=formats.exact,
        number=formats.number,
        percent=formats.percent,
        rounded_up=formats.rounded_up,
        yaml=_yaml,
    )
    return environment.get_template("card.md.j2")


def _escape(value: object) -> object:
    """Escape text to one line without any Markdown or HTML, wherever in a line it stands."""
    if not isinstance(value, str) or isinstance(value, _Verbatim):
        return value
    return _LINE_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", _plain(value)))


def _yaml(text: str) -> _Verbatim:
    """Format a quoted YAML scalar: JSON strings are YAML."""
    return _Verbatim(json.dumps(_plain(text), ensure_ascii=False))


def _plain(text: str) -> str:
    """Reduce text to one line that can be encoded as UTF-8."""
    visible = "".join(" " if unicodedata.category(c) in _SPACES else c for c in text)
    return visible.encode("utf-8", "replace").decode("utf-8")
