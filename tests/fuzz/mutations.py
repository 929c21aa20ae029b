"""Changes to the bytes of a file: what disks, networks and attackers do."""

from hypothesis import strategies as st

_PLACES = st.floats(0, 1, exclude_max=True)  # as a share of the length: small examples stay small
_NUMBERS = st.sampled_from(
    [
        *(b"\0", b"\1", b"\x7f", b"\x80", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff"),
        *(b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0"),
    ]
)
_WORDS = b"""0 -1 1e999 NaN null true " ' [ { , = 99999999999999999999 [[[[ ../.. 1_0""".split()
_TEXTS = st.sampled_from([*_WORDS, b"\n", "\N{RIGHT-TO-LEFT OVERRIDE}".encode()])

MUTATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), _PLACES, st.integers(0, 7)),
        st.tuples(st.just("set"), _PLACES, st.binary(min_size=1, max_size=8) | _NUMBERS | _TEXTS),
        st.tuples(st.just("insert"), _PLACES, st.binary(min_size=1, max_size=8) | _TEXTS),
        st.tuples(st.just("delete"), _PLACES, st.integers(1, 64)),
        st.tuples(st.just("copy"), _PLACES, _PLACES),
        st.tuples(st.just("cut"), _PLACES, st.none()),
    ),
    min_size=1,
    max_size=4,
)


def mutate(content: bytes, mutations: list[tuple], within: int | None = None) -> bytes:
    """Returns the content with these mutations made.

    Args:
      content: The bytes.
      mutations: As `MUTATIONS` draws them.
      within: Only the first so many bytes are changed; all of them if None.
    """
    changed = bytearray(content)
    for kind, share, argument in mutations:
        end = min(len(changed), within or len(changed))
        at = int(share * end)
        if kind == "flip" and changed:
            changed[at] ^= 1 << argument
        elif kind == "set":
            changed[at : at + len(argument)] = argument
        elif kind == "insert":
            changed[at:at] = argument
        elif kind == "delete":
            del changed[at : at + argument]
        elif kind == "copy":
            other = int(argument * end)
            changed[at : at + 32] = changed[other : other + 32]
        elif kind == "cut":
            del changed[at:]
    return bytes(changed)
