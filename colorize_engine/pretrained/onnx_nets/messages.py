"""Classes of Protocol Buffers messages of which only some fields are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

if TYPE_CHECKING:
    from collections.abc import Mapping

    Messages = Mapping[str, Mapping[str, tuple[int, str]]]


def message_class(messages: Messages, name: str) -> Any:
    """Return the class of a message whose other fields are kept as they are.

    All fields are repeated ones, so that no part of a file with several is overlooked.

    Parameters
    ----------
    messages
        Of each message the fields with their numbers and types: ``text`` (bytes),
        ``number`` or the name of a message.
    name
        Name of the message.
    """
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="known.proto", package="known")
    for title, fields in messages.items():
        message = file.message_type.add(name=title)
        for field, (number, of) in fields.items():
            added = message.field.add(
                name=field, number=number, label=kind.LABEL_REPEATED
            )
            if of == "text":
                added.type = kind.TYPE_BYTES
            elif of == "number":
                added.type = kind.TYPE_INT32
            else:
                added.type, added.type_name = kind.TYPE_MESSAGE, f".known.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"known.{name}"))
