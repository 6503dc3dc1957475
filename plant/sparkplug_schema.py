"""The messages of a Sparkplug B 3.0 payload, as classes of the protobuf runtime.

Field numbers and types are those of the specification. Parts that nobody here reads (data sets,
templates, file metadata) stay bytes: on the wire they are the same, and nothing nested in them can
cost time or depth.
"""

from __future__ import annotations

import enum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "jellyroll.sparkplug"
_Field = descriptor_pb2.FieldDescriptorProto

#: Message: (field number, name, type), `[]` before a type for a repeated field, and `|` before one
#: for a member of the oneof `value`.
_FIELDS: dict[str, tuple[tuple[int, str, str], ...]] = {
    "Payload": (
        (1, "timestamp", "uint64"),
        (2, "metrics", "[]Metric"),
        (3, "seq", "uint64"),
        (4, "uuid", "string"),
        (5, "body", "bytes"),
    ),
    "Metric": (
        (1, "name", "string"),
        (2, "alias", "uint64"),
        (3, "timestamp", "uint64"),
        (4, "datatype", "uint32"),
        (5, "is_historical", "bool"),
        (6, "is_transient", "bool"),
        (7, "is_null", "bool"),
        (8, "metadata", "bytes"),
        (9, "properties", "PropertySet"),
        (10, "int_value", "|uint32"),
        (11, "long_value", "|uint64"),
        (12, "float_value", "|float"),
        (13, "double_value", "|double"),
        (14, "boolean_value", "|bool"),
        (15, "string_value", "|string"),
        (16, "bytes_value", "|bytes"),
        (17, "dataset_value", "|bytes"),
        (18, "template_value", "|bytes"),
        (19, "extension_value", "|bytes"),
    ),
    "PropertySet": ((1, "keys", "[]string"), (2, "values", "[]PropertyValue")),
    "PropertyValue": (
        (1, "type", "uint32"),
        (2, "is_null", "bool"),
        (3, "int_value", "|uint32"),
        (4, "long_value", "|uint64"),
        (5, "float_value", "|float"),
        (6, "double_value", "|double"),
        (7, "boolean_value", "|bool"),
        (8, "string_value", "|string"),
        (9, "propertyset_value", "|bytes"),
        (10, "propertysets_value", "|bytes"),
        (11, "extension_value", "|bytes"),
    ),
}

_TYPES = {
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
    "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE,
    "bool": _Field.TYPE_BOOL,
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
}


class DataType(enum.IntEnum):
    """What the value of a metric is; the number is that of its `datatype`."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATE_TIME = 13
    TEXT = 14
    UUID = 15
    DATA_SET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATE_TIME_ARRAY = 34


def _file() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="jellyroll/sparkplug.proto",
        package=_PACKAGE,
        # What the published syntax (proto2) means, but for texts: these must be UTF-8.
        syntax="editions",
        edition=descriptor_pb2.EDITION_2023,
    )
    for message_name, fields in _FIELDS.items():
        message = file.message_type.add(name=message_name)
        for number, name, written in fields:
            kind = written.lstrip("[]|")
            repeated = written.startswith("[]")
            field = message.field.add(
                name=name,
                number=number,
                label=_Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL,
            )
            if kind in _TYPES:
                field.type = _TYPES[kind]
            else:
                field.type = _Field.TYPE_MESSAGE
                field.type_name = f".{_PACKAGE}.{kind}"
            if written.startswith("|"):
                if not message.oneof_decl:
                    message.oneof_decl.add(name="value")
                field.oneof_index = 0
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())


def _class(name: str) -> Any:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


#: The classes have no static types: the runtime makes them when this module is imported.
Payload: Any = _class("Payload")
Metric: Any = _class("Metric")
PropertySet: Any = _class("PropertySet")
PropertyValue: Any = _class("PropertyValue")
