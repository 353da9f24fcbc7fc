"""Plain values in Python pickles, without running them.

A pickle is a program that may call any function. Here nothing of it is run: its instructions are
decoded one by one, and only those are followed that build numbers, texts, lists, tuples,
dictionaries and NumPy arrays of these. Anything else is an error. So files that exist only as
pickles, such as CIFAR, can be read from anybody.
"""

import math
import pickletools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

OPCODES = 1 << 23
"""Most instructions that are followed."""

BYTES = 1 << 30
"""Largest pickle, and most bytes that its calls may copy."""

TEXT_BYTES = 1 << 29
"""Largest array of texts, all of which take the room of the longest."""


class PickleError(ValueError):
    """A pickle that holds something else than plain values, or is damaged. It quotes nothing."""


class _Name:
    """What a pickle refers to by name. Nothing is imported."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Mark:
    """A place on the stack."""


class _Blank:
    """An array before its state is known."""

    def __init__(self) -> None:
        self.array: NDArray[Any] | None = None


class _Type:
    """A dtype, whose byte order comes after it."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype


_NAMES = MappingProxyType(
    {
        "numpy.core.multiarray _reconstruct": "array",
        "numpy._core.multiarray _reconstruct": "array",
        "numpy.core.numeric _frombuffer": "buffer",
        "numpy._core.numeric _frombuffer": "buffer",
        "numpy.core.multiarray scalar": "scalar",
        "numpy._core.multiarray scalar": "scalar",
        "numpy ndarray": "ndarray",
        "numpy dtype": "dtype",
        "_codecs encode": "encode",
        "__builtin__ bytes": "bytes",
    }
)
"""The names that plain values need, and what stands for them here."""


def load_plain(file: BinaryIO) -> Any:
    """Return the value in a pickle: plain values and arrays of numbers, texts or plain objects.

    Args:
        file: an open file that begins with the pickle.

    Raises:
        PickleError: see the class.
    """
    try:
        return _Reader().load(file)
    except PickleError:
        raise
    except Exception:  # the decoder and the steps fail in many ways on damaged input
        raise PickleError("the pickle is damaged") from None


def load_objects(file: BinaryIO, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return an array of Python objects, as NumPy stores it behind the header of an npy file.

    All texts become an array of texts, all numbers one of numbers.

    Raises:
        PickleError: there are other objects among them, or the array has another shape.
    """
    array = load_plain(file)
    if not isinstance(array, np.ndarray) or array.dtype != object or array.shape != shape:
        raise _foreign()
    kinds = {type(item) for item in array.flat}
    if kinds <= {str}:
        # Each takes the room of the longest, and a pickle repeats a text with two bytes.
        if 4 * array.size * max(map(len, array.flat), default=0) > TEXT_BYTES:
            raise PickleError("the pickle holds texts that are too long")
        return array.astype(np.str_)
    numbers = np.array(array.tolist()) if kinds <= {bool, int, float} else array
    if numbers.dtype != object:
        return numbers
    raise _foreign()


class _Reader:
    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._copied = 0

    def load(self, file: BinaryIO) -> Any:
        for number, (opcode, argument, place) in enumerate(pickletools.genops(file)):
            if number >= OPCODES or (place or 0) > BYTES:
                raise PickleError("the pickle is too large")
            if opcode.name == "STOP":
                return _finished(self._stack.pop())
            self._step(opcode.name, argument)
        raise PickleError("the pickle is damaged")

    def _step(self, name: str, argument: Any) -> None:
        if name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name]())
        elif name in _VALUES:
            self._stack.append(argument)
        elif name in _BYTE_STRINGS:
            self._stack.append(argument.encode("latin-1"))  # as Python 2 wrote them
        elif name in _IGNORED:
            pass
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self._memo[argument] = self._stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self._stack.append(self._memo[argument])
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            self._push_name(argument)
        elif method := _STEPS.get(name):
            method(self)
        else:
            raise _foreign()

    def _push_name(self, argument: str | None) -> None:
        if argument is None:
            attribute, module = self._stack.pop(), self._stack.pop()
            if (
                type(attribute) is not str or type(module) is not str
            ):  # to print others takes forever
                raise _foreign()
            argument = f"{module} {attribute}"
        if argument not in _NAMES:
            raise _foreign()
        self._stack.append(_Name(_NAMES[argument]))

    def _since_mark(self) -> list[Any]:
        place = next(
            i for i in reversed(range(len(self._stack))) if isinstance(self._stack[i], _Mark)
        )
        items = self._stack[place + 1 :]
        del self._stack[place:]
        return items

    def _append(self) -> None:
        item = self._stack.pop()
        self._list().append(item)

    def _appends(self) -> None:
        items = self._since_mark()
        self._list().extend(items)

    def _list(self) -> list[Any]:
        target = self._stack[-1]
        if type(target) is not list:
            raise _foreign()
        return target

    def _set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._dict().update(_pairs([key, value]))

    def _set_items(self) -> None:
        items = self._since_mark()
        self._dict().update(_pairs(items))

    def _dict(self) -> dict[Any, Any]:
        target = self._stack[-1]
        if type(target) is not dict:
            raise _foreign()
        return target

    def _tuple(self) -> None:
        self._stack.append(tuple(self._since_mark()))

    def _list_of(self) -> None:
        self._stack.append(self._since_mark())

    def _dict_of(self) -> None:
        self._stack.append(_pairs(self._since_mark()))

    def _small_tuple(self, count: int) -> None:
        items = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._stack.append(items)

    def _pop(self) -> None:
        self._stack.pop()

    def _pop_mark(self) -> None:
        self._since_mark()

    def _duplicate(self) -> None:
        self._stack.append(self._stack[-1])

    def _reduce(self) -> None:
        """A call in the pickle: what it would return is built here."""
        arguments, called = self._stack.pop(), self._stack.pop()
        if not isinstance(called, _Name) or not isinstance(arguments, tuple):
            raise _foreign()
        if called.name == "encode":
            text, encoding = arguments
            if encoding != "latin1" or not isinstance(text, str):
                raise _foreign()
            self._copy(len(text))
            self._stack.append(text.encode("latin-1"))
        elif called.name == "bytes" and not arguments:
            self._stack.append(b"")
        elif called.name == "dtype":
            self._stack.append(_Type(_dtype(arguments[0])))
        elif called.name == "array":
            self._stack.append(_Blank())
        elif called.name == "scalar":
            dtype, content = arguments
            self._copy(len(content))
            self._stack.append(np.frombuffer(content, _plain(dtype), 1)[0].item())
        elif called.name == "buffer":
            content, dtype, shape, order = arguments
            self._stack.append(_numbers(content, _plain(dtype), shape, order == "F"))
        else:
            raise _foreign()

    def _copy(self, size: int) -> None:
        """Count bytes that are copied: a pickle can repeat the call that does with a few."""
        self._copied += size
        if self._copied > BYTES:
            raise PickleError("the pickle is too large")

    def _build(self) -> None:
        """The state of a dtype or of an array."""
        state, target = self._stack.pop(), self._stack[-1]
        if not isinstance(state, tuple):
            raise _foreign()
        if isinstance(target, _Type):
            order = _text(state[1])
            if order not in _ORDERS:
                raise _foreign()
            target.dtype = target.dtype.newbyteorder(_ORDERS[order])
        elif isinstance(target, _Blank) and len(state) == 5:
            _, shape, dtype, by_columns, content = state
            if isinstance(dtype, _Type) and dtype.dtype.hasobject:
                self._copy(8 * len(content))
                target.array = _objects(content, shape)
            else:
                target.array = _numbers(content, _plain(dtype), shape, bool(by_columns))
        else:
            raise _foreign()


def _pairs(items: list[Any]) -> dict[Any, Any]:
    """A dictionary of keys and values that follow each other.

    Keys are plain: to hash a tuple that holds another one twice, and so on, takes forever.
    """
    keys = items[::2]
    if not all(isinstance(key, _ATOMS) for key in keys):
        raise _foreign()
    return dict(zip(keys, items[1::2], strict=True))


def _text(value: Any) -> str:
    """A text; those of Python 2 are bytes here."""
    text = value.decode("ascii") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        raise _foreign()
    return text


def _dtype(code: Any) -> np.dtype[Any]:
    text = _text(code)
    if text[:1] == "O":
        return np.dtype(object)
    if len(text) > _LONGEST_CODE or text[:1] not in "biufSU":
        raise _foreign()
    return np.dtype(text)


def _plain(value: Any) -> np.dtype[Any]:
    if not isinstance(value, _Type) or value.dtype.hasobject:
        raise _foreign()
    return value.dtype


def _numbers(content: Any, dtype: np.dtype[Any], shape: Any, by_columns: bool) -> NDArray[Any]:
    _check_shape(shape)
    if not isinstance(content, bytes | bytearray):
        raise _foreign()
    array = np.frombuffer(content, dtype)
    return array.reshape(shape, order="F" if by_columns else "C")


def _objects(content: Any, shape: Any) -> NDArray[Any]:
    """An array of Python objects, all of them plain values."""
    _check_shape(shape)
    if type(content) is not list or len(content) != math.prod(shape):
        raise _foreign()
    if not all(isinstance(item, _ATOMS) for item in content):
        raise _foreign()
    array = np.empty(len(content), object)
    array[:] = content
    return array.reshape(shape)


def _check_shape(shape: Any) -> None:
    if not isinstance(shape, tuple) or not all(type(side) is int and side >= 0 for side in shape):
        raise _foreign()


def _finished(value: Any) -> Any:
    """The value, with its arrays in place; of a dictionary, what holds values itself."""
    if isinstance(value, _Blank):
        if value.array is None:
            raise _foreign()
        return value.array
    if type(value) is dict:
        return {key: _finished(item) for key, item in value.items() if type(item) is not dict}
    if isinstance(value, (*_ATOMS, np.ndarray)) or type(value) in (list, tuple):
        return value
    raise _foreign()


def _foreign() -> PickleError:
    return PickleError("the pickle holds something else than plain values")


_LONGEST_CODE = 10
_ORDERS: Mapping[str, Literal["<", ">", "|", "="]] = MappingProxyType(
    {"<": "<", ">": ">", "|": "|", "=": "="}
)
_ATOMS = (type(None), bool, int, float, str, bytes)
_CONSTANTS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {
        "NONE": lambda: None,
        "NEWTRUE": lambda: True,
        "NEWFALSE": lambda: False,
        "EMPTY_LIST": list,
        "EMPTY_TUPLE": tuple,
        "EMPTY_DICT": dict,
        "MARK": _Mark,
    }
)
_VALUES = frozenset(
    (
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    )
)
_BYTE_STRINGS = frozenset(("STRING", "SHORT_BINSTRING", "BINSTRING"))
_IGNORED = frozenset(("PROTO", "FRAME"))
_STEPS: Mapping[str, Callable[[_Reader], None]] = MappingProxyType(
    {
        "APPEND": _Reader._append,
        "APPENDS": _Reader._appends,
        "SETITEM": _Reader._set_item,
        "SETITEMS": _Reader._set_items,
        "TUPLE": _Reader._tuple,
        "TUPLE1": lambda reader: reader._small_tuple(1),
        "TUPLE2": lambda reader: reader._small_tuple(2),
        "TUPLE3": lambda reader: reader._small_tuple(3),
        "LIST": _Reader._list_of,
        "DICT": _Reader._dict_of,
        "POP": _Reader._pop,
        "POP_MARK": _Reader._pop_mark,
        "DUP": _Reader._duplicate,
        "REDUCE": _Reader._reduce,
        "BUILD": _Reader._build,
    }
)
