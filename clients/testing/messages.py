"""The messages of the proto, as plain values.

A message becomes a dict of the fields that are set: enums are their words
without the prefix, durations and timestamps seconds, messages dicts. The
classes are made from the proto when this module is imported, so nothing
generated is needed; `protoc` must be installed.
"""

import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SERVICE = "signalbox.v1.StatusService"
_TIMES = ("google.protobuf.Duration", "google.protobuf.Timestamp")


def _read_proto():
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(
            ["protoc", "-I", str(SOURCE / "proto"), "--include_imports",
             f"--descriptor_set_out={file.name}",
             "signalbox/v1/status_service.proto"], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for each in files.file:
        pool.Add(each)
    return pool


_pool = _read_proto()
_service = _pool.FindServiceByName(SERVICE)


def _class_of(descriptor):
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(_pool).GetPrototype(descriptor)


def request_class(method):
    """The request of `/signalbox.v1.StatusService/METHOD`; None for others."""
    found = _method(method)
    return found and _class_of(found.input_type)


def response_class(method):
    found = _method(method)
    return found and _class_of(found.output_type)


def _method(path):
    service, _, name = path.lstrip("/").partition("/")
    return _service.methods_by_name.get(name) if service == SERVICE else None


def word_of(enum, number):
    """The word of a value, without the prefix that all values share."""
    value = enum.values_by_number.get(number)
    if value is None:
        return number
    return value.name[len(_prefix(enum)):]


def _prefix(enum):
    zero = enum.values_by_number[0].name
    return zero[:-len("UNSPECIFIED")]


def to_plain(message):
    return {field.name: _plain_field(field, value)
            for field, value in message.ListFields()}


def _plain_field(field, value):
    if field.label == field.LABEL_REPEATED:
        return [_plain(field, each) for each in value]
    return _plain(field, value)


def _plain(field, value):
    if field.message_type is not None:
        if field.message_type.full_name in _TIMES:
            return value.seconds + value.nanos / 1e9
        return to_plain(value)
    if field.enum_type is not None:
        return word_of(field.enum_type, value)
    if isinstance(value, bytes):
        return value.hex()
    return value


def from_plain(message, plain):
    """Sets the fields of `message`, as to_plain shows them."""
    for name, value in plain.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.label == field.LABEL_REPEATED:
            getattr(message, name).extend(_unplain(field, each) for each in value)
        elif field.message_type is None:
            setattr(message, name, _unplain(field, value))
        elif field.message_type.full_name in _TIMES:
            getattr(message, name).seconds = int(value)
            getattr(message, name).nanos = round(value % 1 * 1e9)
        else:
            getattr(message, name).SetInParent()
            from_plain(getattr(message, name), value)
    return message


def _unplain(field, value):
    if field.enum_type is not None and isinstance(value, str):
        return field.enum_type.values_by_name[_prefix(field.enum_type) + value].number
    return value
