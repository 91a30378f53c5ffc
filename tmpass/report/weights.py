"""What is said of the constants of a plan before their tables, and of the constants of one operator."""

from tmpass.base.sizes import format_size
from tmpass.explanation.weight_facts import Layer, Place, Weights
from tmpass.report.text import clip, counted, one_line


def weight_lines(known: Weights) -> list[tuple[str, str]]:
    """A name and a text for each total: on chip in use and left, streamed in each run, and off chip."""
    if not known.home:
        return [("weights", "none that this plan places")]
    home, memory = one_line(clip(known.home, 60)), one_line(clip(known.memory, 60))
    found = [("weights", f"{format_size(known.stored)} in {home}, {counted(len(known.rows), 'constant')}")]
    if known.memory:
        room = "" if known.room is None else f" of {format_size(known.room)} for buffers and weights"
        found.append(("resident", f"{format_size(known.resident)} in {memory}{room}, loaded once (cached)"))
        found += [("left", f"{format_size(known.left)} of {memory}")] if known.left is not None else []
    found.append(("streamed", f"{format_size(known.streamed)} in each run{_proof(known)}"))
    in_place = sum(row.size for row in known.rows if row.place is Place.IN_PLACE)
    return found + ([("in place", f"{format_size(in_place)} read in {home}")] if in_place else [])


def _proof(known: Weights) -> str:
    """What is proved of the streamed bytes: of any order and buffers, or else of any choice beside these buffers."""
    least, below = known.least_streamed, known.any_order
    if not known.streamed or (least is None and not below):
        return ""
    if below == known.streamed:
        return "; no other order or choice of residents streams less"
    found = []
    if least == known.streamed:
        found.append("no other choice of residents streams less with these buffers")
    elif least is not None and least > (below or 0):
        found.append(f"at least {least} B with these buffers")
    found += [f"at least {below} B in any order"] if below else []
    return f"; {', '.join(found)}"


def shares(layer: Layer) -> str:
    """Where the constants of an operator are: one word, or the bytes of each place."""
    if len(layer.shares) == 1:
        return str(layer.shares[0][0])
    return ", ".join(f"{place} {size} B" for place, size in layer.shares)


def deciding(layer: Layer, known: Weights) -> int:
    """The position of the constant that matters most for an operator: the largest streamed one, or the largest."""
    return next((number for number in layer.rows if known.rows[number].streamed), layer.rows[0])


def reason(layer: Layer, known: Weights) -> str:
    """Why the constant that matters most for an operator is where it is."""
    first = known.rows[deciding(layer, known)]
    return (f"{first.size} B: " if len(layer.rows) > 1 else "") + first.why
