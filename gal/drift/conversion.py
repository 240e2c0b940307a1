"""What a conversion changed without saying so: its output is read back and compared.

Every change of meaning has to be told by the ledger. It is, where an entry of the export speaks of
the same part of the same object, or of the whole of it. Where gateways say an access control in
other words (a key as a condition on a header), both sides are asked whether they answer alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gal.drift.change import Change, Security
from gal.drift.change import Level as Weight
from gal.drift.features import means_nothing
from gal.drift.judge import Judge, Verdict
from gal.errors import GalError
from gal.ledger import Fate, Level, Reporter, Stage

if TYPE_CHECKING:
    from gal.context import OutputFile
    from gal.convert import Conversion
    from gal.drift.change import Drift
    from gal.reading.document import Format

FEATURE: Final = "conversion"
"""The feature of an entry about the output as a whole."""

_OWN_FORMAT: Final = "gal"


def check(
    conversion: Conversion,
    target: str,
    output_format: Format = "yaml",
    *,
    moved: bool = False,
) -> Drift | None:
    """Read the output of a conversion back, compare it with the model, and add to the ledger what
    it does not say yet.

    Args:
        conversion: as `gal.convert.convert` gives it; its ledger gets the entries: warnings, and
            errors where security is weakened.
        target: the provider that was written.
        output_format: the format of the output.
        moved: the listeners are others because that was asked for.

    Returns:
        The drift from the source to the output; None where it cannot be read back, which is an
        error in the ledger.
    """
    from gal.drift.engine import compare

    reporter = Reporter(conversion.ledger, target, Stage.EXPORT)
    try:
        back = read_back(conversion.files, target, output_format)
    except GalError as error:
        message = f"what was written cannot be read back: {error}"
        reporter.at(None, Fate.DROPPED, Level.ERROR, FEATURE, message)
        return None
    drift = compare(
        conversion.gateway,
        back.gateway,
        old_provider=conversion.source,
        new_provider=target,
        literal=True,
    )
    judge = Judge.of(conversion, back, target)
    for change in drift.changes:
        topic = change.field.partition(".")[0]
        if change.cosmetic or (moved and topic == "listeners"):
            continue
        verdict = judge.weigh(change)
        if verdict is not Verdict.TOLD:
            node = judge.node_at(change.old_position)
            level = _level(change, verdict)
            message = _message(change, verdict, target)
            reporter.at(node, Fate.APPROXIMATED, level, topic, message, whole=False)
    if conversion.source != _OWN_FORMAT:
        _tell_defaults(drift, reporter, judge)
    return drift


def _tell_defaults(drift: Drift, reporter: Reporter, judge: Judge) -> None:
    """Add what nobody says and the two gateways do differently, once a topic. GAL's own format
    leaves to the gateway what it does not say.
    """
    for one in drift.assumptions:
        feature = one.topic.partition(".")[0]
        if feature in judge.features or means_nothing(one.topic, judge.target):
            continue
        level = Level.INFO if one.level.rank <= Weight.LOW.rank else Level.WARNING
        message = (
            f"left to the defaults: {one.topic} is {one.old} on {one.old_provider}, and {one.new} "
            f"on {one.new_provider}"
        )
        reporter.at(None, Fate.APPROXIMATED, level, feature, message)


def read_back(
    files: Sequence[OutputFile], target: str, output_format: Format = "yaml"
) -> Conversion:
    """What was written for a provider, as it is read.

    Raises:
        GalError: its importer does not read it.
    """
    from gal.convert import Conversion, read_gateway
    from gal.ledger import Ledger
    from gal.model import Gateway
    from gal.reading import read_documents
    from gal.writing import render_file

    documents = [
        document
        for file in files
        for document in read_documents(
            render_file(file, output_format),
            file.name,
            "yaml" if file.only_yaml else output_format,
        )
        if document.root.plain()
    ]
    if not any(one.source.name == files[0].name for one in documents):
        return Conversion(Gateway(), [], Ledger(), documents, target)  # no object at all
    return read_gateway(documents, source=target)


def _level(change: Change, verdict: Verdict) -> Level:
    """An error where security is weakened, else a warning; one less where it is only in doubt."""
    weakened = change.security is Security.WEAKENED
    if verdict is Verdict.UNREAD:
        return Level.WARNING if weakened else Level.INFO
    return Level.ERROR if weakened else Level.WARNING


def _message(change: Change, verdict: Verdict, target: str) -> str:
    what = f"{change.object}: " if change.object else ""
    if verdict is Verdict.UNREAD:
        return (
            f"not compared ({change.id}): {what}{change.field} was {change.old}; what stands there "
            f"now is kept as {target} has it when it is read back"
        )
    return (
        f"not the same when it is read back ({change.id}): {what}{change.field} was {change.old}, "
        f"and is {change.new}"
    )
